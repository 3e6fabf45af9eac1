from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from training.system import device
from training.system.device import best_device, best_precision, describe_machine, prepare_thread, products_in, versions
from training.system.errors import UserError


@pytest.fixture(autouse=True)
def _one_thread_afterwards() -> object:
    yield
    torch.set_num_threads(1)


def in_a_thread(count: int | None) -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(prepare_thread, count).result()


@pytest.mark.parametrize("threads", [1, 2])
def test_numbers_too_small_to_compute_with_fast_are_zero(threads: int) -> None:
    def halves() -> tuple[Tensor, Tensor]:
        torch.set_flush_denormal(False)
        smallest = torch.full((100_000,), torch.finfo(torch.float32).tiny)
        before = smallest / 2
        prepare_thread(threads)
        return before, smallest / 2

    with ThreadPoolExecutor(1) as pool:
        before, after = pool.submit(halves).result()
    assert (before > 0).all()
    assert (after == 0).all()


def test_one_thread_unless_set_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ELBO_LAB_THREADS", raising=False)
    assert in_a_thread(None) == 1
    assert in_a_thread(2) == 2
    monkeypatch.setenv("ELBO_LAB_THREADS", "2")
    assert in_a_thread(None) == 2
    monkeypatch.setenv("ELBO_LAB_THREADS", "0")
    assert in_a_thread(None) == 1


def test_a_number_of_threads_that_is_none_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_THREADS", "all")
    with pytest.raises(UserError, match=r"ELBO_LAB_THREADS.*'all'"):
        prepare_thread()


@pytest.mark.parametrize(
    ("flags", "seconds", "precision"),
    [
        ({"avx512_bf16": True}, {torch.bfloat16: 1.0, torch.float32: 2.5}, "bfloat16"),
        ({"amx_bf16": True}, {torch.bfloat16: 1.0, torch.float32: 5.0}, "bfloat16"),
        ({"avx512_bf16": True}, {torch.bfloat16: 1.0, torch.float32: 1.1}, "float32"),
        ({"avx512_bf16": True}, {torch.bfloat16: 1.7, torch.float32: 1.0}, "float32"),
        ({"avx2": True}, {}, "float32"),
        ({}, {}, "float32"),
    ],
)
def test_bfloat16_only_where_the_processor_multiplies_it_clearly_faster(
    flags: dict[str, bool], seconds: dict[torch.dtype, float], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    monkeypatch.setattr(device, "_product_seconds", seconds.__getitem__)
    best_precision.cache_clear()
    try:
        assert best_precision("cpu") == precision
        assert best_precision("cuda") == "float32"
    finally:
        best_precision.cache_clear()


def test_products_are_timed_in_seconds() -> None:
    assert 0 < device._product_seconds(torch.float32) < 1


def test_products_are_computed_in_the_precision_asked_for() -> None:
    x = torch.ones(7, 5)
    with products_in("bfloat16", "cpu"):
        assert (x @ x.T).dtype == torch.bfloat16
    with products_in("float32", "cpu"):
        assert (x @ x.T).dtype == torch.float32


def test_the_machine_and_the_versions_behind_a_number_are_named() -> None:
    machine = describe_machine(best_device())
    assert machine["device"]
    assert versions().keys() == {"python", "torch", "numpy", "safetensors"}
    assert versions()["torch"] == torch.__version__
