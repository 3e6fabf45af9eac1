"""What a pickle would make, read off its opcodes: nothing in it is imported, called or built.

It finds words for a file that was refused already. It is no defence: what a pickle may do is decided elsewhere.
"""

import io
import pickletools
import re
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

__all__ = ["OPTIMISER_SENTENCE", "is_optimiser", "is_zip", "shown", "what_was_pickled"]

OPTIMISER_SENTENCE = (
    "is an optimiser's state: it holds Adam's averages and not the weights; save the model's with "
    "torch.save(model.state_dict(), path)."
)
MOST_OPCODES = 100_000
MOST_BYTES = 8 * 2**20
LONGEST_NAME = 60
LONGEST_STRING = 200  # of a pickle's own strings: enough for any dotted name
OLD_FORMAT_PICKLES = 4  # torch's old format opens with its magic number, a version and the machine; then the content
_OPTIMISER_KEYS = {"state", "param_groups"}
_MODULE_KEYS = {"_parameters", "_modules"}
_REACHES_OUT = re.compile(
    "_io|_pickle|_posixsubprocess|asyncio|bdb|cProfile|code|codeop|ctypes|ftplib|http|imp|importlib|io|linecache|"
    "marshal|mmap|multiprocessing|nt|os|pdb|pickle|pip|posix|profile|pty|requests|runpy|shutil|signal|site|smtplib|"
    "socket|subprocess|sys|tempfile|timeit|types|urllib|urllib3|webbrowser"
)
_PLAIN_BUILTINS = re.compile(
    "[A-Z].*|bool|bytearray|bytes|complex|dict|float|frozenset|getattr|int|list|object|range|set|slice|str|tuple|type"
)
_PLAIN_CLASSES = ("types.SimpleNamespace", "io.BytesIO", "io.StringIO", "_io.BytesIO", "_io.StringIO")
_HARMLESS = ("_codecs.encode", "copyreg.", "collections.", "datetime.", "functools.partial", "logging.")
_TORCH_PARTS = ("torch._utils.", "torch._tensor.", "torch.nn.", "torch.serialization.", "torch.storage.")
_TORCH_WORDS = ("torch.device", "torch.dtype")
_NUMPY_PARTS = ("multiarray", "numeric", "_pickle", "dtype", "ndarray", "dtypes")


class _Object:
    """Something that a pickle would hold: a name it imports, the result of a call, a dict."""

    def __init__(self, name: str = "", *, imported: bool = False, place: int = 0) -> None:
        self.name, self.imported, self.place = name, imported, place
        self.keys: set[str] = set()


def what_was_pickled(content: bytes, name: str) -> str | None:
    """One sentence on what a refused file of torch.save, or a bare pickle, holds beside tensors; None if unclear.

    Arguments:
        name: of the file; the sentence begins with it.
    """
    seen = _Scan()
    for pickled in _pickles(content):
        try:
            seen.follow(pickled)
        except Exception:  # damaged, or nonsense: what was seen until then may still say what it is
            break
    if (called := seen.runs()) is not None:
        return (
            f"{name} asks to run {shown(called)} when it is opened: do not open it with torch.load, and do not trust "
            "it."
        )
    if (module := seen.module()) is not None:
        return (
            f"{name} is a whole pickled module ({shown(module)}): save its weights alone with "
            "torch.save(model.state_dict(), path)."
        )
    return f"{name} {OPTIMISER_SENTENCE}" if seen.root_keys >= _OPTIMISER_KEYS else None


def is_optimiser(content: Any) -> bool:
    """Whether what a file holds is the state_dict of an optimiser, by itself or as all that it holds."""
    if not isinstance(content, dict):
        return False
    inside = [content, *(value for value in content.values() if isinstance(value, dict))]
    return any(value.keys() >= _OPTIMISER_KEYS for value in inside)


def shown(name: str, longest: int = LONGEST_NAME) -> str:
    """A name out of a stranger's file as it may stand in a sentence: printable, and not long."""
    clean = "".join(letter if letter.isprintable() else " " for letter in name[: longest + 1])
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def is_zip(content: bytes) -> bool:
    """Whether a file is a zip, be it a damaged one, over which zipfile may stumble before it says so."""
    try:
        return zipfile.is_zipfile(io.BytesIO(content))
    except zipfile.BadZipFile:
        return True


def _pickles(content: bytes) -> Iterable[io.BytesIO]:
    """The pickle of torch's zip, or those that follow each other in its old format: one stream, read on and on."""
    if is_zip(content):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                entries = [entry for entry in archive.namelist() if PurePosixPath(entry).name == "data.pkl"]
                with archive.open(entries[0]) as pickled:
                    return [io.BytesIO(pickled.read(MOST_BYTES))]
        except Exception:  # damaged, encrypted, no such entry: it has no pickle to speak of
            return []
    return [io.BytesIO(content[:MOST_BYTES])] * OLD_FORMAT_PICKLES


class _Scan:
    """A machine that keeps names where pickle's own would keep objects."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[Any, Any] = {}
        self.names: list[str] = []  # imported, in their order
        self.called: list[str] = []
        self.modules: list[_Object] = []
        self.root_keys: set[str] = set()
        self.opcodes = 0

    def follow(self, pickled: io.BytesIO) -> None:
        """One pickle to its end. Raises whatever a damaged one brings about."""
        self.stack, self.memo = [], {}
        for opcode, argument, _ in pickletools.genops(pickled):
            self.opcodes += 1
            if self.opcodes > MOST_OPCODES:
                raise ValueError("a pickle of far more steps than weights take")
            self._step(opcode, argument)

    def runs(self) -> str | None:
        """What it would call that neither builds a plain object nor belongs to a tensor."""
        for name in self.names:  # such names do harm as arguments too
            if _reaches_out(name):
                return name
        return next((name for name in self.called if not _harmless(name)), None)

    def module(self) -> str | None:
        """The class of the outermost nn.Module in it."""
        return min(self.modules, key=lambda module: module.place).name if self.modules else None

    def _step(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        stack = self.stack
        match opcode.name:
            case "MARK":
                stack.append(pickletools.markobject)
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(self.memo[argument])
            case "DUP":
                stack.append(stack[-1])
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(tuple([stack.pop() for _ in range(int(opcode.name[-1]))][::-1]))
            case "TUPLE":
                stack.append(tuple(self._to_mark()))
            case "GLOBAL":
                stack.append(self._imported(*argument.split(" ", 1)))
            case "STACK_GLOBAL":
                attribute, module = stack.pop(), stack.pop()
                stack.append(self._imported(str(module), str(attribute)))
            case "INST":
                self._to_mark()
                stack.append(self._made(self._imported(*argument.split(" ", 1)), called=True))
            case "OBJ":
                stack.append(self._made(self._to_mark()[0], called=True))
            case "REDUCE":
                arguments, callee = stack.pop(), stack.pop()
                stack.append(self._reduced(callee, arguments))
            case "NEWOBJ" | "NEWOBJ_EX":
                del stack[-1 if opcode.name == "NEWOBJ" else -2 :]
                stack.append(self._made(stack.pop(), called=False))
            case "BUILD":
                self._given_state(stack.pop())
            case "BINPERSID" | "PERSID":
                stack.append(_kept_apart(stack.pop() if opcode.name == "BINPERSID" else None))
            case "SETITEM":
                _, key = stack.pop(), stack.pop()
                self._keys(stack[-1], [key])
            case "SETITEMS":
                self._keys(stack[-2 - _depth(stack)], self._to_mark()[::2])
            case "STOP":
                root = stack.pop()
                self.root_keys = root.keys if isinstance(root, _Object) else set()
            case _:
                self._anything_else(opcode, argument)

    def _anything_else(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        before, after = opcode.stack_before, opcode.stack_after
        if pickletools.markobject in before:
            self._to_mark()
            before = before[: before.index(pickletools.markobject)]
        kept = self.stack[-len(before)] if before else None
        del self.stack[len(self.stack) - len(before) :]
        if after:
            made = argument[:LONGEST_STRING] if isinstance(argument, str) else _Object()
            self.stack.append(kept if before and len(before) >= len(after) else made)

    def _to_mark(self) -> list[Any]:
        depth = _depth(self.stack)
        items = self.stack[len(self.stack) - depth :]
        del self.stack[len(self.stack) - depth - 1 :]
        return items

    def _imported(self, module: str, attribute: str) -> _Object:
        name = _dotted(module[:LONGEST_STRING], attribute[:LONGEST_STRING])
        self.names.append(name)
        return _Object(name, imported=True, place=self.opcodes)

    def _made(self, callee: Any, *, called: bool) -> _Object:
        name = callee.name if isinstance(callee, _Object) else ""
        if called and name:
            self.called.append(name)
        return _Object(name, place=self.opcodes)

    def _reduced(self, callee: Any, arguments: Any) -> _Object:
        first = arguments[0] if isinstance(arguments, tuple) and arguments else None
        name = callee.name if isinstance(callee, _Object) else ""
        if name == "builtins.getattr" and isinstance(first, _Object):
            attribute = arguments[1] if len(arguments) > 1 and isinstance(arguments[1], str) else "?"
            return _Object(f"{first.name or 'something'}.{attribute}", imported=True, place=self.opcodes)
        if name in ("copyreg._reconstructor", "copyreg.__newobj__"):
            return self._made(first, called=False)
        return self._made(callee, called=True)

    def _given_state(self, state: Any) -> None:
        built = self.stack[-1]
        states = state if isinstance(state, tuple) else (state,)
        if isinstance(built, _Object) and any(isinstance(s, _Object) and s.keys >= _MODULE_KEYS for s in states):
            self.modules.append(built)

    @staticmethod
    def _keys(holder: Any, keys: Iterable[Any]) -> None:
        if isinstance(holder, _Object):
            holder.keys.update(key for key in keys if isinstance(key, str))


def _depth(stack: list[Any]) -> int:
    """How many objects lie above the last mark."""
    return next(place for place, item in enumerate(reversed(stack)) if item is pickletools.markobject)


def _kept_apart(key: Any) -> Any:
    """What a file keeps beside its pickle: numbers, or in torch's old format a module's class with its source."""
    if isinstance(key, tuple) and len(key) > 1 and key[0] == "module":
        return key[1]
    return _Object()


def _dotted(module: str, attribute: str) -> str:
    """A name as Python 3 has it: older protocols write Python 2's, such as commands.Popen."""
    if (module, attribute) in NAME_MAPPING:
        module, attribute = NAME_MAPPING[module, attribute]
    return f"{IMPORT_MAPPING.get(module, module)}.{attribute}"


def _reaches_out(name: str) -> bool:
    module, _, attribute = name.partition(".")
    if module == "builtins":
        return not _PLAIN_BUILTINS.fullmatch(attribute)
    return _REACHES_OUT.fullmatch(module) is not None and name not in _PLAIN_CLASSES


def _harmless(name: str) -> bool:
    """Whether calling it builds a plain object: a class, by its capital letter, or a part of tensors and arrays."""
    root, _, rest = name.partition(".")
    last = name.rpartition(".")[2]
    if root == "builtins":
        return _PLAIN_BUILTINS.fullmatch(rest) is not None
    if root == "torch":
        return last[:1].isupper() or name in _TORCH_WORDS or name.startswith(_TORCH_PARTS)
    if root == "numpy":
        return any(part in _NUMPY_PARTS for part in name.split("."))
    return last.lstrip("_")[:1].isupper() or name.startswith(_HARMLESS)
