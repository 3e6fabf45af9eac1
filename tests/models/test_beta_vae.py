import pytest
import torch
from pydantic import ValidationError

from models.beta_vae import FAMILY, SWEEP, BetaVAEConfig
from models.contract import Batch


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_loss_weighs_the_kl_and_the_nelbo_does_not(beta: float) -> None:
    model = FAMILY.fresh(BetaVAEConfig(z=5, hidden=(11, 13), pixels=16, beta=beta), seed=0)
    x = torch.randint(0, 2, (7, 16), generator=torch.Generator().manual_seed(0)).float()
    terms = model.elbo_terms(x, generator=torch.Generator().manual_seed(1))
    batch = Batch(x, torch.zeros(7), x[:0], torch.zeros(0))
    loss, reported = model.objective(batch, generator=torch.Generator().manual_seed(1))
    assert loss.item() == pytest.approx((terms.rec + beta * terms.kl).mean().item(), rel=1e-5)
    assert reported["nelbo"].item() == pytest.approx(terms.nelbo.mean().item())


def test_the_sweep_is_shipped_but_for_the_vae_itself() -> None:
    assert [preset.name for preset in FAMILY.presets] == [f"beta-{beta:g}" for beta in SWEEP]
    assert 1 not in SWEEP


def test_a_negative_beta_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        BetaVAEConfig(beta=-1)
