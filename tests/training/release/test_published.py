from models.registry import PRESETS
from training.release.published import ACCURACIES, REFERENCES, models_with_bounds


def test_every_published_number_belongs_to_a_preset() -> None:
    assert {entry.model for entry in REFERENCES} | {entry.model for entry in ACCURACIES} <= PRESETS.keys()
    assert models_with_bounds() == sorted(models_with_bounds(), key=list(PRESETS).index)


def test_published_terms_add_up_as_far_as_they_are_rounded() -> None:
    for entry in REFERENCES:
        assert abs(entry.nelbo - entry.kl - entry.rec) < 0.02
        assert list(entry.niwae.values()) == sorted(entry.niwae.values(), reverse=True)


def test_no_source_has_two_rows_for_one_model() -> None:
    bounds = [(entry.source, entry.model) for entry in REFERENCES]
    accuracies = [(entry.source, entry.model) for entry in ACCURACIES]
    assert len(set(bounds)) == len(bounds)
    assert len(set(accuracies)) == len(accuracies)
