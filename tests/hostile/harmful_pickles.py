"""Pickles that run no code, but would exhaust, confuse or break whoever reads them."""

import pickle
import struct

from tests.hostile.opcodes import (
    EMPTY_DICT,
    NONE,
    Value,
    build,
    call,
    dictionary,
    listed,
    long,
    named,
    pickled,
    raw,
    text,
    tupled,
)

__all__ = ["exhausting_pickles", "harmful_pickles"]

DEEP = 100_000


def harmful_pickles() -> dict[str, bytes]:
    """Whole pickles by what is wrong with them; each is read or refused at once."""
    return _nested() | _endless() | _lying_lengths() | _stacks() | _odd_objects() | _old_opcodes()


def exhausting_pickles() -> dict[str, bytes]:
    """Whole pickles that a reader without limits would be busy with for minutes; they compress well."""
    modulus = 2**61 - 1  # whole numbers that are multiples of it have one hash: a dict of them is a list
    colliding = b"".join(long(modulus * each) + b"0N" for each in range(1)) + b"".join(
        long(modulus * each) + NONE for each in range(30_000)
    )
    return {
        "endless-opcodes": pickled(b"]" + b"N0" * 2**25),
        "colliding-keys": pickled(b"}(" + colliding[11:] + b"u"),
        "growing-tuples": pickled(b"N" + b"\x85" * 2**20),
        "huge-set": pickled(b"\x8f(" + b"".join(long(modulus * each) for each in range(1, 30_000)) + b"\x90"),
    }


def _nested() -> dict[str, bytes]:
    return {
        "deep-lists": pickled(b"]" * DEEP + b"a" * (DEEP - 1)),
        "deep-tuples": pickled(b")" + b"\x85" * DEEP),
        "deep-dicts": pickled(b"}" + b"X\x01\x00\x00\x00a}" * DEEP + b"s" * DEEP),
        "deep-marks": pickled(b"(" * DEEP + b"t" * DEEP),
        "deep-reduces": pickled(named("collections", "OrderedDict") + b")R" * 20_000),
        "deep-state-dicts": pickled(b"}" + b"X\x05\x00\x00\x00model}" * 5000 + b"s" * 5000),
        "deep-and-hashed": pickled(b"}" + b")" + b"\x85" * 5000 + b"Ns"),
    }


def _endless() -> dict[str, bytes]:
    laughs = (
        b"]q\x00("
        + b"N" * 10
        + b"e0"
        + b"".join(
            b"]q" + bytes([each + 1]) + b"(" + b"h" + bytes([each]) + (b"h" + bytes([each])) * 9 + b"e0"
            for each in range(60)
        )
    )
    doubled = b")q\x00" + b"".join(
        b"0h" + bytes([each]) + b"h" + bytes([each]) + b"\x86q" + bytes([each + 1]) for each in range(60)
    )
    return {
        "list-in-itself": pickled(b"]q\x00h\x00a"),
        "dict-in-itself": pickled(b"}q\x00X\x05\x00\x00\x00modelh\x00s"),
        "state-in-itself": pickled(named("collections", "OrderedDict") + b")Rq\x00X\x0a\x00\x00\x00state_dicth\x00s"),
        "tuple-in-itself": pickled(b"]q\x00h\x00\x85q\x01a0h\x01"),
        "billion-laughs": pickled(laughs + b"h\x3c"),
        "billion-hashes": pickled(b"}" + doubled + b"Ns"),
        "memo-index": pickled(b"r" + struct.pack("<I", 2**32 - 1) + b"."),
        "memo-put-far": pickled(b"Nr" + struct.pack("<I", 2**31 - 1)),
        "memo-get-missing": pickled(b"j" + struct.pack("<I", 2**30)),
    }


def _lying_lengths() -> dict[str, bytes]:
    most = struct.pack("<I", 2**32 - 1)
    return {
        "LONG4-huge": pickled(b"\x8b" + struct.pack("<i", 2**31 - 1) + b"\xff"),
        "LONG4-negative": pickled(b"\x8b" + struct.pack("<i", -1) + b"\xff"),
        "LONG1-long": pickled(b"\x8a\xff" + b"\x7f" * 255),
        "BINUNICODE-huge": pickled(b"X" + most + b"a"),
        "BINUNICODE8-huge": pickled(b"\x8d" + struct.pack("<Q", 2**60) + b"a", 4),
        "BINBYTES-huge": pickled(b"B" + most + b"a", 3),
        "BINBYTES8-huge": pickled(b"\x8e" + struct.pack("<Q", 2**63 - 1) + b"a", 4),
        "BYTEARRAY8-huge": pickled(b"\x96" + struct.pack("<Q", 2**40) + b"a", 5),
        "BINSTRING-negative": pickled(b"T" + struct.pack("<i", -5) + b"a"),
        "FRAME-beyond-the-end": pickled(b"\x95" + struct.pack("<Q", 2**62) + EMPTY_DICT, 4),
        "FRAME-in-a-frame": pickled(b"\x95" + struct.pack("<Q", 12) + b"\x95" + struct.pack("<Q", 2) + EMPTY_DICT, 4),
        "INT-of-many-digits": pickled(b"I" + b"9" * 200_000 + b"\n"),
        "LONG-of-many-digits": pickled(b"L" + b"9" * 200_000 + b"L\n"),
        "FLOAT-that-is-none": pickled(b"Fweights\n"),
        "bytearray-of-terabytes": pickled(call(named("__builtin__", "bytearray"), 2**42)),
        "bytearray-of-gigabytes": pickled(call(named("__builtin__", "bytearray"), 2**31)),
        "size-of-negatives": pickled(call(named("torch", "Size"), tupled(-1, -(2**62)))),
    }


def _stacks() -> dict[str, bytes]:
    return {
        "no-stop": b"\x80\x02}",
        "stop-at-once": b"\x80\x02.",
        "empty-stack": pickled(b"00000"),
        "no-mark": pickled(b"t"),
        "call-of-nothing": pickled(b"R"),
        "call-of-a-number": pickled(call(long(3))),
        "append-to-a-number": pickled(long(3) + long(4) + b"a"),
        "items-for-a-number": pickled(long(3) + text("a") + long(4) + b"s"),
        "unhashable-key": pickled(b"}]Ns"),
        "protocol-255": pickled(EMPTY_DICT, 255),
        "protocol-twice": pickled(b"\x80\x05" + EMPTY_DICT),
        "unknown-opcode": pickled(b"\xff\xfe"),
        "out-of-band": pickled(b"\x97\x98", 5),
        "extension-unknown": pickled(b"\x82\x01"),
        "extension-zero": pickled(b"\x84\x00\x00\x00\x00"),
        "persistent-number": pickled(b"J\x01\x00\x00\x00Q"),
        "persistent-text": pickled(b"Pstorage\n"),
        "persistent-tuple": pickled(tupled("module", 1, 2) + b"Q"),
        "persistent-nothing": pickled(b")Q"),
        "not-ascii-global": pickled(b"c\xff\xfe\n\x80\n"),
        "empty-global": pickled(b"c\n\n"),
    }


def _odd_objects() -> dict[str, bytes]:
    """What the reader of weights allows, in places where nobody expects it."""
    ordered = call(named("collections", "OrderedDict"))
    tensor = named("torch._utils", "_rebuild_tensor_v2")
    return {
        "dict-whose-get-is-text": pickled(build(ordered, dictionary({"get": "x", "items": "x"}))),
        "dict-whose-get-is-a-class": pickled(build(ordered, dictionary({"get": named("torch", "Size")}))),
        "dict-whose-items-fail": pickled(build(ordered, dictionary({"items": tensor, "get": tensor}))),
        "dict-with-a-strange-state": pickled(build(ordered, listed(1, 2))),
        "counter": pickled(call(named("collections", "Counter"), dictionary({"enc.net.0.weight": 10**12}))),
        "names-that-are-numbers": pickled(b"}" + long(3) + long(4) + b"s"),
        "only-a-number": pickled(long(2**200)),
        "only-nothing": pickled(NONE),
        "only-a-list": pickled(listed("enc.net.0.weight")),
        "no-tensors": pickled(dictionary({"epoch": 3, "state_dict": 4})),
        "set": pickle.dumps({"a", "b"}, 2)[:2] + b"\x8f(" + text("a") + b"\x90.",
        "a-class": pickled(named("torch", "FloatStorage")),
        "a-device": pickled(call(named("torch", "device"), "cuda:99")),
        "encoded": pickled(call(named("_codecs", "encode"), text("x" * 9), "rot13")),
        "encoded-unknown": pickled(call(named("_codecs", "encode"), text("x"), "no-such-codec\x00")),
        "raw-bytes": pickled(raw(bytes(99)), 3),
        "surrogates": pickled(dictionary({"\ud800\udfff": 3})),
    }


def _old_opcodes() -> dict[str, bytes]:
    """Opcodes and protocols of other readers."""
    items: Value = dictionary({"a": 1})
    return {
        "text-only": b"(dp0\nS'enc.net.0.weight'\np1\nI3\ns.",
        "string-escapes": b"S'\\x" + b"41" * 5000 + b"'\n.",
        "long-unicode": b"V" + b"\\U0010ffff" * 5000 + b"\n.",
        "dup-and-pop": pickled(EMPTY_DICT + b"2" * 1000 + b"1"),
        "two-pickles": pickled(EMPTY_DICT) + pickled(items if isinstance(items, bytes) else NONE),
    }
