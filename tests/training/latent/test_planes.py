import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.latent.planes import FARTHEST, plane_of_dimensions, plane_of_directions, plane_through


@pytest.fixture
def codes() -> torch.Tensor:
    noise = torch.Generator().manual_seed(0)
    return torch.randn(97, 5, generator=noise) * torch.tensor([1.0, 7, 2, 3, 0.5]) + 4


def test_two_dimensions_move_and_the_others_stay_at_the_mean() -> None:
    mean, variance = torch.tensor([1.0, 2, 3]), torch.tensor([4.0, 9, 16])
    plane = plane_of_dimensions(mean, variance, 2, 0)
    assert plane.at(0.5, -1).tolist() == [-1, 2, 5]


def test_directions_are_measured_in_their_own_spread(codes: torch.Tensor) -> None:
    places = plane_of_directions(codes).place(codes)
    torch.testing.assert_close(places.std(0), torch.ones(2), atol=1e-3, rtol=0)
    assert places.mean(0).abs().max() < 1e-4


@given(st.integers(0, 1000))
def test_three_points_lie_in_their_plane_in_true_proportions(seed: int) -> None:
    points = torch.randn(3, 6, generator=torch.Generator().manual_seed(seed))
    plane = plane_through(points)
    places = plane.place(points)
    for point, (u, v) in zip(points, places.tolist(), strict=True):
        torch.testing.assert_close(plane.at(u, v), point, atol=1e-4, rtol=1e-4)
    assert float(places.norm(dim=1).max()) == pytest.approx(FARTHEST, rel=1e-4)
    assert float(plane.across @ plane.up) == pytest.approx(0, abs=1e-4)
    assert float(plane.across.norm()) == pytest.approx(float(plane.up.norm()), rel=1e-4)


@pytest.mark.parametrize("rows", [[[1.0, 2, 3]] * 3, [[1.0, 2, 3], [1.0, 2, 3], [0.0, 1, 5]]], ids=["one", "two"])
def test_the_same_digit_twice_still_makes_a_plane(rows: list[list[float]]) -> None:
    points = torch.tensor(rows)
    plane = plane_through(points)
    for point, (u, v) in zip(points, plane.place(points).tolist(), strict=True):
        torch.testing.assert_close(plane.at(u, v), point, atol=1e-4, rtol=1e-4)
    assert min(float(plane.across.norm()), float(plane.up.norm())) > 0


def test_the_plane_of_one_dimension_is_a_line() -> None:
    points = torch.tensor([[-1.0], [0.5], [4.0]])
    for plane in (plane_of_directions(points), plane_through(points)):
        assert plane.place(plane.at(1.5, 0.7).unsqueeze(0)).tolist() == [[pytest.approx(1.5), 0.0]]
