"""Commands by which nobody needs to trust us: sign, prove, verify."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from archive.home import Home
from archive.showing import counted
from events.errors import EventsError

_IN = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--new", is_flag=True, help="Make key and head of a log that was never signed.")
@click.option("--origin", help="With --new: name of the log for ever, a URL without its scheme.")
@click.option("--adopt", type=_IN, help="Newest published checkpoint, in the place of a lost head.")
@click.option("--timestamp", metavar="URL", help="Have this RFC 3161 authority stamp the head.")
@click.pass_obj
def sign(
    home: Home, *, new: bool, origin: str | None, adopt: Path | None, timestamp: str | None
) -> None:
    """Sign the log as it stands, and ask the witnesses.

    Every append does this by itself; call it after something stood in the way. The log is signed only when
    it extends what was signed before.

    With --timestamp an authority that others trust says when the head was there; let a timer do that once a
    day. The stamp is kept in the folder timestamps, beside the checkpoint it is of. Where the authority gives
    none, the log is signed all the same, and that is said.
    """
    from archive.trust import signing

    if (new and adopt) or (origin and not new):
        raise click.UsageError("give --new (perhaps with --origin), or --adopt, or neither")
    with home.log() as log:
        if new:
            signing.begin(home, origin or signing.ORIGIN)
        if adopt:
            signing.adopt(home, adopt)
        store = home.tables(log)
        try:
            done = signing.sign(home, log, store)
        finally:
            store.close()
    for line in signing.lacking(home, done):
        click.echo(f"warning: {line}", err=True)
    click.echo(done.note, nl=False)
    click.echo(f"key: {signing.head(home).verifier}", err=True)
    if timestamp:
        from archive.trust import stamping

        try:
            time = stamping.stamp(home, done.note, timestamp)
            click.echo(f"stamped: {time:%Y-%m-%dT%H:%M:%SZ}", err=True)
        except EventsError as error:
            click.echo(f"warning: signed, but not stamped: {error}", err=True)


@click.command()
@click.argument("event")
@click.option("--out", type=_OUT, metavar="FILE", help="Where to write it, instead of the screen.")
@click.pass_obj
def prove(home: Home, event: str, out: Path | None) -> None:
    """Prove that an event is in the log: `archive prove E47 --out E47.json`.

    What is written holds the event as it is public, its place in the log, the signed head, and the keys.
    `archive verify E47.json` checks it, offline and for ever, and needs no archive.
    """
    from archive.trust.verifying import prove as bundle

    text = bundle(home, event)
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="ascii")
    click.echo(f"{out}: the proof of {event}; `archive verify {out}` checks it")


@click.command()
@click.argument("target", required=False)
@click.option("--checkpoint", type=_IN, metavar="FILE", help="A checkpoint that you saved before.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="VKEY",
    help="The log's key as you know it from elsewhere; likewise those of witnesses.",
)
@click.option(
    "--quorum", type=int, default=0, help="How many of these witnesses must have cosigned."
)
@click.option(
    "--authority",
    type=_IN,
    metavar="PEM",
    help="Certificates of a timestamp authority that you trust: demand its stamp.",
)
@click.option("--timestamp", type=_IN, metavar="TSR", help="That stamp, where it is elsewhere.")
@click.option("--save", type=_OUT, metavar="FILE", help="Save the checkpoint, if all is well.")
@click.pass_obj
def verify(
    home: Home,
    *,
    target: str | None,
    checkpoint: Path | None,
    keys: tuple[str, ...],
    quorum: int,
    authority: Path | None,
    timestamp: Path | None,
    save: Path | None,
) -> None:
    """Check a log from outside: of a site, a folder, an archive.db, an export, or a proof.

    \b
      archive verify https://archive.example --save powys.checkpoint
      archive verify https://archive.example --checkpoint powys.checkpoint
    TARGET is a URL, a folder or a file; without it, the home is checked.
    Every entry is hashed anew up to the signed root, every disclosure is compared with its digest, and each
    one that is missing with the act that hid it. Nothing that the server says is taken on trust except,
    unless you give it, its key. Leaves with 1 when there is an alarm; what each means: docs/trust.md.
    """  # noqa: D301 (click wants the real backspace)
    from archive.trust import stamping
    from archive.trust.verifying import Verdict
    from archive.trust.verifying import verify as run
    from events.checkpoint import VerifierKey
    from events.errors import CodecError

    try:
        trusted = [VerifierKey.parse(text.strip()) for text in keys]
    except CodecError as error:
        raise click.BadParameter(str(error), param_hint="--key") from None
    saved = checkpoint.read_text(encoding="utf-8", errors="replace") if checkpoint else None
    if timestamp and not authority:
        raise click.UsageError("--timestamp is checked with the certificates of an --authority")
    verdict = Verdict()
    for finding in run(
        target or str(home.path),
        verdict,
        keys=trusted,
        saved=saved,
        quorum=quorum,
        authority=stamping.authority(authority) if authority else (),
        stamp=timestamp,
    ):
        click.echo(f"{'ALARM' if finding.alarm else 'ok':5}  {finding.code}: {finding.message}")
    click.echo(verdict.line())
    if save and not verdict.alarms and verdict.note:
        save.write_text(verdict.note, encoding="utf-8")
        click.echo(f"{save}: the checkpoint to compare with next time")
    elif save:
        click.echo(f"{counted(verdict.alarms, 'alarm')}: {save} was not written", err=True)
    sys.exit(1 if verdict.alarms else 0)


COMMANDS = (sign, prove, verify)
