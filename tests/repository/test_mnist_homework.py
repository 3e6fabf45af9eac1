"""assets/mnist-homework.npz: remade from MNIST's official files, bit for bit."""

import importlib.util
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from training.data.datasets import Dataset
from training.system.folders import PROJECT

KEPT = PROJECT / "assets" / "mnist-homework.npz"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_mnist_homework", KEPT.with_name("make_mnist_homework.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.full_data
def test_it_is_remade_bit_for_bit(full_mnist: Dataset, tmp_path: Path) -> None:
    again = tmp_path / KEPT.name
    script().main(again)
    with np.load(again) as new, np.load(KEPT) as kept:
        assert {*new} == {*kept}
        for name in kept:
            assert new[name].dtype == np.uint8
            assert np.array_equal(new[name], kept[name])
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng packs the same bits otherwise
        assert again.read_bytes() == KEPT.read_bytes()


def test_it_is_small_and_its_origin_and_licence_are_said() -> None:
    assert KEPT.stat().st_size < 250_000
    text = (KEPT.parent / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| {KEPT.name}"))
    for fact in ("LeCun", "Cortes", "CC BY-SA 3.0", "1,000", "100"):
        assert fact in row
    assert "http" in text or "Gradient-based learning applied to document recognition" in text
