import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.registry import FAMILIES
from tests.small_models import small_model
from training.diagnosis.findings import Diagnosis, Layer, diagnose

State = dict[str, Tensor]


def state_of(family: str = "vae") -> State:
    """A small model: 16 pixels (48 or 192 in colour), hidden layers of 11 and 13, z = 5."""
    model: Any = small_model(family)
    return {name: value.clone() for name, value in model.state_dict().items()}


def diagnosed(tensors: Mapping[str, Tensor]) -> Diagnosis:
    """The diagnosis of what must not load: every sentence one line, the verdict no guess at nothing."""
    found = diagnose(tensors, "mine.pt")
    assert not found.fits
    assert found.verdict.startswith("mine.pt ")
    for sentence in (found.verdict, *found.notes):
        assert sentence.isprintable()
        assert sentence.endswith(".")
    json.dumps(found.as_json(), allow_nan=False)
    return found


def meaning(found: Diagnosis, name: str) -> str:
    (layer,) = [layer for layer in found.layers if layer.name == name]
    return layer.meaning


class TestFits:
    @pytest.mark.parametrize("name", FAMILIES)
    def test_every_familys_homework_model(self, name: str) -> None:
        family = FAMILIES[name]
        with torch.device("meta"):
            blank = family.build(family.presets[0].model).state_dict()
        found = diagnose({key: torch.full(value.shape, 1 / 500) for key, value in blank.items()}, "mine.pt")
        assert found.fits
        assert found.nearest.name == ("vae" if name == "beta-vae" else name)
        assert found.verdict.endswith("sizes: it loads.")
        assumed = "The file does not say the variance of p(x|z), and no shape tells it."
        assert [note[: len(assumed)] for note in found.notes] == [assumed] * bool(
            family.presets[0].model.free_numbers()
        )
        assert [layer.name for layer in found.layers] == list(blank)
        assert all(layer.expected == layer.found and layer.meaning == "" for layer in found.layers)

    @pytest.mark.parametrize("name", ["vae", "gmvae", "ssvae", "fsvae", "fsvae-conv"])
    def test_other_sizes_are_notes_and_no_errors(self, name: str) -> None:
        found = diagnose(state_of(name), "mine.pt")
        assert found.fits
        assert found.nearest.name == name
        assert all(layer.meaning == "" for layer in found.layers)
        assert any(note.startswith("z = 5, not ") for note in found.notes)
        assert "its sizes are not" in found.verdict

    def test_one_hidden_size(self) -> None:
        family = FAMILIES["vae"]
        state = family.fresh(family.config.model_validate({"hidden": (40, 40)}), seed=0).state_dict()
        found = diagnose(state, "mine.pt")
        assert found.notes == ["hidden size 40, not 300: it loads, but is not the homework's network."]
        assert Layer("enc.net.0.weight", (300, 784), (40, 784)) in found.layers

    def test_what_the_file_says_of_itself_identifies_a_beta_vae(self) -> None:
        config = FAMILIES["beta-vae"].presets[0].model
        state = FAMILIES["beta-vae"].fresh(config, seed=0).state_dict()
        facts = {"family": "beta-vae", "config": config.model_dump_json()}
        assert diagnose(state, "mine.pt").nearest.title == "VAE"
        assert diagnose(state, "mine.pt", facts).nearest.title == "beta-VAE"

    def test_what_is_beside_the_weights(self) -> None:
        state = {"module." + name: value.double() for name, value in state_of().items()}
        extra = {"y_prior": torch.ones(10), "bn.running_var": torch.ones(7), "0.exp_avg": torch.ones(11, 16)}
        state["module.dec.net.2.weight"] *= 1e6
        found = diagnose(state | extra, "mine.pt")
        assert not found.fits  # its network is normalised, and the homework's is not
        assert "bn.running_var" in found.verdict
        notes = " ".join(found.notes)
        assert "no such tensors: y_prior" in notes
        assert "BatchNorm" in notes
        assert "An optimiser's averages, and no weights: 0.exp_avg." in notes
        assert "Stored as float64 and read as float32" in notes
        assert "Absurdly large values, as where a training diverges: dec.net.2.weight (up to 2" in notes
        assert "Its names begin with module." in notes

    def test_a_gmvae_without_its_mixture_is_a_plain_vae(self) -> None:
        state = state_of("gmvae")
        del state["z_pre"]
        found = diagnose(state, "mine.pt")
        assert (found.fits, found.nearest.title) == (False, "VAE")
        assert "(pi)" in found.verdict
        assert "pi belongs to a GMVAE, but z_pre is not in the file: without it this is a plain VAE." in found.notes
        assert "Not in the file: z_prior_m, z_prior_v; fixed values are used." in found.notes


Edit = Callable[[State], Any]


def put(**tensors: Tensor) -> Edit:
    return lambda state: state.update({name.replace("__", "."): value for name, value in tensors.items()})


def drop(*names: str) -> Edit:
    return lambda state: [state.pop(name) for name in names]


NAN = torch.zeros(11, 16)
NAN[3, 5] = NAN[4, 7] = torch.nan
MEANINGS: dict[str, tuple[str, Edit, str, str]] = {
    "z, not 2 z": (
        "vae",
        put(enc__net__4__weight=torch.zeros(5, 13), enc__net__4__bias=torch.zeros(5)),
        "enc.net.4.weight",
        "your encoder outputs z, not 2z: mean and variance are not split",
    ),
    "neither z nor 2 z": (
        "gmvae",
        put(enc__net__4__weight=torch.zeros(7, 13), enc__net__4__bias=torch.zeros(7)),
        "enc.net.4.bias",
        "the encoder outputs 7 numbers, not 2z = 10: a mean and a variance for each dimension of z",
    ),
    "hidden size": (
        "vae",
        put(dec__net__0__weight=torch.zeros(17, 5), dec__net__0__bias=torch.zeros(17)),
        "dec.net.0.bias",
        "the decoder has hidden size 17 here, where 11 is expected",
    ),
    "transposed": (
        "vae",
        put(enc__net__0__weight=torch.zeros(16, 11)),
        "enc.net.0.weight",
        "transposed: nn.Linear stores (outputs, inputs)",
    ),
    "a layer missing": (
        "vae",
        drop("enc.net.2.weight", "enc.net.2.bias"),
        "enc.net.2.weight",
        "not in the file: save the whole model.state_dict()",
    ),
    "a network missing": (
        "vae",
        lambda state: [state.pop(name) for name in list(state) if name.startswith("dec")],
        "dec.net.2.bias",
        "not in the file, like all of the decoder: save the whole model.state_dict()",
    ),
    "a bias missing": (
        "vae",
        drop("dec.net.4.bias"),
        "dec.net.4.bias",
        "not in the file: this layer was made with bias=False",
    ),
    "a layer too many at the end": (
        "vae",
        put(enc__net__6__weight=torch.zeros(3, 7)),
        "enc.net.6.weight",
        "one layer more than the homework's",
    ),
    "BatchNorm": (
        "vae",
        put(enc__net__1__running_mean=torch.zeros(11), enc__net__1__weight=torch.ones(11)),
        "enc.net.1.weight",
        "BatchNorm: the homework's networks have no normalisation",
    ),
    "another network": ("vae", put(enc__fc=torch.zeros(3)), "enc.fc", "no part of a VAE"),
    "convolution": (
        "vae",
        put(enc__net__0__weight=torch.zeros(11, 1, 4, 4)),
        "enc.net.0.weight",
        "a convolution's weight of 4 axes, where nn.Linear has (outputs, inputs)",
    ),
    "axes": ("vae", put(dec__net__4__bias=torch.zeros(16, 1)), "dec.net.4.bias", "2 axes, where there must be 1 axis"),
    "decoder with the label": (
        "vae",
        put(dec__net__0__weight=torch.zeros(11, 15)),
        "dec.net.0.weight",
        "the decoder takes z with a label of 10, and that of a VAE takes z alone",
    ),
    "decoder without the label": (
        "ssvae",
        put(dec__net__0__weight=torch.zeros(11, 5)),
        "dec.net.0.weight",
        "the decoder takes z without the label: join the two, 15 numbers in all",
    ),
    "decoder without the label, in colour": (
        "fsvae",
        put(dec__net__0__weight=torch.zeros(11, 5)),
        "dec.net.0.weight",
        "the decoder takes z without the label: join the two, 15 numbers in all",
    ),
    "encoder without the label": (
        "ssvae",
        put(enc__net__0__weight=torch.zeros(11, 16)),
        "enc.net.0.weight",
        "the encoder takes the image without the label: join the two, 26 numbers in all",
    ),
    "classifier's labels": (
        "ssvae",
        put(cls__net__4__weight=torch.zeros(12, 13), cls__net__4__bias=torch.zeros(12)),
        "cls.net.4.weight",
        "the classifier has 12 labels, not 10",
    ),
    "classifier's hidden size": (
        "ssvae",
        put(
            cls__net__0__weight=torch.zeros(17, 16),
            cls__net__0__bias=torch.zeros(17),
            cls__net__2__weight=torch.zeros(13, 17),
        ),
        "cls.net.2.weight",
        "the classifier has hidden size 17 here, where 11 is expected",
    ),
    "mixture's shape": (
        "gmvae",
        put(z_pre=torch.zeros(7, 5)),
        "z_pre",
        "z_pre must be (1, 2k, z), here (1, 1000, 5): k means, then k variances",
    ),
    "whole numbers": (
        "vae",
        put(enc__net__2__bias=torch.zeros(13, dtype=torch.int64)),
        "enc.net.2.bias",
        "stored as int64, where float32 is needed",
    ),
    "complex numbers": (
        "vae",
        put(enc__net__2__bias=torch.zeros(13, dtype=torch.complex64)),
        "enc.net.2.bias",
        "stored as complex64, where float32 is needed",
    ),
    "sparse": (
        "vae",
        put(enc__net__0__weight=torch.eye(11, 16).to_sparse()),
        "enc.net.0.weight",
        "stored as something else than plain numbers: save float32 tensors",
    ),
    "diverged": (
        "vae",
        put(enc__net__0__weight=NAN),
        "enc.net.0.weight",
        "2 of its 176 values are not finite numbers: this training had diverged",
    ),
}


@pytest.mark.parametrize("case", MEANINGS)
def test_what_does_not_fit_is_said_in_words(case: str) -> None:
    family, edit, name, words = MEANINGS[case]
    state = state_of(family)
    edit(state)
    found = diagnosed(state)
    assert found.nearest.name == family
    assert meaning(found, name) == words
    assert words in found.verdict
    faults = [layer.name for layer in found.layers if layer.meaning == words]
    assert all(name.rpartition(".")[0] == fault.rpartition(".")[0] for fault in faults) or len(faults) <= 6


def test_the_homeworks_sizes_with_an_encoder_that_outputs_z() -> None:
    state = FAMILIES["vae"].fresh(FAMILIES["vae"].presets[0].model, seed=0).state_dict()
    state |= {"enc.net.4.weight": torch.zeros(10, 300), "enc.net.4.bias": torch.zeros(10)}
    found = diagnosed(state)
    assert [layer for layer in found.layers if layer.meaning] == [
        Layer(f"enc.net.4.{leaf}", (20, *inputs), (10, *inputs), "your encoder outputs z, not 2z: mean and variance "
              "are not split")
        for leaf, inputs in (("weight", (300,)), ("bias", ()))
    ]  # fmt: skip
    assert found.verdict == (
        "mine.pt looks like a VAE, but it does not load: your encoder outputs z, not 2z: mean and variance are not "
        "split (enc.net.4.weight and 1 more)."
    )


def test_all_matrices_transposed() -> None:
    found = diagnosed({name: value.T if value.ndim == 2 else value for name, value in state_of().items()})
    for layer in found.layers:
        assert ("transposed" in layer.meaning) == layer.name.endswith("weight")


def test_a_layer_more_in_the_middle_of_a_network() -> None:
    state = state_of()
    for leaf, more in (("weight", torch.zeros(13, 13)), ("bias", torch.zeros(13))):
        state[f"enc.net.6.{leaf}"], state[f"enc.net.4.{leaf}"] = state[f"enc.net.4.{leaf}"], more
    found = diagnosed(state)
    assert meaning(found, "enc.net.4.weight") == "one layer more than the homework's"
    assert meaning(found, "enc.net.6.weight") == "the homework's enc.net.4.weight, one layer further on"
    assert "one layer more than the homework's" in found.verdict


class TestOtherNames:
    @pytest.mark.parametrize(
        ("ours", "theirs"), [("enc.net.", "encoder."), ("enc.net.", "encoder.layers."), ("dec.net.", "decoder.fc")]
    )
    def test_of_another_style(self, ours: str, theirs: str) -> None:
        found = diagnosed({name.replace(ours, theirs): value for name, value in state_of().items()})
        for number in (0, 2, 4):
            assert meaning(found, f"{theirs}{number}.bias") == f"the same shape as {ours}{number}.bias: rename it"
        assert found.verdict.endswith("is a VAE, but its tensors have other names: rename them as the table says.")

    def test_by_shape_alone_each_used_once(self) -> None:
        names: dict[str, int] = {}
        state = {}
        homework = FAMILIES["vae"].fresh(FAMILIES["vae"].presets[0].model, seed=0).state_dict()
        for name, value in homework.items():
            module, _, leaf = name.rpartition(".")
            number = names.setdefault(module, len(names))
            state[f"fc{number}.{leaf}" if module else name] = value
        found = diagnosed(state)
        layers = [layer for layer in found.layers if layer.meaning]
        assert [layer.name for layer in layers] == [name for name in state if name.startswith("fc")]
        expected = [name for name in homework if "." in name]
        assert [layer.meaning for layer in layers] == [f"the same shape as {name}: rename it" for name in expected]

    def test_without_the_numbers_of_activations(self) -> None:
        state = {name.replace("net.2", "net.1").replace("net.4", "net.2"): v for name, v in state_of().items()}
        found = diagnosed(state)
        assert meaning(found, "dec.net.2.weight") == "the same shape as dec.net.4.weight: rename it"
        assert meaning(found, "dec.net.0.bias") == "hidden sizes 11 and 13, not 300"

    def test_another_name_and_another_shape(self) -> None:
        state = {name.replace("enc.net.", "encoder."): value for name, value in state_of().items()}
        state |= {"encoder.4.weight": torch.zeros(5, 13), "encoder.4.bias": torch.zeros(5)}
        words = meaning(diagnosed(state), "encoder.4.weight")
        assert words == (
            "your encoder outputs z, not 2z: mean and variance are not split; stands where enc.net.4.weight must be: "
            "rename it"
        )


def test_an_optimisers_state() -> None:
    averages = {
        f"{number}.{kind}": value.clone()
        for number, value in enumerate(state_of().values())
        for kind in ("exp_avg", "exp_avg_sq")
    }
    found = diagnosed({**averages, "0.step": torch.tensor(7.0)})
    assert "this is an optimiser's state: it holds Adam's averages and not the weights" in found.verdict
    assert meaning(found, "2.exp_avg").startswith("this is an optimiser's state")


def test_no_model_of_ours() -> None:
    found = diagnosed({f"layer{number}.conv.weight": torch.zeros(4, 3, 3, 3) for number in range(500)})
    assert "is none of the models known here: the nearest is a VAE, and it has 0 of its 12 tensors" in found.verdict
    assert len(found.layers) == 300 + 12
    assert found.notes[-1] == "The table leaves out 200 of the 500 tensors."
    assert "holds no tensors" in diagnosed({}).verdict


def test_names_that_are_not_meant_for_a_screen() -> None:
    found = diagnosed({"\x1b[2J\n" + "x" * 9999: torch.zeros(1), "module." * 5000 + "a": torch.zeros(2)})
    assert all(layer.name.isprintable() and len(layer.name) <= 60 for layer in found.layers)


def test_a_convolution_without_channels() -> None:
    state = state_of("fsvae-conv")
    state["enc.conv.4.weight"] = torch.zeros(0, 3, 4, 4)
    assert diagnosed(state).nearest.name == "fsvae-conv"


def tensors() -> st.SearchStrategy[Tensor]:
    shapes = st.lists(st.sampled_from([0, 1, 5, 10, 11, 13, 16]), max_size=4)
    kinds = [torch.float32, torch.float16, torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn, torch.uint16]
    wheres = ["cpu", "meta"]

    def made(shape: list[int], kind: torch.dtype, where: str, fill: float) -> Tensor:
        return torch.full(shape, fill, device=where).to(kind)

    return st.builds(
        made, shapes, st.sampled_from(kinds), st.sampled_from(wheres), st.sampled_from([0.0, 1e9, torch.nan, torch.inf])
    )


KNOWN_NAMES = sorted({name for family in FAMILIES for name in state_of(family)})


@pytest.mark.no_cover  # tracing takes longer than the test
@settings(max_examples=60)
@given(
    st.sampled_from(sorted(FAMILIES)),
    st.dictionaries(st.one_of(st.sampled_from(KNOWN_NAMES), st.text(max_size=12)), tensors(), max_size=9),
    st.sets(st.sampled_from(KNOWN_NAMES)),
    st.booleans(),
)
def test_never_raises(family: str, strange: State, lost: set[str], alone: bool) -> None:
    state = {} if alone else {name: value for name, value in state_of(family).items() if name not in lost}
    found = diagnose(state | strange, "mine.pt")
    assert found.verdict.startswith("mine.pt ")
    assert found.verdict.endswith(".")
    assert not (found.fits and any(layer.meaning for layer in found.layers))
    json.dumps(found.as_json(), allow_nan=False)
