import pytest

from models.recognition.layouts import Length, every_layout, homework_layout, shapes_of, sizes_of
from models.registry import FAMILIES


def test_every_family_has_a_layout_and_sizes_make_its_shapes() -> None:
    layouts = list(every_layout())
    assert [layout.family.name for layout in layouts] == list(FAMILIES)
    for layout in layouts:
        assert layout.shapes == shapes_of(layout.family, layout.preset.model)
        assert {
            name: tuple(length.at(layout.sizes) for length in lengths) for name, lengths in layout.lengths.items()
        } == layout.shapes


def test_lengths_are_sums_of_sizes() -> None:
    vae, ssvae = (homework_layout(FAMILIES[name]) for name in ("vae", "ssvae"))
    assert vae.lengths["enc.net.4.bias"] == (Length(0, {"z": 2}),)
    assert vae.lengths["enc.net.2.weight"] == (Length(0, {"hidden.1": 1}), Length(0, {"hidden.0": 1}))
    assert ssvae.lengths["dec.net.0.weight"][1] == Length(0, {"z": 1, "y": 1})
    assert homework_layout(FAMILIES["fsvae"]).lengths["enc.net.0.weight"][1] == Length(10, {"pixels": 1})
    assert homework_layout(FAMILIES["gmvae"]).lengths["z_pre"][1:] == (Length(0, {"k": 2}), Length(0, {"z": 1}))
    assert vae.constants == {"z_prior_m", "z_prior_v"}


@pytest.mark.parametrize(
    ("family", "sizes"),
    [
        ("vae", {"z": 5, "hidden": (11, 13), "pixels": 16}),
        ("gmvae", {"z": 5, "hidden": (11, 13), "pixels": 16, "k": 7}),
        ("ssvae", {"z": 5, "hidden": (11, 13), "pixels": 16, "y": 7}),
        ("fsvae", {"z": 5, "hidden": (11, 13), "pixels": 48}),
        ("fsvae-conv", {"z": 5, "channels": (2, 3, 4), "width": 7}),
    ],
)
def test_sizes_are_found_from_shapes(family: str, sizes: dict[str, object]) -> None:
    config = FAMILIES[family].config.model_validate(sizes)
    layout = homework_layout(FAMILIES[family])
    fitted, cost = layout.fitted(shapes_of(FAMILIES[family], config))
    found = sizes_of(fitted)
    assert {size: found[size] for size in layout.sizes} == {size: sizes_of(config)[size] for size in layout.sizes}
    assert cost == 0


def test_sizes_that_no_config_allows_are_the_homeworks() -> None:
    layout = homework_layout(FAMILIES["vae"])
    fitted, cost = layout.fitted({"dec.net.4.bias": (17,), "dec.net.0.weight": (11, 5)})
    assert (sizes_of(fitted)["pixels"], sizes_of(fitted)["z"]) == (784, 5)
    assert cost == 1
