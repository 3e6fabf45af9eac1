import threading

import pytest
import torch

from training.device import best_device, best_precision, describe_machine, products_in, use_threads, versions
from training.errors import UserError


@pytest.fixture(autouse=True)
def _one_thread_afterwards() -> object:
    yield
    torch.set_num_threads(1)


def in_a_thread(count: int | None) -> int:
    chosen: list[int] = []
    worker = threading.Thread(target=lambda: chosen.append(use_threads(count)))
    worker.start()
    worker.join()
    return chosen[0]


def test_one_thread_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
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
        use_threads()


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"avx2": True}, "float32"),
        ({}, "float32"),
    ],
)
def test_bfloat16_only_where_the_processor_multiplies_it(
    flags: dict[str, bool], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    best_precision.cache_clear()
    try:
        assert best_precision("cpu") == precision
        assert best_precision("cuda") == "float32"
    finally:
        best_precision.cache_clear()


def test_products_are_computed_in_the_precision_asked_for() -> None:
    x = torch.ones(7, 5)
    with products_in("bfloat16", "cpu"):
        assert (x @ x.T).dtype == torch.bfloat16
    with products_in("float32", "cpu"):
        assert (x @ x.T).dtype == torch.float32


def test_the_machine_and_the_versions_behind_a_number_are_told() -> None:
    machine = describe_machine(best_device())
    assert machine["device"]
    assert versions().keys() == {"python", "torch", "numpy", "safetensors"}
    assert versions()["torch"] == torch.__version__
