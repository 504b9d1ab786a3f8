"""The public log as a BagIt 1.0 bag (RFC 8493), which says in two languages how to verify it."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path

from archive.home import Home
from archive.keeping import fixity
from archive.keeping.backup import CannotKeep, synced, told
from archive.keeping.export import EXPORTING, VKEY, Exported, verified, write
from archive.keeping.fixity import read_head
from archive.keeping.folders import make_folder, sync_folder
from archive.rebuilding.scratch import scratch
from archive.trust import stamping
from events.errors import CodecError, EventsError
from events.head import HEAD, KEY, KEYS, Head
from events.log import utc_now

ORGANISATION = "The Powys archive contributors"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PAYLOAD, TAGS = "manifest-sha512.txt", "tagmanifest-sha512.txt"
#: Our own form of a manifest's line, stricter than RFC 8493: one spelling, so that no byte can change.
_LINE = re.compile(r"([0-9a-f]{128})  ([A-Za-z0-9_][A-Za-z0-9_./-]*)")

README_EN = """\
# The log of this archive, in a bag

This folder is a BagIt 1.0 bag (RFC 8493). `log.jsonl` holds every act of recording, one a line, in the order in
which they were recorded: the `envelope`, which never changes, and the `disclosures`, one for each field of what was
recorded. The last line says how many there are, and the Merkle root over all envelopes.

## Are the files whole?

In the folder above this one: `sha512sum --check manifest-sha512.txt tagmanifest-sha512.txt`

## Is it the log?

1. The hash of a line is the SHA-256 of a zero byte and the envelope's bytes. Hash them in pairs up to the root, as
   RFC 6962 says in section 2.1. It must be the root in the last line.
2. `checkpoint`, if it is there, was signed by the archive (C2SP tlog-checkpoint). Over its number of events, the same
   computation must give its root. Compare it with those that you or others have kept: two that disagree prove that
   the past was changed.
   `vkey` is the key it was signed with, as this bag says it is (C2SP signed-note). Whoever forges a bag forges its key,
   too: a key from the same place proves nothing unless you compare it with one from elsewhere, such as a printed
   report, another organisation, or the archive's site. Then give that one: `archive verify . --key '...'`.
   `timestamps`, if it is there, has for some checkpoints what an authority outside says of when they were there
   (RFC 3161): `archive verify . --authority CERTIFICATES.pem`, or
   `openssl ts -verify -in NAME.tsr -data TEXT -CAfile CERTIFICATES.pem`, where TEXT is the checkpoint's first three lines.
3. The SHA-256 of each disclosure, in base64url, must stand in `_sd` of its envelope. Decode the disclosure from
   base64url to read its salt, name and value.
4. Where a digest in `_sd` has no disclosure, the field was withheld or erased. A later event of type `TextRedacted`
   names it and gives the reason. If none does, ask why.

In the folder above, `archive verify .` does all of this, and `archive --home NEW import .` makes an archive of it.
"""

README_CY = """\
# Log yr archif hon, mewn bag

Bag BagIt 1.0 (RFC 8493) yw'r ffolder hon. Mae `log.jsonl` yn dal pob gweithred o gofnodi, un ar bob llinell, yn y
drefn y cawsant eu cofnodi: yr `envelope`, nad yw byth yn newid, a'r `disclosures`, un ar gyfer pob maes o'r hyn a
gofnodwyd. Mae'r llinell olaf yn dweud faint sydd, ac yn rhoi'r gwreiddyn Merkle dros bob `envelope`.

## A yw'r ffeiliau'n gyfan?

Yn y ffolder uwchben hon: `sha512sum --check manifest-sha512.txt tagmanifest-sha512.txt`

## Ai hwn yw'r log?

1. Hash llinell yw SHA-256 beit sero a beitiau'r `envelope`. Cyfunwch nhw fesul pâr hyd at y gwreiddyn, fel y dywed
   RFC 6962 yn adran 2.1. Rhaid iddo fod yr un â'r gwreiddyn yn y llinell olaf.
2. Llofnodwyd `checkpoint`, os yw yno, gan yr archif (C2SP tlog-checkpoint). Dros ei nifer ef o ddigwyddiadau, rhaid
   i'r un cyfrifiad roi ei wreiddyn ef. Cymharwch ef â'r rhai a gadwoch chi neu eraill: mae dau sy'n anghytuno yn
   profi bod y gorffennol wedi'i newid.
   `vkey` yw'r allwedd y'i llofnodwyd â hi, yn ôl y bag hwn (C2SP signed-note). Mae pwy bynnag sy'n ffugio bag yn
   ffugio ei allwedd hefyd: nid yw allwedd o'r un lle yn profi dim oni bai eich bod yn ei chymharu ag un o le arall,
   megis adroddiad printiedig, corff arall, neu safle'r archif. Yna rhowch honno: `archive verify . --key '...'`.
   Mae `timestamps`, os yw yno, yn dal yr hyn a ddywed awdurdod allanol am bryd yr oedd rhai checkpoints yno (RFC 3161):
   `archive verify . --authority CERTIFICATES.pem`, neu `openssl ts -verify -in NAME.tsr -data TEXT -CAfile
   CERTIFICATES.pem`, lle mae TEXT yn dair llinell gyntaf y checkpoint.
3. Rhaid i SHA-256 pob `disclosure`, mewn base64url, sefyll yn `_sd` ei `envelope`. Dadgodiwch y `disclosure` o
   base64url i ddarllen ei halen, ei enw a'i werth.
4. Lle nad oes `disclosure` i ddigest yn `_sd`, cafodd y maes ei atal neu ei ddileu. Mae digwyddiad diweddarach o'r
   math `TextRedacted` yn ei enwi ac yn rhoi'r rheswm. Os nad oes un, gofynnwch pam.

Yn y ffolder uwchben, mae `archive verify .` yn gwneud hyn oll, ac mae `archive --home NEWYDD import .` yn gwneud
archif ohono.
"""


def export_bag(home: Home, folder: Path, *, clock: Callable[[], str] = utc_now) -> Exported:
    """Write the public log of a home as a BagIt 1.0 bag into a new folder, which appears whole or not at all.

    Raises LogDamaged when the log is not what was recorded or signed, CannotKeep when the folder is not
    empty or the disk refuses.
    """
    place = folder.absolute()
    head = home.path / HEAD if (home.path / HEAD).exists() else None
    with told(f"no bag was made in {folder}"):
        if place.exists() and any(place.iterdir()):
            raise CannotKeep(f"{place} is not empty: name a new folder for the bag")
        make_folder(place.parent)
        with scratch(place.parent, EXPORTING) as space:
            bag = space / "bag"
            data = bag / "data"
            data.mkdir(parents=True)
            with home.log() as log:
                done = write(log, data / "log.jsonl", data / "checkpoint", head)
            (data / "README.en.md").write_text(README_EN, encoding="utf-8")
            (data / "README.cy.md").write_text(README_CY, encoding="utf-8")
            (data / "LICENSE").write_text(_licence(), encoding="utf-8")
            if head and (home.path / KEYS / KEY).exists():  # else nobody knows the key here
                (data / VKEY).write_text(f"{Head(home.path).verifier}\n", encoding="utf-8")
            _stamps(home, data / stamping.STAMPS, done)
            if results := "".join(map(fixity.as_line, fixity.history(home))):
                (data / fixity.RESULTS).write_text(results, encoding="utf-8")
            _tag(bag, done, clock()[:10])
            bag.rename(place)
            sync_folder(place.parent)
    return done


def _stamps(home: Home, folder: Path, done: Exported) -> None:
    """Copy the timestamps of heads that are not newer than what is in the bag."""
    for token in sorted((home.path / stamping.STAMPS).glob(f"*{stamping.TOKEN}")):
        note = token.with_suffix(stamping.NOTE)
        if note.exists() and read_head(note).size <= done.size:
            folder.mkdir(exist_ok=True)
            shutil.copyfile(note, folder / note.name)
            shutil.copyfile(token, folder / token.name)


def _licence() -> str:
    """Return the licence: it lies beside the packages, or an installed distribution carries it."""
    beside = Path(__file__).parents[2] / "LICENSE"
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    for found in metadata.distributions(
        name="powys-archive"
    ):  # a checkout's own leftovers may come first
        if text := found.read_text("licenses/LICENSE"):
            return text
    raise CannotKeep("the installation lacks its LICENSE: install powys-archive anew")


def _tag(bag: Path, done: Exported, day: str) -> None:
    """Write the four tag files of a bag whose payload is complete."""
    payload = _sums(bag, (bag / "data").rglob("*"))
    octets = sum((bag / path).stat().st_size for path in payload)
    info = {
        "Source-Organization": ORGANISATION,
        "Contact-Name": ORGANISATION,
        "External-Description": "An append-only log of public records; data/README.en.md tells how to verify it",
        "Bagging-Date": day,
        "External-Identifier": _identifier(done.size, done.root),
        "Payload-Oxum": f"{octets}.{len(payload)}",
    }
    (bag / "bagit.txt").write_bytes(BAGIT)
    lines = [f"{name}: {value}\n" for name, value in info.items()]
    (bag / "bag-info.txt").write_text("".join(lines), encoding="utf-8")
    _write_sums(bag / PAYLOAD, payload)
    _write_sums(bag / TAGS, _sums(bag, bag.glob("*")))
    for path in bag.rglob("*"):
        sync_folder(path) if path.is_dir() else synced(path)
    sync_folder(bag)


def _identifier(size: int, root: str) -> str:
    return f"powys-archive log of {size} events, root {root}"


def _sums(bag: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-512 of those paths that are files, by their path in the bag."""
    files = sorted(path for path in paths if path.is_file())
    return {path.relative_to(bag).as_posix(): _sha512(path) for path in files}


def _write_sums(manifest: Path, sums: dict[str, str]) -> None:
    lines = [f"{digest}  {path}\n" for path, digest in sums.items()]
    manifest.write_text("".join(lines), encoding="ascii")


def _sha512(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def verify_bag(folder: Path) -> list[str]:
    """Return what is wrong with a bag of ours, nothing for one that is complete and valid.

    First every file against its manifests, then the log against its own tree, and against the checkpoint.
    """
    try:
        findings = list(_misfiled(folder))
        if not findings:
            note = folder / "data" / "checkpoint"
            found = verified(folder / "data" / "log.jsonl", note if note.exists() else None)
            if not _says(folder, "External-Identifier", _identifier(found.size, found.root)):
                findings.append("bag-info.txt tells of another log than the one in the bag")
            findings += found.alarms
    except (OSError, EventsError) as error:
        findings = [str(error)]
    return findings


def _misfiled(bag: Path) -> Iterator[str]:
    """Yield every file of a bag that is missing, changed, or in no manifest."""
    if (bag / "bagit.txt").read_bytes() != BAGIT:
        yield "bagit.txt is not that of a BagIt 1.0 bag"
    payload, tags = _listed(bag / PAYLOAD), _listed(bag / TAGS)
    there = {path.relative_to(bag).as_posix() for path in bag.rglob("*") if not path.is_dir()}
    for path in sorted(there - payload.keys() - tags.keys() - {TAGS}):
        yield f"{path} is in no manifest"
    for path in ("bagit.txt", "bag-info.txt", PAYLOAD, "data/log.jsonl"):
        if path not in payload.keys() | tags.keys():
            yield f"{path} is not listed in a manifest"
    for path, digest in (payload | tags).items():
        if path not in there or (bag / path).is_symlink():
            yield f"{path} is missing"
        elif _sha512(bag / path) != digest:
            yield f"{path} is not the file that was put into the bag"
    octets = sum((bag / path).stat().st_size for path in payload if path in there)
    if not _says(bag, "Payload-Oxum", f"{octets}.{len(payload)}"):
        yield "Payload-Oxum in bag-info.txt is not the size of the payload"


def _says(bag: Path, name: str, value: str) -> bool:
    return f"{name}: {value}\n".encode() in (bag / "bag-info.txt").read_bytes()


def _listed(path: Path) -> dict[str, str]:
    """Read a manifest; raise CodecError for a line that is not as we write it."""
    *lines, rest = path.read_bytes().decode("ascii", "replace").split("\n")
    found = [_LINE.fullmatch(line) for line in lines]
    listed = {match[2]: match[1] for match in found if match and ".." not in match[2]}
    if rest or len(listed) != len(lines):
        raise CodecError(f"{path.name} has a line that is not a digest and a path")
    return listed
