from models.registry import FAMILIES
from pages.draw.palette import CROSS_ENTROPY, KL_Z, NELBO, RECONSTRUCTION
from pages.kit.formulas import coloured

VAE = FAMILIES["vae"]


def test_marked_parts_take_their_quantities_colours() -> None:
    assert coloured(r"\term{kl}{\mathrm{KL}} + x") == rf"\textcolor{{{KL_Z.color}}}{{\mathrm{{KL}}}} + x"
    assert coloured("x = y") == "x = y"


def test_the_nelbo_is_the_sum_of_its_coloured_terms() -> None:
    shown = coloured(VAE.nelbo)
    places = [shown.index(rf"\textcolor{{{each.color}}}") for each in (NELBO, RECONSTRUCTION, KL_Z)]
    assert places == sorted(places)


def test_no_mark_is_left_in_any_familys_formulas() -> None:
    for family in FAMILIES.values():
        loss = family.loss(family.default_preset.model)
        assert "term" not in coloured(family.nelbo + family.sampling + family.prior + loss)


def test_the_weight_of_labels_is_written_before_the_cross_entropy() -> None:
    family = FAMILIES["ssvae"]
    shown = coloured(family.loss(family.config.model_validate({"class_weight": 7})))
    assert rf"7\cdot \textcolor{{{CROSS_ENTROPY.color}}}" in shown
