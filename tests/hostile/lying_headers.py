"""Safetensors files whose headers lie."""

import json
import struct
from typing import Any

__all__ = ["headed", "lying_headers"]

FOUR = bytes(16)
NAME = "enc.net.0.weight"


def headed(header: bytes, body: bytes = b"", *, length: int | None = None) -> bytes:
    """A header before numbers; `length` is what the file says of the header's length."""
    return struct.pack("<Q", len(header) if length is None else length) + header + body


def lying_headers() -> dict[str, bytes]:
    """Files by what is wrong with them."""
    return _lengths() | _texts() | _entries() | _names() | _metadata() | _many()


def _entry(shape: Any = (4,), offsets: Any = (0, 16), dtype: Any = "F32", **more: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}


def _file(header: dict[str, Any], body: bytes = FOUR) -> bytes:
    return headed(json.dumps(header).encode(), body)


def _lengths() -> dict[str, bytes]:
    header = json.dumps({NAME: _entry()}).encode()
    return {
        f"length-{name}": headed(header, FOUR, length=length)
        for name, length in {
            "none": 0,
            "one": 1,
            "one-less": len(header) - 1,
            "one-more": len(header) + 1,
            "all": len(header) + 16,
            "beyond-the-end": len(header) + 17,
            "negative": 2**64 - 1,
            "huge": 2**63,
            "wrapping": 2**64 - 8,
            "100-MB": 100_000_001,
        }.items()
    } | {"length-alone": struct.pack("<Q", 2), "length-and-a-brace": struct.pack("<Q", 1) + b"{"}


def _texts() -> dict[str, bytes]:
    entry = json.dumps(_entry())
    texts: dict[str, bytes] = {
        "no-json": b"{" + b"x" * 30,
        "not-utf-8": b'{"\xff\xfe": {}}',
        "utf-16": '{"a": {}}'.encode("utf-16"),
        "deep-lists": b'{"a":' + b"[" * 50_000,
        "deep-lists-closed": b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        "deep-dicts": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        "deep-metadata": b'{"__metadata__":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
        "name-twice": f'{{"a": {entry}, "a": {entry}}}'.encode(),
        "metadata-twice": f'{{"__metadata__": {{"a": "b"}}, "__metadata__": {{"c": "d"}}, "a": {entry}}}'.encode(),
        "dtype-twice": b'{"a": {"dtype": "F64", "dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}',
        "key-twice-in-metadata": f'{{"__metadata__": {{"step": "1", "step": "2"}}, "a": {entry}}}'.encode(),
        "nothing": b"{}",
        "spaces": b"{}" + b" " * 5000,
        "a-comment": b'{/* */"a": 1}',
        "not-a-number": b'{"a": {"dtype": "F32", "shape": [NaN], "data_offsets": [0, Infinity]}}',
        "number-of-digits": b'{"a": {"dtype": "F32", "shape": [' + b"9" * 90_000 + b'], "data_offsets": [0, 16]}}',
        "escaped-nul": b'{"\\u0000": ' + entry.encode() + b"}",
        "lone-surrogate": b'{"\\ud800": ' + entry.encode() + b"}",
        "two-values": b"{}{}",
        "a-nul-after": b"{}\x00",
        "trailing-comma": f'{{"a": {entry},}}'.encode(),
    }
    return {f"text-{name}": headed(text, FOUR) for name, text in texts.items()}


def _entries() -> dict[str, bytes]:
    entries: dict[str, Any] = {
        "negative-shape": _entry([-1]),
        "negative-zero-shape": _entry([-4, -1]),
        "fraction-shape": _entry([4.5]),
        "text-shape": _entry(["4"]),
        "no-list-shape": _entry(4),
        "huge-shape": _entry([2**40, 2**40]),
        "wrapping-shape": _entry([2**32, 2**32], [0, 0]),
        "wrapping-to-four": _entry([2**62, 4, 1], [0, 16]),
        "beyond-64-bits": _entry([2**64], [0, 16]),
        "no-numbers-but-huge": _entry([0, 2**63], [0, 0]),
        "nothing-many-times": _entry([2**62, 2**62, 0], [0, 0]),
        "many-axes": _entry([1] * 5000, [0, 4]),
        "64-axes": _entry([1] * 65, [0, 4]),
        "offsets-beyond": _entry([9], [0, 36]),
        "offsets-reversed": _entry([4], [16, 0]),
        "offsets-negative": _entry([4], [-16, 0]),
        "offsets-huge": _entry([4], [2**63, 2**63 + 16]),
        "offsets-wrapping": _entry([4], [2**64 - 16, 2**64]),
        "offsets-late": _entry([2], [8, 16]),
        "offsets-one": _entry([4], [0]),
        "offsets-three": _entry([4], [0, 8, 16]),
        "offsets-text": _entry([4], "016"),
        "wrong-size": _entry([3], [0, 16]),
        "unknown-type": _entry(dtype="Q9"),
        "type-lower-case": _entry(dtype="f32"),
        "type-number": _entry(dtype=32),
        "type-none": _entry(dtype=None),
        "half-a-byte": _entry([32], dtype="F4"),
        "odd-half-bytes": _entry([33], [0, 17], dtype="F4"),
        "float8": _entry([16], dtype="F8_E8M0"),
        "complex": _entry([2], dtype="C64"),
        "truths-that-are-neither": _entry([16], dtype="BOOL"),
        "more-keys": _entry(code="import os"),
        "no-keys": {},
        "a-list": [1, 2],
        "a-text": "F32",
        "null": None,
    }
    bodies = {"truths-that-are-neither": b"\xff" * 16}
    return {f"entry-{name}": _file({NAME: entry}, bodies.get(name, FOUR)) for name, entry in entries.items()} | {
        "entries-overlap": _file({each: _entry() for each in "ab"}),
        "entries-overlap-in-part": _file({"a": _entry([3], [0, 12]), "b": _entry([2], [8, 16])}),
        "entries-with-a-hole": _file({"a": _entry([1], [0, 4]), "b": _entry([2], [8, 16])}),
        "data-missing": _file({NAME: _entry()}, b""),
        "data-too-short": _file({NAME: _entry()}, bytes(15)),
        "data-too-long": _file({NAME: _entry()}, bytes(17)),
        "data-alone": _file({}, bytes(4000)),
        "data-not-finite": _file({NAME: _entry([2, 2])}, b"\xff" * 16),
        "data-infinite": _file({NAME: _entry([2, 2])}, struct.pack("<4f", *[float("inf")] * 4)),
    }


def _names() -> dict[str, bytes]:
    names = {
        "empty": "",
        "line-breaks": "enc\nnet\r\n0.weight",
        "nul": "enc\0net",
        "climbing": "../../../../etc/passwd",
        "absolute": "/etc/passwd",
        "long": "enc.net." + "0" * 300_000,
        "escape-codes": "\x1b[2J\x1b]0;gone\x07",
        "right-to-left": "\u202egnp.thgiew\u2066",
        "markup": "<script>alert(1)</script>",
        "picture": "![](http://192.0.2.1/a.png)",
        "link": "[click](http://192.0.2.1/)",
        "formula": "$\\frac{1}{0}$ :red[x] **b**",
        "heading": "# weights",
        "format": "{0.__class__} %s %n",
        "dunder": "__class__",
        "unusual": "\U0001f600" * 200,
        "combining": "a" + "\u0301" * 400,
        "prefixes": "module." * 2000 + "enc.net.0.weight",
        "prefixes-by-the-thousand": "_orig_mod.module." * 40_000,
    }
    return {f"name-{name}": _file({text: _entry()}) for name, text in names.items()}


def _metadata() -> dict[str, bytes]:
    facts: dict[str, Any] = {
        "null": None,
        "list": ["a"],
        "text": "family",
        "number": 3,
        "number-inside": {"step": 3},
        "null-inside": {"step": None},
        "dict-inside": {"config": {"z": 5}},
        "huge-step": {"family": "vae", "step": "9" * 9999},
        "unknown-family": {"family": "../../vae", "config": "{}"},
        "broken-config": {"family": "vae", "config": "{"},
        "deep-config": {"family": "vae", "config": "[" * 50_000},
        "huge-config": {"family": "vae", "config": json.dumps({"z": 10**30, "hidden": [10**9, 10**9]})},
        "largest-config": {"family": "gmvae", "config": json.dumps({"z": 4096, "k": 65_536, "hidden": [65_536] * 2})},
        "markup-config": {"family": "vae", "config": json.dumps({"![](http://192.0.2.1/a.png)": 1})},
        "long": {"x": "y" * 300_000},
        "odd-names": {"\0": "\n", "": ""},
    }
    return {f"metadata-{name}": _file({"__metadata__": each, NAME: _entry()}) for name, each in facts.items()} | {
        "metadata-alone": _file({"__metadata__": {"family": "vae"}}, b""),
        "metadata-as-a-tensor": _file({"__metadata__": _entry()}),
    }


def _many() -> dict[str, bytes]:
    numbers = {f"t{each}": _entry([1], [4 * each, 4 * each + 4]) for each in range(10_050)}
    return {
        "many-tensors": _file(numbers, bytes(4 * 10_050)),
        "many-empty-tensors": _file({f"t{each}": _entry([0], [0, 0]) for each in range(30_000)}, b""),
        "sizes-that-cannot-be": _file(
            {
                "enc.net.0.weight": _entry([1, 4], [0, 16]),
                "enc.net.2.weight": _entry([1, 1], [16, 20]),
                "enc.net.4.weight": _entry([4, 1], [20, 36]),
                "dec.net.0.weight": _entry([1, 2], [36, 44]),
                "dec.net.2.weight": _entry([1, 1], [44, 48]),
                "dec.net.4.weight": _entry([5, 1], [48, 68]),
            },
            bytes(68),
        ),
    }
