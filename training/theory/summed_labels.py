"""The semi-supervised objective of one image: the label summed out exactly, and what a sampled label would do.

ELBO(x) = sum_y q(y|x) [ E log p(x|z, y) - KL(q(z|x, y) || p(z)) ] - KL(q(y|x) || p(y))
"""

import copy
import math

import torch
from torch import Tensor

from models.blocks.distributions import kl_normal, log_bernoulli, log_mean_exp, log_normal
from models.ssvae import SSVAE
from training.theory.measured import Measured, Numbers

__all__ = ["each_label", "label_numbers"]


def each_label(model: SSVAE, x: Tensor, noise: Tensor) -> dict[str, Tensor]:
    """What every label contributes, label by label in a plain loop, in nats: (y,) each.

    Arguments:
        x: a binary image, (pixels,).
        noise: standard normal, (y, z): the z of each label.

    Returns:
        log_q_y; kl_z in closed form; rec, which is -log p(x|z, y); and log_w, log p(x, z|y) - log q(z|x, y).
    """
    rows = x.unsqueeze(0)
    mean, variance = (value[0] for value in model.posteriors(rows))
    z = mean + variance.sqrt() * noise
    logits = model.decode_labels(z.unsqueeze(0))[0]
    found: dict[str, list[Tensor]] = {"kl_z": [], "rec": [], "log_w": []}
    zero, one = torch.zeros_like(mean[0]), torch.ones_like(mean[0])
    for y in range(model.config.y):
        likelihood = log_bernoulli(x, logits[y])
        found["kl_z"].append(kl_normal(mean[y], variance[y], zero, one))
        found["rec"].append(-likelihood)
        found["log_w"].append(likelihood + log_normal(z[y], zero, one) - log_normal(z[y], mean[y], variance[y]))
    return {"log_q_y": model.classify(rows)[0], **{name: torch.stack(values) for name, values in found.items()}}


@torch.inference_mode()
def label_numbers(model: SSVAE, x: Tensor, label: int, *, seed: int = 0) -> Numbers:
    """Every number of the derivation, in float64, all of one z for each label.

    Arguments:
        x: a binary image, float (pixels,).
        label: its digit.
    """
    model, x = copy.deepcopy(model).double(), x.double()
    noise = torch.randn(
        (1, model.config.y, model.config.z), generator=torch.Generator().manual_seed(seed), dtype=x.dtype
    )
    terms = model.elbo_terms(x.unsqueeze(0), generator=torch.Generator().manual_seed(seed))
    each = each_label(model, x, noise[0])
    q = each["log_q_y"].exp()
    log_y = math.log(model.config.y)
    of_label = each["rec"] + each["kl_z"]
    inside = float((q * of_label).sum())
    found = {
        "kl_y": float(terms.kl_y),
        "entropy": float(-(q * each["log_q_y"]).sum()),
        "log_y_minus_entropy": log_y + float((q * each["log_q_y"]).sum()),
        "zero": 0.0,
        "log_y": log_y,
        "nelbo": float(terms.nelbo),
        "nelbo_by_loop": inside + float((q * (each["log_q_y"] + log_y)).sum()),
        "likeliest": float(of_label[q.argmax()]),
        "worst": float(of_label.max()),
        "average": inside,
        "spread": math.sqrt(float((q * (of_label - inside).square()).sum())),
        "elbo_one_z": float((q * (each["log_w"] - log_y - each["log_q_y"])).sum()),
        "label_summed": float(log_mean_exp(each["log_w"], 0)),
        "cross_entropy": -float(each["log_q_y"][label]),
        "q_right": float(q[label]),
    }
    return {name: Measured(value) for name, value in found.items()}
