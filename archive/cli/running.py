"""Commands that make, build and serve an archive."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from archive.home import Home
from archive.keeping import bundle


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal while something takes long; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def ensure(home: Home) -> None:
    """Make the archive from the bundled collection on first use."""
    if not home.exists:
        from archive.trust import signing

        count = home.create(*bundle.load())
        signing.begin(home)
        click.echo(f"made {home.path} from the bundled collection: {count} events", err=True)


@click.command()
@click.option(
    "--empty", is_flag=True, help="Start with an empty log instead of the bundled collection."
)
@click.option(
    "--origin",
    help="Name of the log for ever: a URL without its scheme.",
    default=None,
    show_default="archive.powys.example/log",
)
@click.pass_obj
def init(home: Home, empty: bool, origin: str | None) -> None:
    """Make an archive in the home folder, with a key of its own, and sign its log.

    The bundled collection is copied byte for byte and checked against its Merkle root. Keep a copy of the
    folder `keys` in a safe place; never one of the file `head`.
    """
    from archive.trust import signing
    from events.head import HEAD, HeadMissing

    signing.check_origin(origin or signing.ORIGIN)
    if home.exists and not (home.path / HEAD).exists():
        raise HeadMissing(
            f"{home.path} holds an archive already, without a signed head; if `archive init` was interrupted,"
            " `archive sign --new` completes it"
        )
    count = home.create() if empty else home.create(*bundle.load())
    keeper = signing.begin(home, origin or signing.ORIGIN)
    with home.log() as log, progress("folding") as report:
        store = home.tables(log, report)
        signing.sign(home, log, store)
        store.close()
    click.echo(f"{home.path}: an archive with {count} events")
    click.echo(
        f"Its log is signed with the key {keeper.verifier}; publish that where people trust you"
    )


@click.command()
@click.option("--rebuild", is_flag=True, help="Make all tables anew from the first event.")
@click.option(
    "--as-of",
    metavar="EVENT|TIME",
    help="The archive as it stood: E47, 2026-11-22 or 2026-11-22T12:00:00Z (UTC). Needs --to.",
)
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False), help="The new file for --as-of."
)
@click.pass_obj
def build(home: Home, rebuild: bool, as_of: str | None, to: Path | None) -> None:
    """Bring the tables up to the log.

    They follow by themselves; this is for the day somebody lost or damaged archive.db. With --as-of, make the
    tables of the past in a file of their own, which must not exist: what was withheld or erased since is not in
    them either.
    """
    from archive import projector
    from archive.rebuilding import asof

    if (as_of is None) != (to is None) or (rebuild and to):
        raise click.UsageError("--as-of and --to belong together, without --rebuild")
    with home.log() as log, progress("folding") as report:
        if as_of is not None and to is not None:
            size = asof.size_at(log, as_of)
            applied = asof.build(log, to, size, report, live=home.tables_path)
        elif rebuild or not home.tables_path.exists():
            applied = home.rebuild(log, report)
        else:
            store = home.tables(log)
            applied = projector.catch_up(log, store, report)
            store.close()
    click.echo(f"{applied.events} events folded into {applied.records} records")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port of pages and feeds.")
@click.option("--data-port", default=8001, show_default=True, help="Port of Datasette.")
@click.pass_obj
def serve(home: Home, host: str, port: int, data_port: int) -> None:
    """Serve pages, feeds and Datasette, following the log.

    Makes the archive from the bundled collection on first use. With the address of a WebSub hub in ARCHIVE_HUB it
    tells that hub of what is new. Stop it with Ctrl-C.
    """
    from archive.serve import serve as run

    ensure(home)
    sys.exit(run(home, host=host, port=port, data_port=data_port, echo=click.echo))


FIRST = (init,)
LAST = (build, serve)
