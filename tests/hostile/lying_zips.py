"""Zip archives that lie, climb, or burst: of run folders and of torch's own kind."""

import bz2
import lzma
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.containers import in_run_folder, torch_zip, zipped
from tests.hostile.opcodes import EMPTY_DICT, pickled

__all__ = ["lying_zips"]

RUN, TORCH = "mine/checkpoint.safetensors", "archive/data.pkl"
NOTHING = pickled(EMPTY_DICT)
STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
MOST_32, MOST_64 = 2**32 - 1, 2**64 - 1


@dataclass(frozen=True)
class Entry:
    """An entry as a zip states it; what is None is stated truly."""

    name: bytes
    content: bytes = b""
    method: int = STORED
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    packed: int | None = None
    offset: int | None = None
    extra: bytes = b""
    mode: int = 0o100644

    def facts(self) -> bytes:
        """Version, flags, method, date, checksum and sizes: alike in both of an entry's headers."""
        crc = zlib.crc32(self.content) if self.crc is None else self.crc
        size = len(self.content) if self.size is None else self.size
        packed = len(self.content) if self.packed is None else self.packed
        return struct.pack(
            "<HHHHHLLLHH", 45, self.flags, self.method, 0, 33, crc, packed, size, len(self.name), len(self.extra)
        )


def written(entries: Sequence[Entry], *, comment: bytes = b"", **lies: int) -> bytes:
    """A zip of these entries; `lies` replace what its end says: count, length, start."""
    parts: list[bytes] = []
    headers: list[bytes] = []
    place = 0
    for entry in entries:
        if entry.offset is None:
            parts.append(b"PK\3\4" + entry.facts() + entry.name + entry.extra + entry.content)
        start = place if entry.offset is None else entry.offset
        place += 0 if entry.offset is not None else len(parts[-1])
        header = b"PK\1\2" + struct.pack("<H", 0x032D) + entry.facts()
        headers.append(header + struct.pack("<HHHLL", 0, 0, 0, entry.mode << 16, start) + entry.name + entry.extra)
    body, directory = b"".join(parts), b"".join(headers)
    count = lies.get("count", len(entries))
    end = struct.pack(
        "<HHHHLLH", 0, 0, count, count, lies.get("length", len(directory)), lies.get("start", len(body)), len(comment)
    )
    return body + directory + b"PK\5\6" + end + comment


def lying_zips(weights: bytes, marker: Path) -> dict[str, bytes]:
    """Archives by what is wrong with them.

    Arguments:
        weights: a whole safetensors file, for archives that are all right but for one thing.
        marker: where an archive that climbs out of its folder would put a file.
    """
    return (
        _paths(weights, marker)
        | _bombs()
        | _entries(weights)
        | _directories(weights)
        | _torch_archives()
        | _nested(weights)
    )


def _paths(weights: bytes, marker: Path) -> dict[str, bytes]:
    climbing = "../" * 40 + str(marker).lstrip("/")
    names = {
        "climbing": climbing,
        "absolute": str(marker),
        "double-slash": f"//{marker}",
        "drive": f"C:\\{marker}",
        "backslashes": climbing.replace("/", "\\"),
        "share": "\\\\192.0.2.1\\share\\it-ran",
        "device": "CON",
        "line-break": "mine\n/../it-ran",
        "long": "x/" * 20_000,
        "dots": "....//....//it-ran",
    }
    files = {f"path-{name}": zipped([(path, b"x"), (RUN, weights)]) for name, path in names.items()}
    files |= {
        f"weights-{name}": zipped([(f"{path}/checkpoint.safetensors", weights)])
        for name, path in names.items()
        if name in ("climbing", "absolute", "drive")
    }
    files |= {f"torch-{name}": zipped([(TORCH, NOTHING), (path, b"x")]) for name, path in names.items()}
    link = Entry(b"mine/link", str(marker.parent).encode(), mode=0o120777)
    through = Entry(b"mine/link/it-ran", b"x")
    return files | {
        "link-as-weights": zipped([(RUN, b"/etc/passwd")], symlinks=True),
        "link-to-itself": zipped([(RUN, b"checkpoint.safetensors")], symlinks=True),
        "link-and-a-file-behind-it": written([link, through, Entry(RUN.encode(), weights)]),
        "link-as-pickle": zipped([(TORCH, b"/etc/passwd")], symlinks=True),
        "device-file": written([Entry(RUN.encode(), weights, mode=0o060666), Entry(b"mine/pipe", mode=0o010666)]),
        "nul-in-a-name": written([Entry(b"mine/checkpoint.safetensors\0.txt", weights)]),
        "name-no-utf-8": written([Entry(b"\xff\xfe/checkpoint.safetensors", weights, flags=0x800)]),
        "name-empty": written([Entry(b"", weights)]),
    }


def zeros(megabytes: int) -> bytes:
    """So many megabytes of zeros, deflated: the same thousand bytes over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return once * megabytes + b"\3\0"


def _bomb(name: str, megabytes: int, size: int | None = None) -> bytes:
    packed = zeros(megabytes)
    declared = megabytes * 2**20 if size is None else size
    return written([Entry(name.encode(), packed, DEFLATED, crc=0, size=declared)])


def _bombs() -> dict[str, bytes]:
    bzip2, xz = bz2.compress(bytes(9 * 2**20)), lzma.compress(bytes(2**24), lzma.FORMAT_ALONE)
    greedy = b"\x09\x04\x05\x00\x5d" + b"\xff" * 4 + b"\0" * 99  # a dictionary of four gigabytes
    many = zlib.compress(bytes(2**20))[2:-4]
    shared = [Entry(f"mine/{each}".encode(), offset=0, method=DEFLATED, size=2**28, packed=9) for each in range(99)]
    quine = [Entry(f"{each}/model.safetensors".encode(), offset=0, size=1, packed=2**20) for each in range(2000)]
    parts = [Entry(f"archive/data/{each}".encode(), many, DEFLATED, crc=0, size=2**20) for each in range(600)]
    return {
        "bomb-in-a-run": _bomb(RUN, 600),
        "bomb-within-the-limit": _bomb(RUN, 500),
        "bomb-that-says-little": _bomb(RUN, 600, size=999),
        "bomb-that-says-less": _bomb(RUN, 600, size=400 * 2**20),
        "bomb-that-says-more": _bomb(RUN, 1, size=500 * 2**20),
        "bomb-in-torch": _bomb(TORCH, 600),
        "bomb-in-torch-within-the-limit": _bomb(TORCH, 300),
        "bomb-in-torch-that-says-little": _bomb(TORCH, 600, size=999),
        "bomb-of-parts-in-torch": written([Entry(TORCH.encode(), NOTHING), *parts]),
        "bomb-hidden-in-a-run": in_run_folder(_bomb(TORCH, 600)),
        "bomb-hidden-within-the-limit": in_run_folder(_bomb(TORCH, 400)),
        "bomb-bzip2": written([Entry(RUN.encode(), bzip2, BZIP2, size=600 * 2**20)]),
        "bomb-bzip2-that-says-little": written([Entry(RUN.encode(), bzip2, BZIP2, size=16)]),
        "bomb-bzip2-within-the-limit": written([Entry(RUN.encode(), bzip2, BZIP2, size=9 * 2**20)]),
        "bomb-lzma": written([Entry(RUN.encode(), b"\x09\x04\x05\x00" + xz[:5] + xz[13:], LZMA, size=2**24)]),
        "bomb-lzma-dictionary": written([Entry(RUN.encode(), greedy, LZMA, size=2**24)]),
        "bomb-of-one-shared-entry": written([Entry(RUN.encode(), b"x" * 9), *shared]),
        "bomb-overlapping": written([Entry(b"a", zeros(1)), *quine]),
        "bomb-of-entries": written([Entry(f"{each}".encode()) for each in range(20_000)]),
    }


def _entries(weights: bytes) -> dict[str, bytes]:
    run, torch = RUN.encode(), TORCH.encode()
    whole = Entry(run, weights)
    files = {}
    for name, lie in {
        "encrypted": {"flags": 1},
        "strongly-encrypted": {"flags": 0x41},
        "patched": {"flags": 0x20},
        "wrong-checksum": {"crc": 0xDEADBEEF},
        "size-none": {"size": 0},
        "size-most": {"size": MOST_32},
        "size-more": {"size": 10**6},
        "size-less": {"size": 3},
        "packed-none": {"packed": 0},
        "packed-most": {"packed": MOST_32},
        "method-97": {"method": 97},
        "method-99": {"method": 99},
        "method-deflate64": {"method": 9},
        "method-zstd": {"method": 93},
        "not-deflated": {"method": DEFLATED},
        "not-bzip2": {"method": BZIP2},
        "not-lzma": {"method": LZMA},
        "zip64-huge": {"size": MOST_32, "packed": MOST_32, "extra": struct.pack("<HHQQ", 1, 16, 2**63, 2**63)},
        "zip64-short": {"size": MOST_32, "packed": MOST_32, "extra": struct.pack("<HHL", 1, 4, 9)},
        "zip64-none": {"size": MOST_32, "packed": MOST_32},
        "extra-damaged": {"extra": b"\1\0\xff\xff"},
    }.items():
        files[f"entry-{name}"] = written([Entry(run, weights, **lie)])  # type: ignore[arg-type]
        files[f"torch-entry-{name}"] = written([Entry(torch, NOTHING, **lie)])  # type: ignore[arg-type]
    return files | {
        "entry-far-away": written([whole, Entry(b"other", offset=MOST_32 - 1)]),
        "entry-offset-wraps": written([Entry(run, weights), Entry(b"x/model.safetensors", offset=2**31)]),
        "entry-twice": written([whole, whole]),
        "entry-twice-at-one-place": written([whole, Entry(run, weights, offset=0)]),
        "entry-named-otherwise-inside": written([Entry(b"mine/readme", weights), Entry(run, weights, offset=0)]),
        "two-runs": zipped([("a/checkpoint.safetensors", weights), ("b/checkpoint.safetensors", weights)]),
        "two-kinds-of-weights": zipped([("a/checkpoint.safetensors", weights), ("a/model.safetensors", weights)]),
        "run-beside-a-pickle": zipped([(RUN, weights), (TORCH, NOTHING)]),
        "run-without-weights": zipped([("mine/config.json", b"{}")]),
        "run-of-empty-weights": zipped([(RUN, b"")]),
        "run-of-a-folder": zipped([(RUN + "/", b"")]),
        "run-of-text": zipped([(RUN, b"weights go here" * 99)]),
    }


def _directories(weights: bytes) -> dict[str, bytes]:
    entry, end = Entry(RUN.encode(), weights), struct.pack("<LQHHLLQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, 46, 2**63)
    plain = written([entry])
    start = plain.rindex(b"PK\1\2")
    locator = struct.pack("<LLQL", 0x07064B50, 0, len(plain) - 22, 1)
    return {
        "no-entries": written([]),
        "only-an-end": b"PK\5\6" + bytes(18),
        "end-twice": plain + plain[-22:],
        "end-cut": plain[:-1],
        "directory-cut": plain[: start + 20],
        "directory-missing": plain[:start] + plain[-22:],
        "directory-none": plain[:start],
        "count-huge": written([entry], count=65_535),
        "count-none": written([entry], count=0),
        "length-huge": written([entry], length=MOST_32),
        "length-none": written([entry], length=0),
        "start-huge": written([entry], start=MOST_32),
        "start-none": written([entry], start=0),
        "start-beyond": written([entry], start=len(plain) + 99),
        "comment-of-ends": written([entry], comment=b"PK\5\6" * 16_383),
        "comment-of-zips": written([entry], comment=written([Entry(b"other")])),
        "comment-longer-than-said": plain + bytes(65_000),
        "comment-beyond-the-end": plain[:-2] + b"\xff\xff",
        "zip64-end-far-away": plain[:-22] + end + locator + plain[-22:],
        "zip64-locator-alone": plain[:-22] + struct.pack("<LLQL", 0x07064B50, 0, MOST_64, 1) + plain[-22:],
        "other-bytes-before": b"#!/bin/sh\nexit\n" + plain,
        "safetensors-before-a-zip": weights + plain,
        "zip-in-a-safetensors": weights + written([]),
        "png-before-a-zip": b"\x89PNG\r\n\x1a\n" + plain,
        "local-header-broken": b"PK\0\0" + plain[4:],
        "several-disks": plain[:-18] + struct.pack("<HH", 7, 9) + plain[-14:],
    }


def _torch_archives() -> dict[str, bytes]:
    script = b"class M(Module):\n  def forward(self, x):\n    import os; return os.system('true')\n"
    return {
        "pickle-missing": zipped([("archive/version", b"3\n"), ("archive/data/0", bytes(16))]),
        "pickle-empty": torch_zip(b""),
        "pickle-twice": written([Entry(TORCH.encode(), NOTHING), Entry(TORCH.encode(), b"\x80\x02N.")]),
        "pickle-in-two-folders": zipped([("a/data.pkl", NOTHING), ("b/data.pkl", NOTHING)]),
        "pickle-at-the-root": zipped([("data.pkl", NOTHING), ("version", b"3")]),
        "pickle-a-folder": zipped([("archive/data.pkl/", b""), ("archive/version", b"3")]),
        "pickle-deep-down": zipped([("a/" * 500 + "data.pkl", NOTHING)]),
        "pickle-upper-case": zipped([("ARCHIVE/DATA.PKL", NOTHING), ("archive/data.pkl", NOTHING)]),
        "storage-twice": written([Entry(TORCH.encode(), NOTHING), *[Entry(b"archive/data/0", bytes(4))] * 2]),
        "script": torch_zip(
            pickled(b"c__torch__\nM\n)\x81}b"),
            facts={"constants.pkl": pickled(b")"), "code/__torch__.py": script, "code/__torch__.py.debug_pkl": NOTHING},
        ),
        "script-constants-only": torch_zip(NOTHING, facts={"constants.pkl": b"", "code/__torch__.py": b"\xff" * 99}),
        "exported": torch_zip(
            NOTHING, facts={"archive_format": b"pt2", "archive_version": b"0", "models/model.json": b"{}"}
        ),
        "package": zipped([("p/.data/extern_modules", b"os\nsys"), ("p/data.pkl", NOTHING), ("p/.data/version", b"3")]),
        "no-folder-name": zipped([("/data.pkl", NOTHING), ("/version", b"3")]),
        "thousands-of-records": torch_zip(NOTHING, facts={f"data/{each}": b"" for each in range(3000)}),
        "empty-state": torch_zip(NOTHING),
        "distributed": zipped([("__0_0.distcp", NOTHING), (".metadata", NOTHING)]),
    }


def _nested(weights: bytes) -> dict[str, bytes]:
    inner = in_run_folder(weights)
    twice, many = in_run_folder(inner), inner
    for _ in range(30):
        many = in_run_folder(many)
    return {
        "run-in-a-run": twice,
        "run-in-runs": many,
        "zip-in-a-zip": zipped([("mine.zip", inner)]),
        "run-of-an-empty-zip": in_run_folder(written([])),
        "run-of-a-torch-zip": in_run_folder(torch_zip(NOTHING)),
    }
