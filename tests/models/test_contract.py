import inspect
from abc import ABC

import pytest
import torch
from torch import nn

from models.contract import Classifier, Conditional, Density, LatentSpace, Mixture, Model, density_of, role
from models.family import Family
from models.registry import FAMILIES
from tests.small_models import small_model

families = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


@families
def test_a_familys_class_is_final_and_its_parents_are_abstract(family: Family) -> None:
    """A class is abstract or final, and no class skips its parent's constructor."""
    model = family.model
    assert issubclass(model, Model)
    assert getattr(model, "__final__", False)
    assert not inspect.isabstract(model)
    parents = [parent for parent in model.__mro__[1:] if issubclass(parent, Model)]
    assert all(ABC in parent.__bases__ for parent in parents)


@families
def test_a_model_says_which_roles_it_plays(family: Family) -> None:
    model = small_model(family.name)
    for wanted in (Classifier, Conditional, Mixture, Density, LatentSpace):
        assert family.plays(wanted) == (role(model, wanted) is not None)


@families
def test_its_density_has_codes_of_one_size(family: Family) -> None:
    model = small_model(family.name)
    x = torch.rand(7, model.config.pixels).round()
    density = density_of(model, torch.arange(7))
    mean, variance = density.posterior(x)
    assert mean.shape == variance.shape == (7, model.config.z)
    assert density.kl_per_dimension(x, generator=torch.Generator().manual_seed(0)).shape == (7, model.config.z)
    assert density.encode(x).shape == model.sample_prior(7).shape


def test_a_mixtures_components_are_its_prior() -> None:
    players = [name for name, family in FAMILIES.items() if family.plays(Mixture)]
    assert players
    for name in players:
        model = role(small_model(name), Mixture)
        assert model is not None
        means, variances = model.components()
        assert means.shape == variances.shape == (model.config.k, model.config.z)
        shares = model.responsibilities(torch.rand(7, model.config.pixels).round())
        torch.testing.assert_close(shares.sum(-1), torch.ones(7))


def test_shapes_in_annotations_are_checked() -> None:
    """The tests' import hook refuses what the annotation of a method forbids."""
    model = small_model("vae")
    density = density_of(model, None)
    with pytest.raises(Exception, match="posterior"):
        density.posterior(torch.zeros(3, 7, 16))


def test_what_has_no_density_says_so() -> None:
    with pytest.raises(ValueError, match="no density"):
        density_of(nn.Identity(), None)
