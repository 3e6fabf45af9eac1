"""Pickles that run code where they are believed: each would leave a file behind."""

import functools
import io
import marshal
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.hostile.opcodes import (
    EMPTY_DICT,
    NEWOBJ,
    NEWOBJ_EX,
    NONE,
    build,
    call,
    dictionary,
    listed,
    named,
    named_by_text,
    pickled,
    raw,
    tupled,
    value,
)

__all__ = ["lay_bait", "running_pickles"]


class Calls:
    """Unpickled, it calls a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.arguments


def _touching(marker: Path) -> str:
    return f"open({str(marker)!r}, 'w').close()"


def _object_array(marker: Path) -> np.ndarray:
    return np.array([Calls(exec, _touching(marker))], dtype=object)


def lay_bait(folder: Path, marker: Path) -> None:
    """Put files in a folder that leave the marker behind when somebody is made to load them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("bait.py", "hubconf.py"):
        (folder / name).write_text(f"{_touching(marker)}\ndef entry():\n    {_touching(marker)}\n")
    (folder / "bait.pkl").write_bytes(pickle.dumps(Calls(exec, _touching(marker)), 2))
    np.save(folder / "bait.npy", _object_array(marker), allow_pickle=True)
    (folder / "bait.txt").write_text("moved or copied")


def running_pickles(marker: Path, bait: Path) -> dict[str, bytes]:
    """Whole pickles by the way in which they run code; some need what `lay_bait` puts into a folder."""
    return {name: pickled(program, 4) for name, program in _programs(marker, bait).items()} | {
        "numpy-object-array": pickle.dumps(_object_array(marker), 2),
        "numpy-object-array-in-dict": pickle.dumps({"enc.net.0.weight": _object_array(marker)}, 4),
        "numpy-file": _numpy_file(marker),
        "protocol-0": pickle.dumps(Calls(exec, _touching(marker)), 0),
        "old-module-name": pickled(call(named("__builtin__", "eval"), _touching(marker)), 2),
        "protocol-1": pickle.dumps(Calls(exec, _touching(marker)), 1),
        "protocol-3": pickle.dumps({"state_dict": Calls(exec, _touching(marker))}, 3),
        "protocol-5": pickle.dumps(Calls(exec, _touching(marker)), 5),
        "partial-object": pickle.dumps(Calls(functools.partial(exec, _touching(marker))), 2),
        "deep-inside": _deep_inside(marker),
    }


def _numpy_file(marker: Path) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, _object_array(marker), allow_pickle=True)
    return buffer.getvalue().split(b"\n", 1)[1]  # the array's pickle, without the header that only numpy reads


def _deep_inside(marker: Path) -> bytes:
    nested: list[Any] = [Calls(exec, _touching(marker))]
    for _ in range(100):
        nested = [nested]
    return pickle.dumps(nested, 2)


def _programs(marker: Path, bait: Path) -> dict[str, bytes]:
    return (
        _shells(f"touch {marker}", str(marker))
        | _interpreters(_touching(marker), str(marker))
        | _loaders(bait, marker)
        | _opcodes(f"touch {marker}", _touching(marker))
        | _writers(str(marker), str(bait / "bait.txt"))
    )


def _shells(touch: str, marker: str) -> dict[str, bytes]:
    """Ways to start another program."""
    system = named("os", "system")
    module = call(named("builtins", "__import__"), "os")
    library = call(named("ctypes", "CDLL"), None)
    browser = call(named("webbrowser", "GenericBrowser"), listed("touch", "%s"))
    return {
        "os-system": call(system, touch),
        "posix-system": call(named("posix", "system"), touch),
        "os-popen": call(named("os", "popen"), touch),
        "os-spawn": call(named("os", "spawnlp"), 0, "touch", "touch", marker),
        "subprocess-Popen": call(named("subprocess", "Popen"), listed("touch", marker)),
        "subprocess-run": call(named("subprocess", "run"), listed("touch", marker)),
        "subprocess-getoutput": call(named("subprocess", "getoutput"), touch),
        "pty-spawn": call(named("pty", "spawn"), listed("touch", marker)),
        "webbrowser": call(named_by_text("webbrowser", "GenericBrowser.open"), browser, marker),
        "ctypes": call(call(named("builtins", "getattr"), library, "system"), raw(touch.encode())),
        "getattr-of-import": call(call(named("builtins", "getattr"), module, "system"), touch),
        "getattr-of-importlib": call(
            call(named("builtins", "getattr"), call(named("importlib", "import_module"), "os"), "system"), touch
        ),
        "attrgetter": call(call(call(named("operator", "attrgetter"), "system"), module), touch),
        "methodcaller": call(call(named("operator", "methodcaller"), "system", touch), module),
        "partial": call(call(named("functools", "partial"), system, touch)),
        "map": call(named("builtins", "list"), call(named("builtins", "map"), system, listed(touch))),
        "starmap": call(named("builtins", "set"), call(named("itertools", "starmap"), system, listed(tupled(touch)))),
        "filter": call(named("builtins", "tuple"), call(named("builtins", "filter"), system, listed(touch))),
        "through-torch": call(named_by_text("torch", "os.system"), touch),
        "through-serialization": call(named_by_text("torch.serialization", "os.system"), touch),
        "at-exit": call(named("atexit", "register"), system, touch),
    }


def _interpreters(code: str, marker: str) -> dict[str, bytes]:
    """Ways to run Python."""
    compiled = marshal.dumps(compile(code, "weights", "exec"), 2)
    function = call(
        named("types", "FunctionType"),
        call(named("marshal", "loads"), raw(compiled)),
        dictionary({"__builtins__": named("builtins", "__dict__")}),
    )
    inner = pickle.dumps(Calls(exec, code), 2)
    return {
        "eval": call(named("builtins", "eval"), code),
        "exec": call(named("builtins", "exec"), code),
        "compile": call(named("builtins", "eval"), call(named("builtins", "compile"), code, "weights", "eval")),
        "reduce": call(named("functools", "reduce"), named("builtins", "exec"), listed(code, EMPTY_DICT)),
        "marshalled-function": call(function),
        "pickle-in-pickle": call(named("pickle", "loads"), raw(inner)),
        "C-pickle-in-pickle": call(named("_pickle", "loads"), raw(inner)),
        "timeit": call(named("timeit", "timeit"), code, "pass", named("time", "perf_counter"), 1),
        "profile": call(named("cProfile", "run"), code),
        "trace": call(named_by_text("trace", "Trace.run"), call(named("trace", "Trace"), 0, 0), code),
        "bdb": call(named_by_text("bdb", "Bdb.run"), call(named("bdb", "Bdb")), code),
        "interactive": call(
            named_by_text("code", "InteractiveInterpreter.runcode"), call(named("code", "InteractiveInterpreter")), code
        ),
        "numpy-runstring": call(named("numpy.testing._private.utils", "runstring"), code, EMPTY_DICT),
        "runpy-code": call(named("runpy", "_run_code"), code, EMPTY_DICT, NONE, "weights"),
        "thread": call(named_by_text("threading", "Timer.run"), _timer(code)),
    }


def _timer(code: str) -> bytes:
    return call(named("threading", "Timer"), 0, named("builtins", "exec"), listed(code))


def _loaders(bait: Path, marker: Path) -> dict[str, bytes]:
    """Ways to make somebody load another file, which then runs code."""
    script = str(bait / "bait.py")
    partial = named("functools", "partial")
    hub = partial + tupled(named("torch.hub", "load"), str(bait), "entry") + dictionary({"source": "local"}) + NEWOBJ_EX
    loads = (
        partial
        + tupled(named("torch", "load"), str(bait / "bait.pkl"))
        + dictionary({"weights_only": False})
        + NEWOBJ_EX
    )
    loader = call(named("importlib.machinery", "SourceFileLoader"), "bait", script)
    return {
        "runpy-path": call(named("runpy", "run_path"), script),
        "source-loader": call(named_by_text("importlib.machinery", "SourceFileLoader.load_module"), loader, "bait"),
        "torch-hub": call(hub),
        "torch-load": call(loads),
        "numpy-load": call(named("numpy", "load"), str(bait / "bait.npy"), None, True),
    }


def _opcodes(touch: str, code: str) -> dict[str, bytes]:
    """Every opcode that can call something, and every way to name what is called."""
    system, namespace = named("os", "system"), call(named("argparse", "Namespace"))
    register = call(named("copyreg", "add_extension"), "os", "system", 77)
    mapped = named("builtins", "map") + tupled(system, listed(touch)) + NEWOBJ
    armed = build(namespace, dictionary({"__setstate__": system}))
    return {
        "STACK_GLOBAL": call(named_by_text("os", "system"), touch),
        "INST": b"(" + value(touch) + b"ios\nsystem\n",
        "OBJ": b"(" + system + value(touch) + b"o",
        "NEWOBJ": call(named("builtins", "list"), mapped),
        "NEWOBJ_EX": call(
            named("functools", "partial") + tupled(named("builtins", "exec"), code) + EMPTY_DICT + NEWOBJ_EX
        ),
        "BUILD-setstate": build(armed, touch),
        "EXT1": register + b"0\x82\x4d" + tupled(touch) + b"R",
        "EXT2": register + b"0\x83\x4d\x00" + tupled(touch) + b"R",
        "EXT4": register + b"0\x84\x4d\x00\x00\x00" + tupled(touch) + b"R",
        "persistent-id": tupled("storage", call(system, touch), "0", "cpu", 4) + b"Q",
        "as-a-key": b"}" + call(system, touch) + value(1) + b"s",
        "after-a-frame": b"\x95\x04\x00\x00\x00\x00\x00\x00\x00NNNN" + call(system, touch),
        "from-the-memo": system + b"\x94h\x000" + b"h\x00" + tupled(touch) + b"R",
        "beside-weights": dictionary({"enc.net.0.bias": 1, "extra": call(system, touch)}),
        "in-a-state-dict": call(named("collections", "OrderedDict"), listed(tupled("a", call(system, touch)))),
        "popped-again": call(system, touch) + b"0" + EMPTY_DICT,
    }


def _writers(marker: str, source: str) -> dict[str, bytes]:
    """Ways to put a file somewhere without running anything."""
    path = call(named("pathlib", "Path"), marker)
    return {
        "open": call(named("builtins", "open"), marker, "w"),
        "io-open": call(named("io", "open"), marker, "w"),
        "codecs-open": call(named("codecs", "open"), marker, "w"),
        "FileIO": named("io", "FileIO") + tupled(marker, "w") + b"R",
        "Path-touch": call(named_by_text("pathlib", "Path.touch"), path),
        "mkdir": call(named("os", "mkdir"), marker),
        "symlink": call(named("os", "symlink"), source, marker),
        "copy": call(named("shutil", "copyfile"), source, marker),
        "ZipFile": call(named("zipfile", "ZipFile"), marker, "w"),
        "log": call(named("logging", "FileHandler"), marker),
        "numpy-save": call(named("numpy", "save"), call(named("builtins", "open"), marker, "wb"), 3),
        "memmap": call(named("numpy", "memmap"), marker, "uint8", "w+", 0, tupled(4)),
        "torch-save": call(named("torch", "save"), 3, marker),
    }
