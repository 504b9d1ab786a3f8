"""Commands that record: append, amend, retract, attach."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from archive import batches
from archive.admitting.admission import Admission, Draft
from archive.cli.running import progress
from archive.home import Home
from archive.recording import attach as attach_text
from archive.recording import read_text, record
from archive.showing import counted, describe
from events.codec import strict_json
from events.errors import CodecError
from events.vocabulary import REASONS

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_reason = click.option(
    "--reason", type=click.Choice(REASONS), required=True, help="Why, in one word."
)
_despite = click.option(
    "--despite-removal", is_flag=True, help="Record also what was withheld or erased before."
)
_note = click.option("--note", required=True, help="Why, in a sentence that will be published.")


@click.command()
@click.argument(
    "paths",
    metavar="FILE...",
    type=click.Path(exists=True, path_type=Path),
    nargs=-1,
    required=True,
)
@click.option("--text", "texts", type=_FILE, multiple=True, help="Text of a source of these files.")
@_despite
@click.option("--dry-run", is_flag=True, help="Show what would be recorded, and record nothing.")
@click.pass_obj
def append(
    home: Home,
    *,
    paths: tuple[Path, ...],
    texts: tuple[Path, ...],
    despite_removal: bool,
    dry_run: bool,
) -> None:
    """Record the events of batch files, all of all files or none.

    Of a folder, all files *.yaml in it and below are read, in the order of their paths; each file may
    build on those before it. What is recorded already is passed over, so the same file can be appended
    again after more was written into it. What was withheld or erased since is refused, and the act
    named. `docs/batches.md` tells how to write a file.
    """
    files = _files(paths)
    several = len(files) > 1
    read = [batches.read(path, str(path) if several else "") for path in files]
    if problems := [problem for batch in read for problem in batch.problems]:
        _refuse(problems)
    _record(
        home,
        [draft for batch in read for draft in batch.drafts],
        dict(map(read_text, texts)),
        dry_run=dry_run,
        despite=despite_removal,
        files=[str(path) for path in files] if several else [],
    )


def _files(paths: Iterable[Path]) -> list[Path]:
    """Return batch files, each once: those named, and of a folder all below it."""
    found: dict[Path, Path] = {}
    for path in paths:
        inside = sorted(filter(Path.is_file, path.rglob("*.yaml"))) if path.is_dir() else [path]
        if not inside:
            raise click.UsageError(f"there is no file *.yaml in {path}")
        for file in inside:
            found.setdefault(file.resolve(), file)
    return list(found.values())


@click.command()
@click.argument("event")
@click.argument("path")
@click.argument("value", required=False)
@click.option("--remove", is_flag=True, help="Remove the field instead of giving it a value.")
@_reason
@_note
@click.option("--source", help="Source of the better knowledge, e.g. source/minutes-2018-01-16.")
@click.option(
    "--words", help="Words of that source that prove it; they must occur once in its text."
)
@click.option(
    "--span", type=(int, int), metavar="START END", help="Where in that source it stands."
)
@_despite
@click.option("--dry-run", is_flag=True, help="Show what would be recorded, and record nothing.")
@click.pass_obj
def amend(
    home: Home,
    *,
    event: str,
    path: str,
    value: str | None,
    remove: bool,
    reason: str,
    note: str,
    source: str | None,
    words: str | None,
    span: tuple[int, int] | None,
    despite_removal: bool,
    dry_run: bool,
) -> None:
    """Correct one field of an event: archive amend E47 /name "Right Name".

    PATH is a JSON pointer into the event, as `archive show E47` prints it. VALUE is text; begin it with
    { or [ to give a whole date, e.g. '{"edtf": "2018-04", "basis": "stated"}'. The event itself stays as
    it is: the correction is a new event, with the old value in it.
    """
    if (value is None) != remove:
        raise click.UsageError("give a VALUE, or --remove")
    before = _now(home, event, path)
    change = {"path": path, "from": before, "to": _value(value)}
    payload = {"target": event, "changes": [change], "reason": reason, "note": note}
    if (words or span) and not source:
        raise click.UsageError("--words and --span are of a --source")
    proof = {"source": source, "words": words, "span": span}
    evidence = [{name: part for name, part in proof.items() if part}] if source else []
    draft = Draft("RecordAmended", payload, evidence, _command_line)
    _record_one(home, draft, dry_run=dry_run, despite=despite_removal)


@click.command()
@click.argument("event")
@_reason
@_note
@click.option("--replaced-by", metavar="ID", help="Slug of the record that takes its place.")
@click.option("--dry-run", is_flag=True, help="Show what would be recorded, and record nothing.")
@click.pass_obj
def retract(
    home: Home, *, event: str, reason: str, note: str, replaced_by: str | None, dry_run: bool
) -> None:
    """Take an event out of force: archive retract E47.

    It stays in the log and in the record's history. Retract the retraction to restore it.
    """
    payload = {"target": event, "reason": reason, "note": note}
    if replaced_by:
        payload["replaced_by"] = replaced_by
    _record_one(home, Draft("RecordRetracted", payload, [], _command_line), dry_run=dry_run)


@click.command()
@click.argument("source")
@click.argument("file", type=_FILE)
@click.pass_obj
def attach(home: Home, source: str, file: Path) -> None:
    """Keep the private text of a source, so that `archive check` can verify every span.

    The file's SHA-256 must be the one the source was captured with. The text is never published.
    """
    chars = attach_text(home, source, file)
    click.echo(f"{source}: text of {chars} characters attached")


def _record_one(home: Home, draft: Draft, *, dry_run: bool, despite: bool = False) -> None:
    """Record what somebody just typed: it is meant anew, even if the same was recorded before."""
    _record(home, [draft], {}, dry_run=dry_run, anew=True, despite=despite)


def _value(text: str | None) -> Any:
    if text is None or text[:1] not in ("{", "["):
        return text
    try:
        return strict_json(text)
    except CodecError as error:
        raise click.BadParameter(str(error), param_hint="VALUE") from None


def _now(home: Home, event: str, path: str) -> Any:
    """Return the value in force that an amendment is to replace."""
    from archive.looking import current_content
    from events.codec import at, has

    with home.log() as log:
        store = home.tables(log)
        try:
            content = current_content(log, store, event)
        finally:
            store.close()
    return at(content, path) if has(content, path) else None


def _command_line(_pointer: str) -> str:
    return "command line"


def _record(
    home: Home,
    drafts: list[Draft],
    texts: dict[str, str],
    *,
    dry_run: bool,
    anew: bool = False,
    despite: bool = False,
    files: Sequence[str] = (),
) -> None:
    with progress("folding") as report:
        done = record(
            home, drafts, texts, dry_run=dry_run, anew=anew, despite=despite, progress=report
        )
    if done.admission.problems:
        _refuse(done.admission.problems)
    _report(done.admission, done.seqs, files, dry_run=dry_run)
    if done.unsigned:
        click.echo(f"warning: {done.unsigned}", err=True)


def _refuse(problems: list[Any]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)
    click.echo(f"{counted(len(problems), 'problem')}: nothing was recorded", err=True)
    sys.exit(1)


def _report(admission: Admission, seqs: list[int], files: Sequence[str], *, dry_run: bool) -> None:
    """Tell what was recorded: of one file each event, of several ``files`` one line each."""
    for file in files:
        _report_file(file, admission, seqs, dry_run=dry_run)
    for number, event in enumerate(() if files else admission.events):
        name = "would be" if dry_run else f"E{seqs[number]}"
        click.echo(f"{name}  {describe(event)}")
    if admission.recorded and not files:
        names = ", ".join(f"E{seq}" for _, seq in admission.recorded[:5])
        more = ", …" if len(admission.recorded) > 5 else ""
        click.echo(f"{counted(len(admission.recorded), 'event')} recorded before ({names}{more})")
    verb = "would be recorded" if dry_run else "recorded"
    of = f"{counted(len(files), 'file')}: " if files else ""
    click.echo(f"{of}{counted(len(admission.events), 'event')} {verb}")


def _report_file(file: str, admission: Admission, seqs: list[int], *, dry_run: bool) -> None:
    places = [place for place, draft in enumerate(admission.drafts) if draft.file == file]
    said = [f"{counted(len(places), 'event')} {'would be recorded' if dry_run else 'recorded'}"]
    if places and not dry_run:
        ends = dict.fromkeys(f"E{seqs[place]}" for place in (places[0], places[-1]))
        said[0] += f" ({' to '.join(ends)})"
    if before := sum(draft.file == file for draft, _ in admission.recorded):
        said.append(f"{before} recorded before")
    click.echo(f"{file}: {', '.join(said)}")


COMMANDS = (append, amend, retract, attach)
