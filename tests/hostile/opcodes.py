"""Pickles written by hand, one opcode at a time: what no pickler would ever write."""

import struct

__all__ = [
    "BUILD",
    "EMPTY_DICT",
    "NEWOBJ",
    "NEWOBJ_EX",
    "NONE",
    "Value",
    "build",
    "call",
    "dictionary",
    "listed",
    "long",
    "named",
    "named_by_text",
    "pickled",
    "raw",
    "text",
    "tupled",
    "value",
]

Value = str | int | bool | bytes | None
"""What stands for itself in a program; bytes are opcodes already."""

NONE, EMPTY_DICT, BUILD, NEWOBJ, NEWOBJ_EX = b"N", b"}", b"b", b"\x81", b"\x92"


def pickled(program: bytes, protocol: int = 2) -> bytes:
    """A whole pickle whose value a program leaves on the stack."""
    return b"\x80" + bytes([protocol]) + program + b"."


def value(content: Value) -> bytes:
    """The program that pushes a text or number; a program stays as it is."""
    match content:
        case bytes():
            return content
        case bool():
            return b"\x88" if content else b"\x89"
        case str():
            return text(content)
        case int():
            return long(content)
    return NONE


def text(content: str) -> bytes:
    """BINUNICODE."""
    encoded = content.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def raw(content: bytes) -> bytes:
    """BINBYTES, of protocol 3."""
    return b"B" + struct.pack("<I", len(content)) + content


def long(number: int) -> bytes:
    """BININT, or LONG1 for what does not fit."""
    if -(2**31) <= number < 2**31:
        return b"J" + struct.pack("<i", number)
    encoded = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(encoded)]) + encoded


def tupled(*items: Value) -> bytes:
    """A tuple of anything."""
    return b"(" + b"".join(map(value, items)) + b"t"


def listed(*items: Value) -> bytes:
    """A list of anything."""
    return b"](" + b"".join(map(value, items)) + b"e"


def dictionary(items: dict[str, Value]) -> bytes:
    """A dict with texts as keys."""
    return b"}(" + b"".join(text(key) + value(each) for key, each in items.items()) + b"u"


def named(module: str, name: str) -> bytes:
    """GLOBAL: a function or class by its module and name."""
    return b"c" + f"{module}\n{name}\n".encode()


def named_by_text(module: str, name: str) -> bytes:
    """STACK_GLOBAL; the name may have dots."""
    return text(module) + text(name) + b"\x93"


def call(function: bytes, *arguments: Value) -> bytes:
    """REDUCE: call a function."""
    return function + tupled(*arguments) + b"R"


def build(target: bytes, state: Value) -> bytes:
    """BUILD: give an object its state."""
    return target + value(state) + BUILD
