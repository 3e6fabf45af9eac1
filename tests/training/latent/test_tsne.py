import pytest
import torch

from training.latent.tsne import _neighbourhoods, tsne
from training.system.errors import Cancelled


@pytest.fixture
def groups() -> torch.Tensor:
    """Four far groups of 40 points each in seven dimensions."""
    noise = torch.Generator().manual_seed(0)
    centers = 20 * torch.randn(4, 1, 7, generator=noise)
    return (centers + torch.randn(4, 40, 7, generator=noise)).flatten(0, 1)


def test_groups_stay_together_and_apart(groups: torch.Tensor) -> None:
    layout = tsne(groups, perplexity=10, steps=600)
    assert layout.shape == (160, 2)
    nearest = torch.cdist(layout, layout).fill_diagonal_(torch.inf).topk(10, largest=False).indices
    assert torch.equal(nearest // 40, (torch.arange(160) // 40).unsqueeze(1).expand(-1, 10))
    assert torch.equal(layout, tsne(groups, perplexity=10, steps=600))


def test_each_point_minds_as_many_neighbours_as_asked(groups: torch.Tensor) -> None:
    attraction = _neighbourhoods(groups, 10)
    assert float(attraction.sum()) == pytest.approx(1, abs=1e-5)
    assert torch.equal(attraction, attraction.T)
    own = attraction / attraction.sum(1, keepdim=True)
    perplexities = -(own * own.clamp_min(1e-30).log()).sum(1)
    assert perplexities.exp().median() == pytest.approx(10, rel=0.3)  # made symmetric since


def test_points_in_one_place_do_no_harm() -> None:
    assert tsne(torch.ones(40, 3), perplexity=5, steps=20).isfinite().all()


def test_it_reports_how_far_it_is_and_can_be_ended(groups: torch.Tensor) -> None:
    reported: list[float] = []
    tsne(groups, perplexity=10, steps=4, report=reported.append)
    assert reported == [0.25, 0.5, 0.75, 1.0]

    def end(_: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        tsne(groups, perplexity=10, steps=4, report=end)
    with pytest.raises(ValueError):
        tsne(groups[:20], perplexity=10)
