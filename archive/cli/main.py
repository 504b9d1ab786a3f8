"""The group of commands, what they share, and how errors reach a person."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

import click

from archive.home import Home
from events.errors import EventsError, OutcomeUnknown

#: Nothing was changed because something is wrong; 3: it is unknown whether it was stored.
FAILED, UNKNOWN = 1, 3


class Commands(click.Group):
    """A group that lists its commands in the order of use and turns our errors into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the commands in the order they were added."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print an error as one sentence and leave with its exit code."""
        try:
            return super().invoke(ctx)
        except OutcomeUnknown as error:
            click.echo(f"unknown: {error}", err=True)
            sys.exit(UNKNOWN)
        except EventsError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(FAILED)
        except (sqlite3.Error, UnicodeDecodeError) as error:  # damage garbles even its messages
            click.echo(
                f"error: the database says: {error}. If archive.db is damaged, `archive build --rebuild`"
                " makes it anew from the log",
                err=True,
            )
            sys.exit(FAILED)
        except BrokenPipeError:  # `archive log | head` is no error
            sys.stderr.close()
            sys.exit(0)
        except OSError as error:
            click.echo(f"error: the system says: {error}; give the same command again", err=True)
            sys.exit(FAILED)


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ARCHIVE_HOME",
    default=Path("data"),
    show_default="./data",
    show_envvar=True,
    help="Folder of the archive.",
)
@click.version_option(package_name="powys-archive", prog_name="archive")
@click.pass_context
def main(ctx: click.Context, home: Path) -> None:
    """Keep and publish an archive of public records.

    What a source states is appended to a log as an immutable event. Tables, feeds and pages are folded
    from the log. A correction is a new event: nothing is ever overwritten.

    \b
    A first look:
      archive serve                      everything on http://127.0.0.1:8000
    An archivist's day:
      archive append article.yaml --text article.txt --dry-run
      archive append article.yaml --text article.txt
      archive show person/ali-bulman
      archive amend E47 /name "Right Name" --reason source-error --note "Misprint"

    Exit codes: 0 done, 1 refused and nothing changed, 2 wrong usage, 3 unknown whether it was stored
    (repeat the command).
    """  # noqa: D301 (click wants the real backspace)
    ctx.obj = Home(home)


from archive.cli import forgetting, keeping, looking, proving, publishing, recording, running  # noqa: E402  (they add themselves to the group)

for command in (
    *running.FIRST,
    *recording.COMMANDS,
    *looking.COMMANDS,
    *forgetting.COMMANDS,
    *proving.COMMANDS,
    *keeping.COMMANDS,
    *running.LAST,
    *publishing.COMMANDS,
):
    main.add_command(command)
