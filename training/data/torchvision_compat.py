"""Import torchvision beside any build of torch.

A torchvision wheel built for CUDA does not import beside a CPU build of torch: its compiled extension cannot
load, and its Python side then registers fake kernels for two operators that were never defined ("operator
torchvision::nms does not exist"). Defining their schemas first makes it importable. Nothing here uses
those operators, and where the extension loads, nothing is changed.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

__all__ = ["import_datasets", "import_transforms"]

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_libraries: list[torch.library.Library] = []  # a library's operators live only as long as the object


def import_datasets() -> Any:
    """The module `torchvision.datasets`."""
    return _import("datasets")


def import_transforms() -> Any:
    """The module `torchvision.transforms`."""
    return _import("transforms")


def _import(module: str) -> Any:
    if not _libraries and not _extension_loads():
        library = torch.library.Library("torchvision", "DEF")
        for schema in _SCHEMAS:
            library.define(schema)
        _libraries.append(library)
    return import_module(f"torchvision.{module}")


def _extension_loads() -> bool:
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True
    for extension in Path(spec.origin).parent.glob("_C.*"):
        try:
            torch.ops.load_library(extension)
        except OSError:
            return False
    return True
