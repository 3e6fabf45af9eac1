"""Hand in mutated files for minutes on end: `python -m tests.fuzz_checkpoints --minutes 10`.

Whole files of every format and all hostile ones are cut, spliced and turned, their pickles' opcodes and their
headers changed; all goes through the quarantine as a visitor's file does. What went wrong is kept in a folder.
"""

import argparse
import json
import random
import struct
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path

from tests.hostile.containers import in_run_folder, legacy, torch_zip, zipped
from tests.hostile.door import Door
from tests.hostile.opcodes import long, named, tupled
from tests.hostile_files import hostile_files, whole_files
from tests.patience import allowed

__all__ = ["Fuzzer", "main"]

MOST_SECONDS = 10.0  # twice what a quiet machine may take: others use its processors too
MOST_MEMORY = 10**9
LARGEST = 300_000  # bytes of a file to start from; larger ones only take longer
NUMBERS = (0, 1, -1, 2, 5, 127, 128, 255, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**63)
DTYPES = ("F64", "F32", "F16", "BF16", "I64", "U8", "BOOL", "C64", "F8_E5M2", "F4", "F6_E2M3", "X", "")
GLOBALS = (
    ("os", "system"),
    ("builtins", "eval"),
    ("collections", "OrderedDict"),
    ("torch", "FloatStorage"),
    ("torch", "Size"),
    ("torch", "device"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_sparse_tensor"),
    ("torch._utils", "_rebuild_nested_tensor"),
    ("_codecs", "encode"),
    ("__builtin__", "bytearray"),
)
OPCODES = tuple(
    bytes([each]) for each in b"(.0129}])tebuasRNQhqjrJKMXcio\x80\x81\x85\x86\x87\x88\x89\x8a\x8f\x90\x93\x95"
)


class Fuzzer:
    """Mutates whole and hostile files and hands them in, always the same under one seed.

    Attributes:
        faults: what went wrong, with the file that brought it about.
    """

    def __init__(self, door: Door, seed: int, hostile: Iterable[bytes]) -> None:
        self.door = door
        self.tried = self.read = self.refused = self.restarts = 0
        self.slowest, self.peak = 0.0, 0
        self.faults: list[tuple[str, bytes]] = []
        self._most = allowed(MOST_SECONDS)
        self._chance = random.Random(seed)
        self._whole = list(whole_files().values())
        self._hostile = [content for content in hostile if 0 < len(content) < LARGEST]

    def step(self) -> None:
        """Make one file and hand it in."""
        content = self._mutated()
        self.tried += 1
        try:
            outcome = self.door.upload(content)
        except Exception as error:
            self.faults.append((f"{type(error).__name__}: {error}"[:300], content))
            return
        self.read += not outcome.sentence
        self.refused += bool(outcome.sentence)
        self.restarts += outcome.restarted
        self.slowest, self.peak = max(self.slowest, outcome.seconds), max(self.peak, outcome.peak)
        wrong = {
            outcome.complaint(self.door.folder): outcome.complaint(self.door.folder) != "",
            "its server died": outcome.restarted,
            f"{outcome.seconds:.1f} s": outcome.seconds > self._most,
            f"{outcome.peak / 1e6:.0f} MB": outcome.peak > MOST_MEMORY,
            f"left {[path.name for path in self.door.traces()]}": any(self.door.traces()),
        }
        self.faults += [(f"{each}: {outcome.sentence}", content) for each, found in wrong.items() if found]

    def report(self) -> str:
        """The figures so far, in a line."""
        return (
            f"{self.tried} files: {self.read} read, {self.refused} refused, {len(self.faults)} faults; "
            f"slowest {self.slowest:.2f} s of processor time, most memory {self.peak / 1e6:.0f} MB, "
            f"{self.restarts} restarts of the server"
        )

    def _mutated(self) -> bytes:
        whole = self._chance.random() < 0.6
        content = self._chance.choice(self._whole if whole else self._hostile)
        for _ in range(self._chance.choice((1, 1, 1, 2, 3, 8))):
            content = self._chance.choice(MUTATIONS)(self._chance, content) or b"\0"
        return content


def _flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 9))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content))]


def _splice(chance: random.Random, content: bytes) -> bytes:
    """Remove, double or move a piece, or put noise in its place."""
    start = chance.randrange(len(content))
    end = min(len(content), start + chance.choice((1, 4, 8, 40, 400)))
    piece, place = content[start:end], chance.randrange(len(content))
    return chance.choice(
        (
            content[:start] + content[end:],
            content[:end] + piece * chance.choice((1, 3, 100)) + content[end:],
            content[:place] + piece + content[place:],
            content[:start] + chance.randbytes(end - start) + content[end:],
        )
    )


def _number(chance: random.Random, content: bytes) -> bytes:
    """Write a number that often breaks things over some bytes."""
    form = chance.choice("BHIQ")
    packed = struct.pack(f"<{form}", chance.choice(NUMBERS) % 2 ** (8 * struct.calcsize(form)))
    place = chance.randrange(len(content))
    return content[:place] + packed + content[place + len(packed) :]


def _zip_field(chance: random.Random, content: bytes) -> bytes:
    """Write such a number into one of a zip's own headers."""
    marks = [mark for mark in (b"PK\3\4", b"PK\1\2", b"PK\5\6") if mark in content]
    if not marks:
        return _number(chance, content)
    mark = chance.choice(marks)
    places = [place for place in range(len(content)) if content.startswith(mark, place)]
    place = chance.choice(places) + chance.randrange(4, 46, 2)
    packed = struct.pack("<I", chance.choice(NUMBERS) % 2**32)[: chance.choice((2, 4))]
    return content[:place] + packed + content[place + len(packed) :]


def _header(chance: random.Random, content: bytes) -> bytes:
    """Change the header of a safetensors file, alone or in a run's zip; of another file, its pickle."""
    inner = _entry_of(content, "checkpoint.safetensors")
    if inner is not None:
        return (
            in_run_folder(_header(chance, inner))
            if inner[8:9] == b"{"
            else in_run_folder(_flip(chance, inner or b"\0"))
        )
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + length])
        name = chance.choice(list(header))
    except (ValueError, RecursionError, IndexError, TypeError):
        return _program(chance, content)
    entry = header[name]
    if isinstance(entry, dict) and "shape" in entry and chance.random() < 0.8:
        match chance.choice(("dtype", "shape", "axes", "data_offsets", "drop")):
            case "dtype":
                entry["dtype"] = chance.choice(DTYPES)
            case "drop":
                entry.pop(chance.choice(list(entry)))
            case "axes":
                entry["shape"] = [1] * chance.choice((0, 1, 3, 64, 65)) + entry["shape"]
            case field if isinstance(entry[field], list) and entry[field]:
                entry[field][chance.randrange(len(entry[field]))] = chance.choice(NUMBERS)
    else:
        header[chance.choice(("__metadata__", name, "a\nb", "", "x" * 999))] = chance.choice(
            (entry, None, [], "x", 3, {"family": "vae", "config": "{}", "step": "9" * 20}, {"a": entry})
        )
    text = json.dumps(header).encode()
    said = len(text) if chance.random() < 0.9 else chance.choice(NUMBERS) % 2**64
    return struct.pack("<Q", said) + text + content[8 + length :]


def _program(chance: random.Random, content: bytes) -> bytes:
    """Change the pickle in a torch file and put the file together again."""
    pickle = _entry_of(content, "data.pkl")
    if pickle is not None:
        changed, records = _opcodes(chance, pickle), _entries(content)
        return zipped([(name, changed if name.endswith("data.pkl") else each) for name, each in records])
    start = content.find(b"\x80\x02}")
    if start < 0:
        return _opcodes(chance, content)
    end = content.find(b"u.", start) + 2 or len(content)
    changed = _opcodes(chance, content[start:end])
    return chance.choice((content[:start] + changed + content[end:], legacy(changed), torch_zip(changed)))


def _opcodes(chance: random.Random, pickle: bytes) -> bytes:
    """Put opcodes, numbers, names and lengths where others were."""
    place = chance.randrange(len(pickle) + 1)
    inserted = chance.choice(
        (
            chance.choice(OPCODES),
            b"".join(chance.choices(OPCODES, k=8)),
            long(chance.choice(NUMBERS)),
            named(*chance.choice(GLOBALS)),
            named(*chance.choice(GLOBALS)) + tupled("touch it-ran") + b"R",
            tupled(*chance.choices(NUMBERS, k=3)),
            b"h" + bytes([chance.randrange(40)]),
        )
    )
    numbers = [at for at in range(len(pickle)) if pickle[at : at + 1] in (b"K", b"M", b"J")]
    if numbers and chance.random() < 0.5:
        place = chance.choice(numbers)
        inserted = long(chance.choice(NUMBERS))
        return pickle[:place] + inserted + pickle[place + {75: 2, 77: 3, 74: 5}[pickle[place]] :]
    return pickle[:place] + inserted + pickle[place + chance.choice((0, 0, 1, len(inserted))) :]


def _entries(content: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            small = [entry for entry in archive.infolist() if entry.file_size < LARGEST and not entry.flag_bits & 0x61]
            return [(entry.filename, archive.read(entry)) for entry in small[:100]]
    except Exception:  # hostile ones may fail in any way
        return []


def _entry_of(content: bytes, name: str) -> bytes | None:
    return next((each for path, each in _entries(content) if path.endswith(name)), None)


MUTATIONS: Sequence[Callable[[random.Random, bytes], bytes]] = (
    _flip,
    _cut,
    _splice,
    _number,
    _zip_field,
    _header,
    _header,
    _program,
    _program,
)


def main() -> int:
    """Fuzz for some minutes, say how it goes every minute; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    faults = Path(tempfile.mkdtemp(prefix="elbo-lab-faults-"))
    with tempfile.TemporaryDirectory(prefix="elbo-lab-fuzz-") as folder, Door(Path(folder)) as door:
        fuzzer = Fuzzer(door, chosen.seed, [content for _, content in hostile_files(door.marker, door.bait)])
        end = time.monotonic() + 60 * chosen.minutes
        spoken, kept = time.monotonic(), 0
        while time.monotonic() < end:
            fuzzer.step()
            for what, content in fuzzer.faults[kept:]:
                (faults / f"{kept}").write_bytes(content)
                _say(f"fault, kept as {faults / str(kept)}: {what}")
                kept += 1
            if time.monotonic() - spoken > 60:
                spoken = time.monotonic()
                _say(fuzzer.report())
        _say(fuzzer.report())
    return 1 if fuzzer.faults else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
