import math

import pytest
import torch
import torch.nn.functional as F

from models.blocks.distributions import kl_normal, log_bernoulli, log_normal, sample_gaussian
from models.blocks.networks import MLP
from models.contract import Batch
from models.ssvae import FAMILY, SSVAE, SSVAEConfig

CONFIG = SSVAEConfig(z=5, y=10, hidden=(11, 13), pixels=16)


@pytest.fixture
def model() -> SSVAE:
    built: SSVAE = FAMILY.fresh(CONFIG, seed=0)
    return built.double()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randint(0, 2, (7, 16), generator=torch.Generator().manual_seed(0)).double()


def test_it_is_the_homeworks_network() -> None:
    model = SSVAE()
    assert sum(value.numel() for value in model.parameters()) == 1_044_922
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    assert shapes["enc.net.0.weight"] == (300, 794)
    assert shapes["dec.net.0.weight"] == (300, 74)
    assert shapes["cls.net.4.weight"] == (10, 300)
    assert isinstance(model.cls.net[1], torch.nn.ReLU)


def test_labels_without_tiling_equal_labels_with_it() -> None:
    net = MLP((8, 11, 13, 4)).double()
    x = torch.randn(7, 3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.eye(3, dtype=torch.float64).expand(7, 3, 3)
    torch.testing.assert_close(net.for_every_label(x, 3), net(torch.cat([x, labels], -1)))
    torch.testing.assert_close(net.for_every_label(x[:, :1], 3), net(torch.cat([x[:, :1].expand(7, 3, 5), labels], -1)))


def test_pairs_of_row_and_label_are_entries_of_every_label() -> None:
    net = MLP((8, 11, 13, 4)).double()
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    row, label = torch.tensor([6, 0, 0, 3]), torch.tensor([2, 1, 0, 2])
    torch.testing.assert_close(net.for_labels(x, row, label, 3), net.for_every_label(x.unsqueeze(1), 3)[row, label])


@pytest.mark.parametrize("sharpness", [1.0, 100.0])
def test_the_label_average_equals_a_loop_over_labels(model: SSVAE, x: torch.Tensor, sharpness: float) -> None:
    with torch.no_grad():
        model.get_parameter("cls.net.4.weight").mul_(sharpness)
        model.get_parameter("cls.net.4.bias").mul_(sharpness)
    terms = model.elbo_terms(x, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(7, 10, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    q_y = model.cls(x).softmax(-1)
    kl_z, rec = torch.zeros(7, dtype=torch.float64), torch.zeros(7, dtype=torch.float64)
    for label in range(10):
        y = F.one_hot(torch.full((7,), label), 10).double()
        mean, raw = model.enc(torch.cat([x, y], -1)).chunk(2, -1)
        variance = F.softplus(raw) + 1e-8
        z = mean + variance.sqrt() * noise[:, label]
        logits = model.dec(torch.cat([z, y], -1))
        kl_z += q_y[:, label] * kl_normal(mean, variance, torch.zeros(1), torch.ones(1))
        rec -= q_y[:, label] * log_bernoulli(x, logits)
    kl_y = (q_y * (q_y * 10).log()).sum(-1)
    torch.testing.assert_close(terms.kl_z, kl_z)
    torch.testing.assert_close(terms.rec, rec)
    torch.testing.assert_close(terms.kl_y, kl_y)
    assert torch.equal(terms.nelbo, terms.kl_y + terms.kl_z + terms.rec)


def test_labels_that_the_classifier_rules_out_are_not_decoded(model: SSVAE, x: torch.Tensor) -> None:
    decoded: list[int] = []
    model.dec.net[-1].register_forward_hook(lambda layer, given, logits: decoded.append(len(logits)))
    model.elbo_terms(x)
    with torch.no_grad():
        model.get_parameter("cls.net.4.bias")[3] = 30.0  # exp(-30) is ruled out
    model.elbo_terms(x)
    assert decoded == [7 * 10, 7]


@pytest.mark.parametrize(("sharpness", "kl_y"), [(0.0, 0.0), (1e6, math.log(10))])
def test_kl_y_of_a_uniform_and_of_a_sure_classifier(
    model: SSVAE, x: torch.Tensor, sharpness: float, kl_y: float
) -> None:
    with torch.no_grad():
        model.get_parameter("cls.net.4.weight").mul_(sharpness)
        model.get_parameter("cls.net.4.bias").mul_(sharpness)
    torch.testing.assert_close(model.elbo_terms(x).kl_y, torch.full((7,), kl_y, dtype=torch.float64))


def test_the_weights_sum_the_label_out(model: SSVAE, x: torch.Tensor) -> None:
    (log_weights,) = model.log_weights(x, 1, generator=torch.Generator().manual_seed(1))
    q = model.posteriors(x)
    z = sample_gaussian(*q, torch.Generator().manual_seed(1))
    p_x = torch.zeros(7, dtype=torch.float64)
    for label in range(10):
        y = F.one_hot(torch.full((7,), label), 10).double()
        log_p = log_bernoulli(x, model.dec(torch.cat([z[:, label], y], -1)))
        prior = log_normal(z[:, label], torch.zeros(1), torch.ones(1))
        p_x += (log_p + prior - log_normal(z[:, label], q.mean[:, label], q.variance[:, label])).exp() / 10
    torch.testing.assert_close(log_weights[0], p_x.log())


def test_the_bound_with_labels_summed_out_is_tighter_than_the_elbo(model: SSVAE, x: torch.Tensor) -> None:
    terms = model.elbo_terms(x, generator=torch.Generator().manual_seed(1))
    (log_weights,) = model.log_weights(x, 1, generator=torch.Generator().manual_seed(1))
    noise_of_kl = 0.5  # the bound samples the KL that the ELBO has in closed form
    assert (-log_weights[0]).mean() < terms.nelbo.mean() + noise_of_kl


@pytest.mark.parametrize("gen_weight", [0.0, 1.0])
def test_the_loss_is_the_two_weighted_terms(gen_weight: float, x: torch.Tensor) -> None:
    config = SSVAEConfig(z=5, hidden=(11, 13), pixels=16, gen_weight=gen_weight, class_weight=7.0)
    model: SSVAE = FAMILY.fresh(config, seed=0).double()
    labelled_x, labelled_y = x[:3], torch.tensor([3, 1, 4])
    batch = Batch(x, torch.arange(7), labelled_x, labelled_y)
    loss, reported = model.objective(batch, generator=torch.Generator().manual_seed(1))
    cross_entropy = F.cross_entropy(model.cls(labelled_x), labelled_y)
    nelbo = model.elbo_terms(x, generator=torch.Generator().manual_seed(1)).nelbo.mean()
    torch.testing.assert_close(loss, gen_weight * nelbo + 7 * cross_entropy)
    assert reported["accuracy"].item() == pytest.approx(
        (model.cls(x).argmax(-1) == torch.arange(7)).double().mean().item()
    )
