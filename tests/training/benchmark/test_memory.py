import pytest
import torch

from training.benchmark.memory import peak_megabytes

MEGABYTE = 2**20
pytestmark = pytest.mark.skipif(peak_megabytes(lambda: None) is None, reason="this system does not tell")


def test_memory_is_that_of_the_peak() -> None:
    peak = peak_megabytes(lambda: torch.ones(64, MEGABYTE).sum())
    assert peak is not None
    assert 250 < peak < 400


def test_memory_that_earlier_work_freed_counts_again() -> None:
    def work() -> None:
        pieces = [bytearray(MEGABYTE // 16) for _ in range(16 * 90)]  # too small for pages of their own
        assert len(pieces) == 16 * 90

    work()
    peak = peak_megabytes(work)
    assert peak is not None
    assert 80 < peak < 140
