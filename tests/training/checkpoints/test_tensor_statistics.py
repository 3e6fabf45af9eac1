import json
import math
from dataclasses import asdict, replace

import pytest
import torch

from training.checkpoints.tensor_statistics import Statistics, statistics_of


def test_a_tensor_in_numbers() -> None:
    (found,) = statistics_of({"w": torch.tensor([[1.0, 2.0, torch.nan], [3.0, 6.0, torch.inf]])})
    assert replace(found, deviation=None) == Statistics("w", (2, 3), "float32", 6, 3.0, None, 1.0, 6.0, 2)
    assert found.deviation == pytest.approx(math.sqrt(3.5))


def test_more_values_than_are_looked_at_together() -> None:
    values = torch.arange(2**20 + 77, dtype=torch.float64)
    (found,) = statistics_of({"w": values})
    assert found.mean == pytest.approx(float(values.mean()))
    assert found.largest == 2**20 + 76
    assert found.deviation == pytest.approx(float(values.std(correction=0)))


@pytest.mark.parametrize(
    ("value", "mean"),
    [
        (torch.tensor(3), 3.0),
        (torch.tensor([True, False]), 0.5),
        (torch.tensor([1, 3], dtype=torch.uint16), 2.0),
        (torch.tensor([1.0, 3.0]).to(torch.float8_e4m3fn), 2.0),
        (torch.tensor([1.7e308, 1.7e308], dtype=torch.float64), 1.7e308),
        (torch.eye(2).to_sparse(), 0.5),
        (torch.zeros(0, 3), None),
        (torch.zeros(3, dtype=torch.complex64), None),
        (torch.zeros(3, device="meta"), None),
        (torch.full((4,), torch.nan), None),
    ],
    ids=str,
)
def test_every_kind_of_tensor(value: torch.Tensor, mean: float | None) -> None:
    (found,) = statistics_of({"w": value})
    assert found.mean == (None if mean is None else pytest.approx(mean))
    assert found.count == value.numel()
    json.dumps(asdict(found), allow_nan=False)
