"""Write the golden files that are missing: ``python -m tests.events.golden``, from the project's folder.

Each holds one event as its version stored it, for ever. Run this once when a type is added or gets a new
version, read what it wrote, and commit it. What is there is never written again; nor is this part of any
test run.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from events.codec import content_key, seal, version
from events.merkle import leaf_hash
from tests.events.examples import EXAMPLES, salts

AT, BY = "2031-03-06T08:30:00Z", "archivist"


def main() -> None:
    for name, event in EXAMPLES.items():
        path = Path(__file__).parent / f"{name}-v{version(name)}.json"
        if path.exists():
            continue
        envelope, disclosures = seal(event, at=AT, by=BY, salt=salts())
        golden = {
            "type": name,
            "v": version(name),
            "at": AT,
            "by": BY,
            "payload": msgspec.to_builtins(event.payload),
            "evidence": msgspec.to_builtins(event.evidence),
            "content_key": content_key(event),
            "envelope": envelope.decode("ascii"),
            "leaf_hash": leaf_hash(envelope).hex(),
            "disclosures": disclosures,
        }
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(golden, indent=2, ensure_ascii=False) + "\n")
        print("written:", path.name)  # noqa: T201 (what the command is for)


if __name__ == "__main__":
    main()
