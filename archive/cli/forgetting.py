"""Commands that withhold, release and erase, and the second key that the last two need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archive.cli.running import progress
from archive.home import Home
from archive.showing import counted
from events.vocabulary import BASES

if TYPE_CHECKING:
    from archive.forgetting import Kind, Plan

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _shared(command: _Command) -> _Command:
    """Give a command what all three acts take."""
    for option in (
        click.option("--yes", is_flag=True, help="Do not ask whether the list is right."),
        click.option(
            "--review-on", metavar="DAY", help="When to look at it again, e.g. 2027-01-31."
        ),
        click.option("--authority", help="On whose authority; published, so no private names."),
        click.option(
            "--reason", type=click.Choice(BASES), required=True, help="Why, in one word; published."
        ),
        click.argument("path", required=False),
        click.argument("what"),
    ):
        command = option(command)
    return command


_second = click.option(
    "--second", type=_FILE, required=True, metavar="KEYFILE", help="The second person's key."
)
_passphrase = click.option(
    "--passphrase-file", type=_FILE, help="File with the key's passphrase; else it is asked for."
)


@click.command()
@_shared
@click.pass_obj
def withhold(home: Home, /, **options: Any) -> None:
    """Take an event, a field of it, or a record out of all that is published, at once.

    WHAT is an event (E47), with PATH for one field of it (/gist), or a record (person/nia-prys): then all
    events about it, and every field of others that names it. Corrections that repeat what goes go, too.

    The log keeps it, and `archive release` brings it back. The act itself is public: number, reason and day.
    """
    _act(home, "withheld", **options)


@click.command()
@_shared
@_second
@_passphrase
@click.pass_obj
def release(home: Home, /, **options: Any) -> None:
    """Show again what was withheld; needs a second person's key.

    WHAT and PATH are as for `archive withhold`.
    """
    _act(home, "released", **options)


@click.command()
@_shared
@_second
@_passphrase
@click.pass_obj
def erase(home: Home, /, **options: Any) -> None:
    """Destroy an event's words for ever; needs a second person's key.

    WHAT and PATH are as for `archive withhold`; `archive erase source/NAME body` destroys the private text
    of a source. The act is recorded first and the words destroyed second, so that neither a crash nor an old
    copy of the log brings them back. Every proof over the log stays valid. Where it was interrupted, the same
    command finishes it.

    Not reached: backups made before (delete them), copies others downloaded, batch files on this disk.
    """
    _act(home, "erased", **options)


@click.command("second-key")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_passphrase
@click.pass_obj
def second_key(home: Home, name: str, file: Path, passphrase_file: Path | None) -> None:
    """Make the key by which a second person, NAME, confirms what is released or erased.

    The second person runs this, chooses the passphrase, and keeps FILE away from the archive. Only its
    public half stays here, in keys/second.pub.
    """
    from archive.trust import second

    passphrase = _passphrase_of(passphrase_file, new=True)
    second.create(home, name, file, passphrase)
    click.echo(f"{file}: the second key of {name}; keep it elsewhere than the archive")


def _act(
    home: Home,
    kind: Kind,
    *,
    what: str,
    path: str | None,
    reason: str,
    authority: str | None,
    review_on: str | None,
    yes: bool,
    second: Path | None = None,
    passphrase_file: Path | None = None,
) -> None:
    from archive import forgetting
    from archive.trust.erased import Erased

    confirmed = None
    with home.log() as log:
        try:
            planned = forgetting.plan(log, kind, what, path, Erased(home.path))
        except forgetting.NothingLeft as nothing:
            unsigned = forgetting.finish(home, log, kind)  # perhaps it was interrupted
            if not isinstance(nothing, forgetting.AlreadyErased):
                raise
            click.echo(f"it is done already: {nothing}")
            if unsigned:
                click.echo(f"warning: {unsigned}", err=True)
            return
        _show(planned, kind)
        if not yes:
            click.confirm("Is that right?", abort=True)
        if second:
            confirmed = forgetting.Second(second, _passphrase_of(passphrase_file))
        why = forgetting.Why(reason, authority, review_on)
        with progress("folding") as report:
            done = forgetting.act(
                home, log, kind, planned.parts, why, confirmed=confirmed, progress=report
            )
    for seq, part in zip(done.seqs, planned.parts, strict=True):
        click.echo(f"E{seq}  {kind}  {part}")
    if done.unsigned:
        click.echo(f"warning: {done.unsigned}", err=True)


def _show(planned: Plan, kind: str) -> None:
    click.echo(f"{counted(len(planned.parts), 'event')} would be {kind} or in part so:")
    for part in planned.parts:
        click.echo(f"  {part}")
    for place in planned.mentioned:
        click.echo(f"  note: its name stands in the words of {place}, which stay")


def _passphrase_of(file: Path | None, *, new: bool = False) -> bytes:
    if file is not None:
        text = file.read_text(encoding="utf-8").rstrip("\n")
    else:
        text = click.prompt(
            "Passphrase of the second key", hide_input=True, confirmation_prompt=new
        )
    if not text:
        raise click.UsageError("the passphrase must not be empty")
    return str(text).encode()


COMMANDS = (withhold, release, erase, second_key)
