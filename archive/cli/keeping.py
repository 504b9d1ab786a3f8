"""Commands that keep: backup, restore, export, import, fixity."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from archive.cli.running import progress
from archive.home import Home
from archive.showing import counted

_OUT = click.Path(path_type=Path)
_IN = click.Path(exists=True, path_type=Path)
_head = click.option(
    "--head",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A head or checkpoint that the log must extend, e.g. saved from the public site.",
)

#: A head is never brought back, for an older one could fork the log.
_UNSIGNED = (
    "It has no signed head yet, and takes nothing in before a person decides: `archive sign --adopt FILE`, with the"
    " log's keys in the folder keys and the newest published checkpoint; or `archive sign --new`, only for a log that"
    " was never signed, or that goes on under another name"
)


@click.command()
@click.argument("dir", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def backup(home: Home, dir: Path) -> None:
    """Copy the log into DIR, verify the copy, and keep it beside the older ones.

    The site and archivists go on meanwhile. Every hash of the copy is computed anew before it gets its
    name, log-<events>-<root>.db, and a manifest beside it; take both to another machine. It is private: it
    holds the texts of sources. The head and the keys are not in it; keep a copy of the keys elsewhere, and
    never one of the head.

    A backup made before an erasure still holds what was erased: where the law demands it, delete it once
    there is a newer one. What restores it erases again.
    """
    from archive.keeping import fixity
    from archive.keeping.backup import backup as make
    from events.log import utc_now

    made = make(home, dir)
    manifest, checks = made.manifest, {"log": ""} | ({"head": ""} if made.head is not None else {})
    result = fixity.Result(utc_now(), "backup", manifest.size, manifest.root, checks)
    fixity.record(home, result)
    click.echo(
        f"{made.path}: {counted(manifest.size, 'event')}, root {manifest.root}; "
        + ("verified" if made.new else "nothing new, verified again")
        + ("" if made.head is not None else "; there is no head to compare with")
    )
    _sound(made.alarms)


@click.command()
@click.argument("backup", type=_IN)
@click.option("--to", type=click.Path(path_type=Path), metavar="HOME", help="New, empty home.")
@click.option("--check", is_flag=True, help="Try it out, print one line, and leave nothing behind.")
@_head
@click.pass_obj
def restore(home: Home, backup: Path, to: Path | None, check: bool, head: Path | None) -> None:
    """Make a new home of a backup (of the newest, when BACKUP is a folder).

    The copy is verified, compared with the head, erasures are repeated, and the tables made anew. Without
    --to the home itself is filled, which must be empty. When no head is named, that of the old home is
    used. It is not brought back, for an older head could fork the log: bring the keys into the new home
    yourself, and adopt the newest head there is (`archive sign --adopt FILE`). Until then nothing can be
    signed there, and so nothing recorded; only where nothing was ever signed, `archive sign --new` begins.

    --check does all of this beside the home and throws it away: let a timer run it, for what counts of a
    backup is the way back. It leaves with 1 when the backup would not do.
    """
    from archive.keeping import fixity
    from archive.keeping.restoring import restore as bring_back
    from events.head import HEAD
    from events.log import utc_now

    if check and to:
        raise click.UsageError("--check leaves nothing behind, so it takes no --to")
    old = home.path / HEAD
    head = head or (old if old.exists() else None)
    with progress("folding") as report:
        done = bring_back(backup, Home(to) if to else home, head=head, check=check, progress=report)
    if check and home.exists:
        checks = {"log": "", "tables": ""} | ({"head": ""} if head else {})
        fixity.record(home, fixity.Result(utc_now(), "restore", done.size, done.root, checks))
    click.echo(f"{'good' if check else to or home.path}: {done.line()}")
    if not check:
        click.echo(_UNSIGNED, err=True)


@click.command()
@click.argument("target", type=_OUT)
@click.option("--bag", is_flag=True, help="Make a BagIt 1.0 bag: TARGET is its new folder.")
@click.option(
    "--datapackage",
    is_flag=True,
    help="Write the tables, not the log: CSV files with the meaning of each column (Frictionless), the SQLite"
    " file, and who held which office (Popolo). TARGET is the new folder.",
)
@click.pass_obj
def export(home: Home, target: Path, bag: bool, datapackage: bool) -> None:
    """Write the public log into the file TARGET, an event a line.

    Nothing that was withheld or erased is in it, nor any text of a source, so it can be given to
    everybody; its root is that of the log all the same. With a head, its checkpoint is written beside it, and
    the key it was signed with: that proves nothing by itself, so publish the key where people trust you, too.
    A bag also has checksums, the licence, the timestamps, and says in English and Welsh how to verify it.
    """
    from archive.keeping.bags import export_bag
    from archive.keeping.export import export_lines
    from archive.trust import signing
    from events.head import HEAD, KEY, KEYS

    if bag and datapackage:
        raise click.UsageError("a bag is of the log and a data package of the tables: choose one")
    if datapackage:
        return _export_tables(home, target)
    if bag:
        done = export_bag(home, target)
    else:
        head = home.path / HEAD
        with home.log() as log:
            # Where both are here, but cannot be read, it is refused: nobody would miss the key that is not there.
            known = head.exists() and (home.path / KEYS / KEY).exists()
            done = export_lines(
                log,
                target,
                head=head if head.exists() else None,
                vkey=str(signing.head(home).verifier) if known else None,
            )
    _sound(done.alarms)
    signed = "not signed" if done.head is None else f"{done.head} of them signed"
    click.echo(f"{target}: {counted(done.size, 'event')} ({signed}), root {done.root}")
    return None


def _export_tables(home: Home, target: Path) -> None:
    from archive.keeping.datapackage import export_package

    with home.log() as log, progress("folding") as report:
        home.tables(log, report).close()
    done = export_package(home.tables_path, target)
    click.echo(
        f"{target}: {counted(done.tables, 'table')} with {counted(done.rows, 'row')}, made from"
        f" {counted(done.events, 'event')}"
    )


@click.command("import")
@click.argument("file", type=_IN)
@_head
@click.pass_obj
def import_(home: Home, file: Path, head: Path | None) -> None:
    """Make an archive of an exported log in an empty home. FILE may be the folder of a bag.

    Every event is compared with its hash, and all of them with the root they came with. What had been left
    out of the export is missing, as after an erasure; texts can be attached again. Keys and head are never in
    an export: before anything is recorded, `archive sign --adopt FILE` with the log's own key goes on with the
    log, or `archive sign --new --origin NAME` begins one of another name.
    """
    from archive.keeping.importing import import_lines

    done = import_lines(file, home, head=head)
    with home.log() as log, progress("folding") as report:
        home.tables(log, report).close()
    _sound(done.alarms)
    lost = f"; {counted(done.missing, 'acknowledged event')} missing" if done.missing else ""
    click.echo(f"{home.path}: {counted(done.size, 'event')}, root {done.root}{lost}")
    click.echo(_UNSIGNED, err=True)


@click.command()
@click.pass_obj
def fixity(home: Home) -> None:
    """Check that everything is still what it was, and keep the result.

    Every hash of the log is computed anew, and compared with the signed head; texts with the digests they
    were captured with; the tables with the log. The dated result goes into fixity.jsonl, and is public.
    Run it daily. Leaves with 1 when something is wrong; what to do is said.
    """
    from archive.keeping import fixity as checking

    result = checking.run(home)
    checking.record(home, result)
    if not (result.checks["log"] or result.checks["tables"]):  # else they need a person first
        with home.log() as log:
            home.tables(log).close()
    for name, fault in result.checks.items():
        click.echo(f"{'FAULT' if fault else 'good':5}  {name}{f': {fault}' if fault else ''}")
    click.echo(f"{result.at}: {counted(result.size, 'event')}, root {result.root}")
    sys.exit(1 if result.faults else 0)


def _sound(alarms: Iterable[str]) -> None:
    for alarm in alarms:
        click.echo(f"alarm: {alarm}", err=True)


COMMANDS = (backup, restore, export, import_, fixity)
