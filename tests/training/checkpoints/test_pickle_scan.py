"""What a pickle would make, read from its opcodes alone."""

import argparse
import collections
import datetime
import functools
import io
import os
import pickle
import struct
import subprocess
import types
from collections.abc import Callable
from enum import Enum
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from training.checkpoints.pickle_scan import is_optimiser, shown, what_was_pickled

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Runs:
    """Unpickled, it calls a function."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


class Colour(Enum):
    red = 1


class Student(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(7, 5), nn.ELU())
        self.act = nn.functional.elu
        self.sampler = functools.partial(torch.normal, 0.0)
        self.own = self.forward
        self.colour, self.made = Colour.red, datetime.datetime(2024, 1, 1)
        self.mean = np.float64(3.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.enc(x))


def said(content: object, protocol: int = 2) -> str | None:
    return what_was_pickled(pickle.dumps(content, protocol), "mine.pt")


def saved(content: object, *, zipped: bool) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


ATTACKS: dict[str, Any] = {
    "posix.system|nt.system": Runs(os.system, "true"),
    "builtins.eval": Runs(eval, "1"),
    "builtins.exec": Runs(exec, "1"),
    "io.open|_io.open": Runs(open, "/dev/null"),
    "subprocess.Popen": Runs(subprocess.Popen, ["true"]),
    "posix.system": Runs(functools.partial, os.system, "true"),
    "torch.hub.load": Runs(torch.hub.load, "x"),
    "numpy.load": Runs(np.load, "x"),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("named", ATTACKS)
def test_what_would_run_is_named(named: str, protocol: int) -> None:
    sentence = said({"enc.net.0.weight": 1, "extra": [ATTACKS[named]]}, protocol)
    assert sentence is not None
    assert sentence.startswith("mine.pt asks to run ")
    assert sentence.endswith(" when it is opened: do not open it with torch.load, and do not trust it.")
    assert any(name in sentence for name in named.split("|")), sentence


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "2018"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_whole_module_differs_from_what_runs(zipped: bool, wrapped: bool) -> None:
    content = {"args": argparse.Namespace(z=10), "net": Student()} if wrapped else Student()
    sentence = what_was_pickled(saved(content, zipped=zipped), "mine.pt")
    assert sentence is not None
    assert sentence.startswith("mine.pt is a whole pickled module (")
    assert "Student)" in sentence


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "content",
    [
        {"a", "b"},
        argparse.Namespace(z=10),
        collections.OrderedDict(a=np.float32(1.5)),
        collections.defaultdict(list),
        [np.arange(3), np.random.default_rng(0).bit_generator.state],
        Colour.red,
        types.SimpleNamespace(z=10),
        (datetime.date(2024, 1, 1), PurePosixPath("a"), 3j, b"bytes", range(3), 2**70, None, True, 1.5),
        torch.zeros(3).dtype,
    ],
    ids=lambda content: type(content).__name__,
)
def test_plain_objects_are_not_accused(content: object, protocol: int) -> None:
    assert said(content, protocol) is None


def test_an_optimiser_that_cannot_be_read_as_tensors() -> None:
    content = {"state": {}, "param_groups": [{"lr": np.float64(0.001), "owner": argparse.Namespace()}]}
    assert "is an optimiser's state" in (said(content) or "")
    assert is_optimiser({"state": {}, "param_groups": []})
    assert not is_optimiser({"state": {}})
    assert not is_optimiser([1])


def test_names_are_cut_and_printable() -> None:
    hostile = b"\x80\x04\x8c\x02os\x8c\xc8" + b"\x1b[2J" + b"x" * 196 + b"\x93)R."
    sentence = what_was_pickled(hostile, "mine.pt")
    assert sentence is not None
    assert sentence.isprintable()
    assert len(sentence) < 200
    assert len(shown("y" * 999)) == 60
    assert shown("a\nb") == "a b"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        b"PK\x03\x04 damaged",
        b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".",
        b"\x80\x02)" + b"\x85" * 200_000 + b".",
        b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"x",
        b"\x80\x02R.",
        b"\x80\x02u.",
        b"cos\nsystem",
    ],
    ids=["empty", "junk", "damaged zip", "deep list", "deep tuple", "huge string", "no stack", "no mark", "cut name"],
)
def test_nonsense_has_nothing_said_of_it(content: bytes) -> None:
    assert what_was_pickled(content, "mine.pt") is None


@given(st.binary(max_size=200))
def test_any_bytes_do_no_harm(content: bytes) -> None:
    sentence = what_was_pickled(b"\x80\x04" + content, "mine.pt")
    assert sentence is None or (sentence.startswith("mine.pt ") and sentence.endswith("."))
