from itertools import groupby

import pytest
import torch

from models.contract import Batch
from models.description.terms import SHARED, Term
from models.registry import FAMILIES
from tests.small_models import small_model

TERMS = [entry for family in FAMILIES.values() for entry in family.terms]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_familys_terms_are_what_its_models_report(name: str) -> None:
    model = small_model(name)
    x, y = torch.rand(7, model.config.pixels).round(), torch.arange(7)
    batch = Batch(x, y, x[:3], y[:3])
    reported = {*model.objective(batch).reported, *model.diagnose(batch)}
    assert {entry.name for entry in FAMILIES[name].terms} == reported


@pytest.mark.parametrize("name", FAMILIES)
def test_every_term_has_a_text_that_is_true_of_the_familys_images(name: str) -> None:
    for entry in FAMILIES[name].terms:
        text = entry.help_for(FAMILIES[name].images)
        assert len(text.split()) >= 8
        if FAMILIES[name].images == "colour":  # a density of colours has no coin flips in 784 pixels
            assert not any(words in text for words in ("545", "543", "784", "−log p(x):", "−log p(x)."))


def test_one_name_is_one_term() -> None:
    for name, entries in groupby(sorted(TERMS, key=lambda entry: entry.name), key=lambda entry: entry.name):
        same = list(entries)
        assert all(entry == same[0] for entry in same), name
    assert {entry.name for entry in SHARED} <= {entry.name for entry in TERMS}


def test_terms_of_one_chart_share_their_unit() -> None:
    for chart in {entry.chart for entry in TERMS}:
        assert len({entry.unit for entry in TERMS if entry.chart == chart}) == 1


def test_a_text_for_each_kind_of_images_differs_from_one_for_all() -> None:
    both = Term("t", "T", "kl", "nats", "t", {"binary": "of bits", "colour": "of colours"})
    assert (both.help_for("binary"), both.help_for("colour")) == ("of bits", "of colours")
    assert Term("t", "T", "kl", "nats", "t", "of all").help_for("colour") == "of all"
