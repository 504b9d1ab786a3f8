"""What a disk may hold after the power failed: file operations recorded with strace, and played to any point.

What POSIX promises and no more: data is durable after fsync or fdatasync of its file, a name after fsync of its
folder. Before that each write may be there, be missing, or be there in part, sector by sector; each change of a
folder likewise, except that a rename is one change. A file made anew under an old name is another inode.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

ROOT = Path(__file__).parents[2]
SECTOR = 512
#: Everything that changes a file or a folder, and what is needed to know which.
CALLS = (
    "openat,open,creat,close,write,pwrite64,writev,pwritev,lseek,truncate,ftruncate,fallocate,fsync,fdatasync,"
    "sync_file_range,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,"
    "sendfile,copy_file_range,dup,dup2,dup3"
)
_LINE = re.compile(r"(\d+)\s+(\w+)\((.*)\)\s+=\s+(-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
#: How an unfinished state is chosen: all that was written, only what was synced, or anything between.
Kept = Literal["all", "none", "some", "ordered"]
_KEPT: tuple[Kept, ...] = ("all", "none", "some", "ordered")


class Op(NamedTuple):
    """One recorded operation; paths are relative to the folder that is watched."""

    name: Literal["make", "write", "trunc", "sync", "link", "unlink", "rename", "folder", "mark"]
    path: str = ""
    other: str = ""
    at: int = 0
    data: bytes = b""


def record(folder: Path, words: Sequence[str], trace: Path) -> list[Op]:
    """Run a Python module under strace; return what it did in a folder, and the lines it said as marks.

    Raises AssertionError for a call that this model does not know, so that nothing is passed over.
    """
    subprocess.run(
        ["strace", "-f", "-qq", "-y", "-xx", "-s", "10000000", "-o", str(trace), "-e", f"trace={CALLS}",
         sys.executable, "-m", *words],
        check=True, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=110,
    )  # fmt: skip
    with trace.open(encoding="ascii") as lines:
        return list(_Reader(folder).ops(lines))


@dataclass
class _Open:
    """An open file: its path in the folder, where the next write goes, and whether that is its end."""

    path: str
    at: int = 0
    append: bool = False
    reads: bool = False


class _Reader:
    """Turns lines of strace into operations on one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.open: dict[tuple[str, int], _Open] = {}
        self.disk = Disk.of(folder)

    def ops(self, lines: Iterator[str]) -> Iterator[Op]:
        for line in lines:
            assert "unfinished ..." not in line, "one thread at a time is recorded"
            match = _LINE.match(line)
            if match and not match[4].startswith("-"):
                for op in self._ops(match[1], match[2], match[3], int(match[4])):
                    self.disk.apply(op)
                    yield op

    def _ops(self, pid: str, call: str, arguments: str, result: int) -> Iterator[Op]:
        paths = [self._path(call, arguments, number) for number in (0, 1)]
        handle = (pid, int(match[0])) if (match := re.match(r"\d+", arguments)) else (pid, -1)
        file = self.open.get(handle)
        match call:
            case "openat" | "open" | "creat":
                yield from self._opened(pid, paths[0], arguments, result)
            case "close":
                self.open.pop(handle, None)
            case "dup" | "dup2" | "dup3":
                assert file is None, "a file of the folder is not duplicated"
            case "lseek":
                if file:
                    file.at = result
            case "write" if handle[1] == 1:
                yield Op("mark", data=self._data(arguments))
            case "write" | "pwrite64" if file:
                data = self._data(arguments)[:result]
                at = int(arguments.rsplit(",", 1)[1]) if call == "pwrite64" else file.at
                if call == "write":
                    assert not file.reads or file.append, "where it writes is not known"
                    at = self.disk.size(file.path) if file.append else at
                    file.at = at + result
                yield Op("write", file.path, at=at, data=data)
            case "sendfile" if file:
                source, offset = self._source(arguments)
                data = source[offset : offset + result]
                assert len(data) == result
                yield Op("write", file.path, at=file.at, data=data)
                file.at += result
            case "ftruncate" if file:
                yield Op("trunc", file.path, at=int(arguments.rsplit(",", 1)[1]))
            case "fsync" | "fdatasync" if file:
                yield Op("sync", file.path)
            case "mkdir" | "mkdirat" if paths[0] is not None:
                yield Op("folder", paths[0])
            case "unlink" | "rmdir" | "unlinkat" if paths[0] is not None:
                yield Op("unlink", paths[0])
            case "rename" | "renameat" | "renameat2" if paths[0] is not None:
                assert paths[1] is not None, "nothing leaves the folder"
                yield Op("rename", paths[0], paths[1])
            case "link" | "linkat" if paths[1] is not None:
                assert paths[0] is not None
                yield Op("link", paths[0], paths[1])
            case _:
                known = file is None and not any(path is not None for path in paths)
                assert known, f"not modelled: {call}({arguments[:200]})"

    def _opened(self, pid: str, path: str | None, arguments: str, result: int) -> Iterator[Op]:
        if path is None:
            return
        flags = set(re.findall(r"O_[A-Z]+", arguments))
        if "O_TMPFILE" in flags:  # it has no name, so nobody finds it after the power failed
            return
        if "O_CREAT" in flags and not self.disk.exists(path):
            yield Op("make", path)
        elif "O_TRUNC" in flags and self.disk.size(path):
            yield Op("trunc", path)
        self.open[pid, result] = _Open(path, 0, "O_APPEND" in flags, "O_RDWR" in flags)

    def _path(self, call: str, arguments: str, number: int) -> str | None:
        """Return the path that a call names, relative to the folder; None for one that is elsewhere."""
        if call in ("write", "pwrite64"):
            return None
        found = list(_TEXT.finditer(arguments))
        if number >= len(found):
            return None
        path = bytes.fromhex(found[number][1].replace("\\x", "")).decode("utf-8", "replace")
        before = re.search(r"<((?:\\x[0-9a-f]{2})*)>, $", arguments[: found[number].start()])
        if before and not path.startswith("/"):
            path = bytes.fromhex(before[1].replace("\\x", "")).decode() + "/" + path
        if path == self.folder:
            return ""
        return (
            os.path.normpath(path[len(self.folder) + 1 :])
            if path.startswith(self.folder + "/")
            else None
        )

    def _source(self, arguments: str) -> tuple[bytes, int]:
        """Return the bytes of the file that sendfile reads, as they are at this moment, and where it begins."""
        match = re.match(r"\d+<[^>]*>, \d+<((?:\\x[0-9a-f]{2})*)>, (?:\[(\d+)\]|(\d+))", arguments)
        assert match, arguments
        path = bytes.fromhex(match[1].replace("\\x", "")).decode()
        assert path.startswith(self.folder + "/"), path
        return self.disk.read(path[len(self.folder) + 1 :]), int(match[2] or match[3])

    def _data(self, arguments: str) -> bytes:
        found = _TEXT.search(arguments)
        assert found, arguments[:200]
        assert not found[2], "all bytes are in the trace"
        return bytes.fromhex(found[1].replace("\\x", ""))


@dataclass
class _Inode:
    """A file or a folder: what is durable of it, and what was done since its last fsync, in order."""

    kind: Literal["file", "folder"] = "file"
    data: bytearray = field(default_factory=bytearray)
    names: dict[str, int] = field(default_factory=dict)
    pending: list[tuple[int, Op | dict[str, int | None]]] = field(default_factory=list)


class Disk:
    """A folder and everything below it: as programs see it, and what of that is durable."""

    def __init__(self) -> None:
        self.inodes = {0: _Inode("folder")}
        #: What programs see: names of each folder, bytes of each file.
        self.seen: dict[int, dict[str, int]] = {0: {}}
        self.bytes: dict[int, bytearray] = {}
        self.renames: dict[int, int] = {}
        self.marks: list[str] = []
        self._next = itertools.count(1)
        self._clock = itertools.count()

    @classmethod
    def of(cls, folder: Path) -> Disk:
        """Read a folder whose contents are all durable."""
        disk = cls()
        for path in sorted(folder.rglob("*")):
            place = path.relative_to(folder).as_posix()
            disk.apply(Op("folder" if path.is_dir() else "make", place))
            if path.is_file():
                disk.apply(Op("write", place, data=path.read_bytes()))
        for inode in disk.inodes.values():
            disk._flush(inode)
        return disk

    def exists(self, path: str) -> bool:
        try:
            self._find(path)
        except KeyError:
            return False
        return True

    def size(self, path: str) -> int:
        return len(self.bytes.get(self._find(path), b""))

    def read(self, path: str) -> bytes:
        return bytes(self.bytes[self._find(path)])

    def apply(self, op: Op) -> None:
        """Do one operation: programs see it at once, and it is durable after a sync."""
        match op.name:
            case "mark":
                self.marks += op.data.decode().splitlines()
            case "make" | "folder":
                number = next(self._next)
                self.inodes[number] = _Inode("folder" if op.name == "folder" else "file")
                if op.name == "folder":
                    self.seen[number] = {}
                else:
                    self.bytes[number] = bytearray()
                self._name((op.path, number))
            case "link":
                self._name((op.other, self._find(op.path)))
            case "unlink":
                self._name((op.path, None))
            case "rename":
                self._name((op.path, None), (op.other, self._find(op.path)))
            case "write" | "trunc":
                number = self._find(op.path)
                _put(self.bytes[number], op, None)
                self.inodes[number].pending.append((next(self._clock), op))
            case "sync":
                self._flush(self.inodes[self._find(op.path)])

    def crash(self, random: Random, kept: Kept) -> dict[str, bytes | None]:
        """Return a state in which the disk may be found: files by their paths, None for folders."""
        names = {
            number: self._names(inode, random, kept)
            for number, inode in self.inodes.items()
            if inode.kind == "folder"
        }
        self._whole_renames(names)
        data: dict[int, bytes] = {}
        found: dict[str, bytes | None] = {}
        todo = [("", 0)]
        for place, number in todo:  # grows by what is below
            for name, child in names[number].items():
                path = f"{place}{name}"
                if child in names:
                    found[path] = None
                    todo.append((f"{path}/", child))
                else:
                    if child not in data:
                        data[child] = _content(self.inodes[child], random, kept)
                    found[path] = data[child]
        return found

    def _names(self, inode: _Inode, random: Random, kept: Kept) -> dict[str, int]:
        names = dict(inode.names)
        changes = [change for _, change in inode.pending if isinstance(change, dict)]
        if kept == "none":
            changes = []
        elif kept == "ordered":
            changes = changes[: random.randint(0, len(changes))]
        elif kept == "some":
            changes = [change for change in changes if random.random() < 0.5]
        for change in changes:
            _rename(names, change)
        return names

    def _whole_renames(self, names: dict[int, dict[str, int]]) -> None:
        """Let what went from one folder to another be in one of them, never in none."""
        for child, source in self.renames.items():
            if not any(child in folder.values() for folder in names.values()):
                old = self.inodes[source].names
                names[source].update({name: one for name, one in old.items() if one == child})

    def _find(self, path: str) -> int:
        number = 0
        for name in filter(None, path.split("/")):
            number = self.seen[number][name]
        return number

    def _name(self, *changes: tuple[str, int | None]) -> None:
        """Change names; those of one folder are one change."""
        folders: dict[int, dict[str, int | None]] = {}
        for path, number in changes:
            head, _, name = path.rpartition("/")
            folders.setdefault(self._find(head), {})[name] = number
        if len(folders) == 2:
            source, _ = folders
            (moved,) = (number for _, number in changes if number is not None)
            self.renames[moved] = source
        moment = next(self._clock)
        for folder, change in folders.items():
            _rename(self.seen[folder], change)
            self.inodes[folder].pending.append((moment, change))

    def _flush(self, inode: _Inode) -> None:
        for _, op in inode.pending:
            if isinstance(op, dict):
                _rename(inode.names, op)
            else:
                _put(inode.data, op, None)
        inode.pending.clear()


def _rename(names: dict[str, int], change: dict[str, int | None]) -> None:
    for name, number in change.items():
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number


def _content(inode: _Inode, random: Random, kept: Kept) -> bytes:
    data = bytearray(inode.data)
    for _, op in inode.pending if kept != "none" else ():
        assert isinstance(op, Op)
        if kept == "all":
            _put(data, op, None)
        elif random.random() < 0.6:
            _put(data, op, random if random.random() < 0.5 else None)
    return bytes(data)


def _put(data: bytearray, op: Op, torn: Random | None) -> None:
    """Write, or truncate; ``torn`` decides for each sector of a write whether it is there."""
    if op.name == "trunc":
        del data[op.at :]
        data.extend(bytes(op.at - len(data)))
        return
    at = op.at
    while at < op.at + len(op.data):
        # Sectors are those of the disk: a write that begins inside of one ends with it.
        end = min((at // SECTOR + 1) * SECTOR, op.at + len(op.data))
        if torn is None or torn.random() < 0.7:
            data.extend(bytes(max(0, at - len(data))))
            data[at:end] = op.data[at - op.at : end - op.at]
        at = end


def lay_out(state: dict[str, bytes | None], folder: Path) -> None:
    """Put a state into an empty folder; only the owner may read it, as keys must be kept."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, data in state.items():
        if data is None:
            (folder / path).mkdir(mode=0o700)
        else:
            (folder / path).write_bytes(data)
            (folder / path).chmod(0o600)


def crashes(
    disk: Disk, ops: Sequence[Op], seed: int, states: int
) -> Iterator[tuple[str, list[str], dict[str, bytes | None]]]:
    """Yield about so many states, spread over all operations by the seed: where, the marks so far, the state.

    Of each operation that is chosen the first state has all that was written, the second only what was synced.
    """
    steps = [Op("mark"), *ops]
    each = max(4, -(-states // len(steps)))
    chosen = Random(seed).sample(range(len(steps) * each), min(states, len(steps) * each))
    samples: defaultdict[int, list[int]] = defaultdict(list)
    for one in sorted(chosen):
        samples[one // each].append(one % each)
    for number, op in enumerate(steps):
        disk.apply(op)
        for sample in samples[number]:
            kept = _KEPT[sample] if sample < len(_KEPT) else _KEPT[2 + sample % 2]
            random = Random(f"{seed}/{number}/{sample}")
            where = f"after operation {number} ({op.name} {op.path} {op.other}), {kept}, sample {sample}"
            yield where, list(disk.marks), disk.crash(random, kept)
