"""Tensors whose pickles say something else than their numbers: shapes, strides, storages and kinds that lie."""

import io
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch

from tests.hostile.containers import legacy, torch_zip
from tests.hostile.opcodes import NONE, Value, build, call, dictionary, listed, named, pickled, tupled

__all__ = ["lying_tensors", "odd_tensors", "saved"]

NAME = "enc.net.0.weight"
FOUR = bytes(16)
Ints = tuple[int, ...]


def saved(content: Any, *, old: bool = False) -> bytes:
    """What torch.save writes, in today's or the old format."""
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not old)
    return buffer.getvalue()


def lying_tensors() -> dict[str, bytes]:
    """State dicts by the lie that they tell, each in both of torch's formats."""
    files = {}
    for name, lie in LIES.items():
        files[f"{name}-zip"] = torch_zip(pickled(dictionary({NAME: lie(False)})), {"0": (4, FOUR)})
        files[f"{name}-old"] = legacy(pickled(dictionary({NAME: lie(True)})), {"0": (4, FOUR)})
    return files | _lying_storages()


def odd_tensors() -> dict[str, bytes]:
    """What torch.save itself writes of tensors that are no plain numbers, in both formats."""
    with warnings.catch_warnings(action="ignore"):  # of kinds that torch still tries out, or has grown tired of
        return _odd_tensors()


def _odd_tensors() -> dict[str, bytes]:
    quantized = torch.quantize_per_tensor(torch.zeros(2, 3), 0.1, 0, torch.qint8)
    nested = torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])
    kinds: dict[str, Any] = {
        "sparse-coo": torch.eye(3).to_sparse(),
        "sparse-csr": torch.eye(3).to_sparse_csr(),
        "sparse-bsr": torch.eye(4).to_sparse_bsr((2, 2)),
        "sparse-of-terabytes": torch.sparse_coo_tensor(torch.zeros(2, 1, dtype=torch.int64), [1.0], (2**40, 2**20)),
        "quantized": quantized,
        "meta": torch.zeros(2, 3, device="meta"),
        "meta-of-terabytes": torch.zeros(2**24, 2**24, device="meta"),
        "nested": nested,
        "expanded-to-terabytes": torch.zeros(1).expand(2**20, 2**20),
        "expanded-to-gigabytes": torch.zeros(1, dtype=torch.uint8).expand(2**15, 2**16),
        "expanded-below-the-limit": torch.zeros(1).expand(2**13, 2**14),
        "expanded-doubles": torch.zeros(1, dtype=torch.float64).expand(2**13, 2**14),
        "many-axes": torch.zeros([1] * 60),
        "no-axes": torch.tensor(3.5),
        "no-numbers": torch.zeros(0, 7),
        "complex64": torch.zeros(2, dtype=torch.complex64),
        "complex128": torch.zeros(2, dtype=torch.complex128),
        "complex32": torch.zeros(2, dtype=torch.complex32),
        "conjugated": torch.zeros(2, dtype=torch.complex64).conj(),
        "float8": torch.zeros(2, dtype=torch.float8_e5m2),
        "uint16": torch.zeros(2, dtype=torch.uint16),
        "truths": torch.zeros(11, 16, dtype=torch.bool),
        "not-a-number": torch.full((11, 16), torch.nan),
        "infinite": torch.full((11, 16), torch.inf),
        "a-module": torch.nn.Linear(3, 2),
        "a-parameter": torch.nn.Parameter(torch.zeros(2)),
        "a-storage": torch.zeros(3).untyped_storage(),
        "a-generator-state": torch.Generator().get_state(),
    }
    files = {}
    for name, content in kinds.items():
        files[f"{name}-zip"] = saved({NAME: content})
        if name not in ("nested", "a-storage"):
            files[f"{name}-old"] = saved({NAME: content}, old=True)
    shared = torch.zeros(2**20)
    files["ten-thousand-views-zip"] = saved({f"t{each}": shared[:each] for each in range(10_050)})
    files["views-of-terabytes-zip"] = saved({f"t{each}": torch.zeros(1).expand(2**27) for each in range(9)})
    files["list-of-tensors-zip"] = saved([torch.zeros(2)] * 9)
    return files


def _storage(old: bool, *, kind: str = "FloatStorage", key: Value = "0", place: str = "cpu", numel: int = 4) -> bytes:
    """The persistent id of a storage."""
    more: tuple[Value, ...] = (None,) if old else ()
    return tupled("storage", named("torch", kind), key, place, numel, *more) + b"Q"


def _tensor(storage: bytes, offset: int = 0, shape: Ints = (2, 2), stride: Ints = (2, 1)) -> bytes:
    hooks = call(named("collections", "OrderedDict"))
    rebuild = named("torch._utils", "_rebuild_tensor_v2")
    return call(rebuild, storage, offset, tupled(*shape), tupled(*stride), False, hooks)


def _shaped(shape: Ints, stride: Ints, offset: int = 0) -> Callable[[bool], bytes]:
    return lambda old: _tensor(_storage(old), offset, shape, stride)


def _stored(**facts: Any) -> Callable[[bool], bytes]:
    return lambda old: _tensor(_storage(old, **facts))


def _made(function: str, *arguments: Value) -> Callable[[bool], bytes]:
    return lambda old: call(named("torch._utils", function), *arguments)


def _reset(*state: Value) -> Callable[[bool], bytes]:
    """A tensor that is then given another view of its storage."""
    return lambda old: build(_tensor(_storage(old)), tupled(_storage(old), *state))


def _sparse(indices: Value, size: Ints, layout: str = "torch.sparse_coo") -> Callable[[bool], bytes]:
    def program(old: bool) -> bytes:
        kind = call(named("torch.serialization", "_get_layout"), layout)
        whole = tupled(indices, _tensor(_storage(old), 0, (2,), (1,)), tupled(*size), False)
        return call(named("torch._utils", "_rebuild_sparse_tensor"), kind, whole)

    return program


HUGE = 2**62
LIES: Mapping[str, Callable[[bool], bytes]] = {
    "negative-stride": _shaped((2, 2), (-2, 1)),
    "negative-shape": _shaped((-2, 2), (2, 1)),
    "negative-offset": _shaped((2, 2), (2, 1), -1),
    "huge-offset": _shaped((2, 2), (2, 1), HUGE),
    "offset-beyond-the-storage": _shaped((2, 2), (2, 1), 3),
    "huge-shape": _shaped((2**40, 2**40), (1, 1)),
    "shape-beyond-64-bits": _shaped((2**70, 2), (2, 1)),
    "huge-stride": _shaped((2, 2), (HUGE, HUGE)),
    "stride-beyond-64-bits": _shaped((2, 2), (2**80, 1)),
    "stride-that-wraps": _shaped((3, 2), (2**63 - 1, 1)),
    "shape-beyond-the-storage": _shaped((2**10, 2**10), (2**10, 1)),
    "expanded-shape": _shaped((2**20, 2**20), (0, 0)),
    "expanded-until-it-wraps": _shaped((2**32, 2**32), (0, 0)),
    "expanded-many-axes": _shaped((2,) * 80, (0,) * 80),
    "more-strides-than-axes": _shaped((2, 2), (2, 1, 1)),
    "axes-by-the-thousand": _shaped((1,) * 5000, (1,) * 5000),
    "no-shape": _shaped((), ()),
    "no-numbers-huge": _shaped((0, 2**62), (1, 1)),
    "numel-negative": _stored(numel=-4),
    "numel-huge": _stored(numel=HUGE),
    "numel-too-many": _stored(numel=5),
    "numel-none": _stored(numel=0),
    "storage-of-doubles": _stored(kind="DoubleStorage"),
    "storage-of-bytes": _stored(kind="ByteStorage"),
    "storage-quantized": _stored(kind="QInt8Storage"),
    "storage-on-cuda": _stored(place="cuda:0"),
    "storage-on-meta": _stored(place="meta"),
    "storage-nowhere": _stored(place="/etc/passwd"),
    "storage-missing": _stored(key="7"),
    "storage-climbing": _stored(key="../../../../etc/passwd"),
    "storage-key-number": _stored(key=0),
    "storage-no-class": lambda old: _tensor(
        tupled("storage", "FloatStorage", "0", "cpu", 4, *((None,) if old else ()))
    ),
    "storage-a-number": lambda old: _tensor(b"J\x03\x00\x00\x00"),
    "view-of-a-view": lambda old: _tensor(
        tupled("storage", named("torch", "FloatStorage"), "0", "cpu", 4, tupled("v", -5, HUGE)) + b"Q"
    ),
    "set-beyond-the-storage": _reset(0, tupled(2**16, 2**16), tupled(2**16, 1)),
    "set-to-terabytes": _reset(0, tupled(2**20, 2**20), tupled(2**20, 1)),
    "set-negative": _reset(-5, tupled(2, 2), tupled(-2, 1)),
    "set-far-away": _reset(2**40, tupled(2, 2), tupled(2, 1)),
    "tensor-v1-no-storage": _made("_rebuild_tensor", NONE, 0, tupled(2), tupled(1)),
    "tensor-v3": lambda old: call(
        named("torch._utils", "_rebuild_tensor_v3"),
        _storage(old, kind="UntypedStorage"),
        0,
        tupled(HUGE),
        tupled(1),
        False,
        NONE,
        named("torch", "float64"),
    ),
    "meta-huge": _made(
        "_rebuild_meta_tensor_no_storage", named("torch", "float32"), tupled(2**40, 2**40), tupled(1, 1), False
    ),
    "wrapper-huge": _made(
        "_rebuild_wrapper_subclass",
        named("torch", "Tensor"),
        named("torch", "float32"),
        tupled(2**40),
        tupled(1),
        0,
        NONE,
        "cpu",
        False,
    ),
    "device-of-numpy": _made(
        "_rebuild_device_tensor_from_numpy", listed(1, 2), named("torch", "float32"), "cpu", False
    ),
    "qtensor-lying": lambda old: call(
        named("torch._utils", "_rebuild_qtensor"),
        _storage(old, kind="QInt8Storage"),
        0,
        tupled(2**20, 2**20),
        tupled(2**20, 1),
        tupled(named("torch", "per_tensor_affine"), 3, -(2**40)),
        False,
        call(named("collections", "OrderedDict")),
    ),
    "nested-lying": lambda old: call(
        named("torch._utils", "_rebuild_nested_tensor"),
        _tensor(_storage(old), 0, (4,), (1,)),
        _tensor(_storage(old)),
        _tensor(_storage(old)),
        _tensor(_storage(old), 0, (2,), (1,)),
    ),
    "sparse-no-indices": _sparse(NONE, (2, 2)),
    "sparse-lying-indices": lambda old: _sparse(_tensor(_storage(old, kind="LongStorage"), 0, (2, 2), (2, 1)), (2, 2))(
        old
    ),
    "sparse-negative-size": lambda old: _sparse(_tensor(_storage(old), 0, (2, 2), (2, 1)), (-1, 2**62))(old),
    "parameter-of-nothing": _made("_rebuild_parameter", NONE, True, call(named("collections", "OrderedDict"))),
    "parameter-with-state": lambda old: call(
        named("torch._utils", "_rebuild_parameter_with_state"),
        _tensor(_storage(old)),
        False,
        call(named("collections", "OrderedDict")),
        dictionary({"data": 3, "__class__": 4}),
    ),
    "type-of-another": lambda old: call(
        named("torch._tensor", "_rebuild_from_type_v2"),
        named("torch._utils", "_rebuild_tensor_v2"),
        named("torch", "Size"),
        tupled(_storage(old), 0, tupled(2), tupled(1), False, NONE),
        dictionary({"shape": 3}),
    ),
}


def _lying_storages() -> dict[str, bytes]:
    """Storages whose bytes are not what their file says of them."""
    plain, plain_old = (pickled(dictionary({NAME: _tensor(_storage(old))})) for old in (False, True))
    return {
        "bytes-missing-zip": torch_zip(plain, {"0": (4, b"")}),
        "bytes-too-few-zip": torch_zip(plain, {"0": (4, bytes(3))}),
        "bytes-too-many-zip": torch_zip(plain, {"0": (4, bytes(4000))}),
        "no-such-record-zip": torch_zip(plain),
        "bytes-missing-old": legacy(plain_old, {"0": (4, b"")}),
        "count-negative-old": legacy(plain_old, {"0": (-4, FOUR)}),
        "count-huge-old": legacy(plain_old, {"0": (2**60, FOUR)}),
        "count-terabyte-old": legacy(plain_old, {"0": (2**38, FOUR)}),
        "count-gigabyte-old": legacy(plain_old, {"0": (2**28, FOUR)}),
        "count-below-the-limit-old": legacy(plain_old, {"0": (2**26, FOUR)}),
        "count-wraps-old": legacy(plain_old, {"0": (-(2**63), FOUR)}),
        "other-storages-old": legacy(plain_old, {"1": (4, FOUR)}),
        "no-storages-old": legacy(plain_old),
        "big-endian-zip": torch_zip(plain, {"0": (4, FOUR)}, {"byteorder": b"big"}),
        "middle-endian-zip": torch_zip(plain, {"0": (4, FOUR)}, {"byteorder": b"middle"}),
        "byteorder-empty-zip": torch_zip(plain, {"0": (4, FOUR)}, {"byteorder": b""}),
        "byteorder-huge-zip": torch_zip(plain, {"0": (4, FOUR)}, {"byteorder": b"little" * 99_999}),
        "byteorder-no-text-zip": torch_zip(plain, {"0": (4, FOUR)}, {"byteorder": b"\xff\xfe"}),
        "version-huge-zip": torch_zip(plain, {"0": (4, FOUR)}, {"version": b"9" * 40}),
        "version-negative-zip": torch_zip(plain, {"0": (4, FOUR)}, {"version": b"-1"}),
        "version-no-number-zip": torch_zip(plain, {"0": (4, FOUR)}, {"version": b"three"}),
        "version-empty-zip": torch_zip(plain, {"0": (4, FOUR)}, {"version": b""}),
        "alignment-lying-zip": torch_zip(plain, {"0": (4, FOUR)}, {".storage_alignment": b"-99"}),
        "format-version-lying-zip": torch_zip(plain, {"0": (4, FOUR)}, {".format_version": b"\xff" * 99}),
    }
