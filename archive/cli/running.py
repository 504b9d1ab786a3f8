"""Commands that make, build and serve an archive."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from archive import bundle
from archive.home import Home


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
        from archive import signing

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
    from archive import signing

    signing.check_origin(origin or signing.ORIGIN)
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
@click.pass_obj
def build(home: Home, rebuild: bool) -> None:
    """Bring the tables up to the log.

    They follow by themselves; this is for the day somebody lost or damaged archive.db.
    """
    from archive import projector

    with home.log() as log, progress("folding") as report:
        if rebuild or not home.tables_path.exists():
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

    Makes the archive from the bundled collection on first use. Stop it with Ctrl-C.
    """
    from archive.serve import serve as run

    ensure(home)
    sys.exit(run(home, host=host, port=port, data_port=data_port, echo=click.echo))


FIRST = (init,)
LAST = (build, serve)
