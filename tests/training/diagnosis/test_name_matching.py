from models.recognition.layouts import homework_layout, shapes_of
from models.registry import FAMILIES
from models.vae import VAEConfig
from training.diagnosis.name_matching import is_optimiser_name, lay_on, module_of, nearest, network_of, normalises

VAE = FAMILIES["vae"]
SHAPES = dict(shapes_of(VAE, VAEConfig(z=5, hidden=(11, 13), pixels=16)))


def test_a_file_that_loads_costs_nothing() -> None:
    found = lay_on(homework_layout(VAE), SHAPES)
    assert (found.cost, found.extra) == (0, ())
    assert all(name == theirs for name, theirs in found.found.items())
    assert nearest(SHAPES).layout.family.name == "vae", "and of families that are as good the first is taken"


def test_layers_are_matched_by_their_order() -> None:
    other = {name.replace("enc.net.", "Encoder.l"): shape for name, shape in SHAPES.items()}
    found = lay_on(homework_layout(VAE), other)
    assert found.found["enc.net.4.bias"] == "Encoder.l4.bias"
    assert found.extra == ()
    assert 0 < found.cost < 3


def test_a_vector_that_happens_to_have_the_length_is_no_bias() -> None:
    other = {name: shape for name, shape in SHAPES.items() if name != "dec.net.4.bias"} | {"spare": (16,)}
    found = lay_on(homework_layout(VAE), other)
    assert "dec.net.4.bias" not in found.found
    assert found.extra == ("spare",)


def test_words_of_names() -> None:
    assert (module_of("enc.net.0.weight"), network_of("enc.net.0.weight"), network_of("z_pre")) == (
        "enc.net.0",
        "enc",
        "",
    )
    assert is_optimiser_name("0.exp_avg_sq")
    assert not is_optimiser_name("enc.net.0.weight")
    assert normalises("a.weight", {"a.weight": (3,), "a.running_mean": (3,)})
    assert not normalises("a.weight", {"a.weight": (3,)})
