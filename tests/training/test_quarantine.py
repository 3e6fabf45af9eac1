"""Strangers' files: none runs code, kills its reader's server, or writes anywhere; each gets one clear sentence."""

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.vae import FAMILY, VAEConfig
from training.checkpoints import load_checkpoint
from training.errors import UserError
from training.quarantine import Quarantine

STATE = FAMILY.fresh(VAEConfig(z=5, hidden=(11, 13), pixels=16), seed=0).state_dict()


@pytest.fixture(scope="module")
def quarantine() -> Iterator[Quarantine]:
    opened = Quarantine()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _nothing_else_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    assert {path.name for path in tmp_path.iterdir()} <= {"file", "clean.safetensors", "run.zip", "runs"}


def read(quarantine: Quarantine, folder: Path, content: bytes) -> str:
    """What becomes of a file: empty if it was read, else the sentence."""
    (folder / "file").write_bytes(content)
    out = folder / "clean.safetensors"
    out.unlink(missing_ok=True)
    try:
        quarantine.read(folder / "file", "mine.pt", out)
    except UserError as error:
        assert not out.exists()
        return str(error)
    assert out.exists()
    return ""


def saved(content: Any, *, old: bool = False) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not old)
    return buffer.getvalue()


WHOLE = {"new": saved(STATE), "old": saved(STATE, old=True), "safetensors": safetensors.torch.save(STATE)}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_file_keeps_its_numbers(quarantine: Quarantine, tmp_path: Path, kind: str) -> None:
    assert read(quarantine, tmp_path, WHOLE[kind]) == ""
    loaded = load_checkpoint(tmp_path / "clean.safetensors")
    assert all(torch.equal(value, STATE[name]) for name, value in loaded.state.items())


def test_a_zipped_run_folder_is_read_and_so_is_what_it_says_of_itself(quarantine: Quarantine, tmp_path: Path) -> None:
    weights = safetensors.torch.save(STATE, metadata={"family": "vae", "step": "7"})
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mine/config.json", "{}")
        archive.writestr("mine/checkpoint.safetensors", weights)
    assert read(quarantine, tmp_path, zipped.getvalue()) == ""
    assert load_checkpoint(tmp_path / "clean.safetensors").step == 7


def damaged() -> Iterator[tuple[str, bytes]]:
    """Each kind of file cut off at 24 places, and with a bit flipped at 40."""
    noise = np.random.default_rng(0)
    for kind, content in WHOLE.items():
        cuts = {*range(0, 40, 5), *np.linspace(40, len(content) - 1, 16, dtype=int).tolist()}
        yield from ((f"{kind}-cut-{place}", content[:place]) for place in sorted(cuts))
        for place in sorted(noise.choice(min(len(content), 3000), 40, replace=False).tolist()):
            flipped = bytearray(content)
            flipped[place] ^= 1 << int(noise.integers(8))
            yield f"{kind}-flip-{place}", bytes(flipped)


def test_damaged_files_are_read_or_one_sentence_each(quarantine: Quarantine, tmp_path: Path) -> None:
    files = dict(damaged())
    assert len(files) >= 190
    for name, content in files.items():
        sentence = read(quarantine, tmp_path, content)
        assert sentence == "" or (sentence.startswith("mine.pt ") and sentence.endswith(".")), (name, sentence)
        assert "-cut-" not in name or sentence, name


class Runs:
    """Unpickled, it calls a function."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


def attacks(marker: Path) -> dict[str, Any]:
    """Objects that would leave a file behind if their pickles were believed."""
    import functools
    import runpy
    import subprocess

    nested: list[Any] = [Runs(os.system, f"touch {marker}")]
    for _ in range(100):
        nested = [nested]
    touch = f"open({str(marker)!r}, 'w').close()"
    return {
        "system": Runs(os.system, f"touch {marker}"),
        "eval": Runs(eval, touch),
        "exec": Runs(exec, touch),
        "open": Runs(open, str(marker), "w"),
        "popen": Runs(subprocess.Popen, ["touch", str(marker)]),
        "partial": Runs(functools.partial, os.system, f"touch {marker}"),
        "path": Runs(Path.touch, marker),
        "runpy": Runs(runpy.run_path, str(marker)),
        "load": Runs(torch.load, str(marker)),
        "numpy": np.array([Runs(os.system, f"touch {marker}")], dtype=object),
        "beside": {**STATE, "extra": Runs(os.system, f"touch {marker}")},
        "module": torch.nn.Linear(3, 2),
        "set": {"a", "b"},
        "nested": nested,
    }


def containers(content: Any) -> Iterator[bytes]:
    """The same object as a bare pickle of every protocol, and inside both of torch's formats."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.dumps(content, protocol)
    yield saved(content)
    yield saved(content, old=True)


def test_no_pickle_runs_code(quarantine: Quarantine, tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    for name, content in attacks(marker).items():
        for container in containers(content):
            assert "mine.pt " in read(quarantine, tmp_path, container), name
            assert not marker.exists(), name


def header(shapes: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(shapes).encode()
    return struct.pack("<Q", len(text)) + text + body


def zipped(*entries: tuple[str, bytes], symlink: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if symlink else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def rebuilt(shape: tuple[int, ...], stride: tuple[int, ...]) -> bytes:
    """A state_dict with a tensor whose pickle declares this shape over a storage of four numbers."""
    buffer = io.BytesIO(saved({"enc.net.0.weight": torch.zeros(2, 2)}))
    with zipfile.ZipFile(buffer) as archive:
        entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]

    def number(value: int) -> bytes:
        return pickle.dumps(value, 2)[2:-1]

    declared = b"".join(map(number, shape)) + b"\x86", b"".join(map(number, stride)) + b"\x86"
    plain = number(2) * 2 + b"\x86", number(2) + number(1) + b"\x86"
    return zipped(
        *(
            (name, content.replace(plain[0], declared[0], 1).replace(plain[1], declared[1], 1))
            if name.endswith("data.pkl")
            else (name, content)
            for name, content in entries
        )
    )


def bomb(name: str, *others: tuple[str, bytes]) -> bytes:
    """A zip in which an entry declares to be far larger than its 7,777 bytes."""
    declared = struct.pack("<L", 600 * 2**20)
    return zipped(*others, (name, bytes(7777))).replace(struct.pack("<L", 7777), declared)


def array(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


F32 = {"dtype": "F32"}
HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "zeros": bytes(4096),
    "text": b"enc.net.0.weight",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "deep list": pickle.dumps(0)[:2] + b"]" * 100_000 + b"a" * 99_999 + b".",
    "deep tuple": b"\x80\x02)" + b"\x85" * 200_000 + b".",
    "endless memo": b"\x80\x02]q\x00h\x00a.",
    "huge string": b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"x",
    "huge frame": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b".",
    "number": saved(3.5),
    "list": saved([1, 2]),
    "no tensors": saved({"epoch": 3}),
    "object array": array(np.array([{}], dtype=object)),
    "safetensors, huge header": struct.pack("<Q", 2**63) + b"{" + bytes(99),
    "safetensors, header beyond the end": struct.pack("<Q", 10_000) + b"{}",
    "safetensors, no json": struct.pack("<Q", 20) + b"{" + b"x" * 30,
    "safetensors, huge shape": header({"a": F32 | {"shape": [2**40, 2**40], "data_offsets": [0, 4]}}, bytes(4)),
    "safetensors, overflowing shape": header({"a": F32 | {"shape": [2**32, 2**32], "data_offsets": [0, 0]}}),
    "safetensors, negative shape": header({"a": F32 | {"shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
    "safetensors, offsets beyond the end": header({"a": F32 | {"shape": [9], "data_offsets": [0, 36]}}, bytes(4)),
    "safetensors, overlap": header({n: F32 | {"shape": [1], "data_offsets": [0, 4]} for n in "ab"}, bytes(4)),
    "safetensors, unknown type": header({"a": {"dtype": "Q9", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
    "safetensors, deep json": struct.pack("<Q", 200_001) + b"{" + b'"a":[' * 40_000 + b"{",
    "zip, nothing in it": zipped(),
    "zip of a bomb": bomb("mine/checkpoint.safetensors"),
    "zip, two runs": zipped(("a/checkpoint.safetensors", b"x"), ("b/checkpoint.safetensors", b"x")),
    "zip, climbing": zipped(("../../checkpoint.safetensors", WHOLE["safetensors"][:50])),
    "zip, a link": zipped(("mine/checkpoint.safetensors", b"/etc/passwd"), symlink=True),
    "zip, a torch bomb": bomb("archive/data/0", ("archive/data.pkl", b"\x80\x02}.")),
    "zip, a long pickle": zipped(("archive/data.pkl", b"\x80\x02" + b"]0" * 2**20 + b"."), ("archive/version", b"3")),
    "negative stride": rebuilt((2, 2), (-2, 1)),
    "stride beyond the storage": rebuilt((2, 2), (2**40, 1)),
    "shape beyond the storage": rebuilt((2**20, 2**20), (2, 1)),
    "shape of one number, repeated": rebuilt((2**20, 2**20), (0, 0)),
    "negative shape": rebuilt((-2, 2), (2, 1)),
    "complex": saved({"a": torch.zeros(2, dtype=torch.complex64).to_sparse()}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_sentence(quarantine: Quarantine, tmp_path: Path, name: str) -> None:
    sentence = read(quarantine, tmp_path, HOSTILE[name])
    if not sentence:  # some hold nothing that any model has: that is found out when their tensors are looked at
        with pytest.raises(UserError):
            load_checkpoint(tmp_path / "clean.safetensors")
    else:
        assert sentence.startswith("mine.pt ")
        assert sentence.endswith(".")


def test_zero_dimensional_and_foreign_tensors_do_no_harm(quarantine: Quarantine, tmp_path: Path) -> None:
    extras = {"loss": torch.tensor(3.5), "steps": torch.tensor(7), "spare": torch.eye(3).to_sparse()}
    assert read(quarantine, tmp_path, saved({**STATE, **extras})) == ""
    assert load_checkpoint(tmp_path / "clean.safetensors").ignored == ("loss", "steps")


def test_a_reader_that_dies_is_replaced(quarantine: Quarantine, tmp_path: Path) -> None:
    assert read(quarantine, tmp_path, WHOLE["new"]) == ""
    server: Any = quarantine._server
    server.kill()
    server.wait()
    assert read(quarantine, tmp_path, WHOLE["new"]) == ""


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(WHOLE)), st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=9)), max_size=4))
def test_any_splice_is_read_or_one_sentence(
    quarantine: Quarantine, tmp_path: Path, kind: str, splices: list[tuple[int, bytes]]
) -> None:
    content = bytearray(WHOLE[kind])
    for place, piece in splices:
        place %= len(content)
        content[place : place + len(piece)] = piece
    sentence = read(quarantine, tmp_path, bytes(content))
    assert sentence == "" or sentence.endswith(".")
