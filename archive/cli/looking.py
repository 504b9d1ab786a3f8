"""Commands that look: show, log, check."""

from __future__ import annotations

import json
import sys

import click
import msgspec

from archive.home import Home
from archive.showing import counted


@click.command()
@click.argument("name")
@click.pass_obj
def show(home: Home, name: str) -> None:
    """Show a record (person/ali-bulman) or an event (E47): what it says, its evidence, its history."""
    from archive import looking

    with home.log() as log:
        store = home.tables(log)
        for text in looking.show(log, store, name):
            click.echo(text)
        store.close()


@click.command()
@click.option("--after", type=int, default=-1, metavar="N", help="Only events after EN.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in full.")
@click.pass_obj
def log(home: Home, after: int, as_json: bool) -> None:
    """List events in the order they were recorded."""
    from archive.showing import line

    with home.log() as events:
        for event in events.read(after + 1):
            if as_json:
                click.echo(json.dumps(msgspec.to_builtins(event), ensure_ascii=False))
            else:
                click.echo(line(event))


@click.command()
@click.option(
    "--settled", is_flag=True, help="List the disputes that are settled, and check nothing."
)
@click.pass_obj
def check(home: Home, *, settled: bool) -> None:
    """Look for what an archivist should mend.

    Spans against the attached texts, references to retracted records, weekdays that do not fit their
    dates, relative dates taken as stated, phrases that an outlet repeats for other months, sources that
    seem to be one page captured twice. Conflicts between sources are listed as notes: they are kept on
    purpose. Leaves with 1 when there is a fault.
    """
    from archive import looking

    with home.log() as events:
        store = home.tables(events)
        results = [] if settled else list(looking.check(events, store))
        disputes = looking.settled(store)
        store.close()
    findings = [result for result in results if not isinstance(result, bool)]
    for finding in disputes if settled else findings:
        click.echo(f"{finding.level}  {finding.check}  {finding.where}: {finding.message}")
    if settled:
        click.echo(f"{counted(len(disputes), 'settled dispute')}")
        return
    verified, unread = results.count(True), results.count(False)
    faults = sum(finding.level == "fault" for finding in findings)
    click.echo(f"{counted(verified, 'span')} verified, {unread} not verifiable without their texts")
    click.echo(f"{counted(faults, 'fault')}, {counted(len(findings) - faults, 'note')}")
    if disputes:
        verb = "is" if len(disputes) == 1 else "are"
        click.echo(
            f"{counted(len(disputes), 'dispute')} {verb} settled: archive check --settled lists them"
        )
    sys.exit(1 if faults else 0)


COMMANDS = (show, log, check)
