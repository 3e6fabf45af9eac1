import io
import json
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from models import vae
from models.contract import NormalPrior
from models.fsvae import FSVAEConfig
from models.gmvae import GMVAEConfig
from models.registry import FAMILIES
from models.vae import VAEConfig
from tests.small_models import small_model
from training.checkpoints.reading import Checkpoint, load_checkpoint, weights_file, write_safetensors
from training.system.errors import UserError

State = dict[str, Tensor]


@pytest.fixture
def state(small: VAEConfig) -> State:
    """The tensors of the small VAE under seed 0: those in `small_file`."""
    return dict(vae.FAMILY.fresh(small, seed=0).state_dict())


def refusal(path: Path) -> str:
    """The sentence with which a file is refused: one line, ended by a full stop, naming the file."""
    with pytest.raises(UserError) as caught:
        load_checkpoint(path)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 400
    return sentence


def same(loaded: Checkpoint, state: State) -> bool:
    return loaded.state.keys() == state.keys() and all(
        torch.equal(value, loaded.state[name]) for name, value in state.items()
    )


class Homework(nn.Module):
    """The homework's own shape of a VAE, in plain torch: what a student loads our file into."""

    def __init__(self, pixels: int, first: int, second: int, z: int) -> None:
        super().__init__()

        def mlp(inputs: int, outputs: int) -> nn.Module:
            layers = [
                nn.Linear(inputs, first),
                nn.ELU(),
                nn.Linear(first, second),
                nn.ELU(),
                nn.Linear(second, outputs),
            ]
            return nn.ModuleDict({"net": nn.Sequential(*layers)})

        self.enc, self.dec = mlp(pixels, 2 * z), mlp(z, pixels)
        self.z_prior_m = nn.Parameter(torch.zeros(1), requires_grad=False)
        self.z_prior_v = nn.Parameter(torch.ones(1), requires_grad=False)


def homework_module() -> Homework:
    return Homework(16, 11, 13, 5)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("own", [True, False], ids=["ours", "stranger's"])
def test_the_file_of_every_family_differs_from_the_others(tmp_path: Path, name: str, own: bool) -> None:
    """A file of our own says what it is; a stranger's is recognised by names and shapes alone."""
    family = FAMILIES[name]
    config = family.presets[0].model
    state = family.fresh(config, seed=0).state_dict()
    file = tmp_path / ("model.safetensors" if own else "model.pt")
    if own:
        write_safetensors(file, state, family=family.name, config=config, step=1)
    else:
        torch.save(state, file)
    loaded = load_checkpoint(file)
    assert same(loaded, state)
    if own:
        assert (loaded.family, loaded.config) == (family, config)
    else:
        assert loaded.family.name == ("vae" if name == "beta-vae" else name)


def test_an_fsvae_whose_networks_contradict_each_other_is_named_as_one(tmp_path: Path) -> None:
    state = FAMILIES["fsvae"].fresh(FSVAEConfig(z=5, hidden=(11, 13), pixels=48), seed=0).state_dict()
    state["dec.net.0.weight"] = torch.zeros(11, 14)
    torch.save(state, tmp_path / "model.pt")
    assert (
        "looks like an FSVAE, but dec.net.0.weight has shape (11, 14) where its other layers ask for (11, 15)"
        in refusal(tmp_path / "model.pt")
    )


class TestWhereWeightsAre:
    def test_a_safetensors_file(self, small_file: Path, small: VAEConfig, state: State) -> None:
        loaded = load_checkpoint(small_file)
        assert same(loaded, state)
        assert (loaded.name, loaded.family.name, loaded.config, loaded.step) == ("small", "vae", small, 19)
        assert (loaded.file, loaded.ignored) == (small_file, ())

    @pytest.mark.parametrize("name", ["checkpoint.safetensors", "model.safetensors"])
    def test_a_run_folder_or_a_pretrained_one(self, small_file: Path, tmp_path: Path, name: str, state: State) -> None:
        folder = tmp_path / "vae-7"
        folder.mkdir()
        shutil.copyfile(small_file, folder / name)
        loaded = load_checkpoint(folder)
        assert same(loaded, state)
        assert (loaded.name, weights_file(folder)) == ("vae-7", folder / name)
        assert load_checkpoint(str(folder)).sha256 == load_checkpoint(small_file).sha256

    def test_nothing_there(self, tmp_path: Path) -> None:
        assert "There is no checkpoint at" in refusal(tmp_path / "missing.pt")
        assert "There is no checkpoint at" in refusal(tmp_path / "new\nline.pt")
        (tmp_path / "empty").mkdir()
        assert "holds no weights" in refusal(tmp_path / "empty")

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="Windows has no devices among its files")
    def test_what_is_no_file(self) -> None:
        assert "is no file" in refusal(Path("/dev/zero"))

    def test_too_long_a_name(self) -> None:
        assert "There is no checkpoint at" in refusal(Path("a" * 5000))


class TestWhatItLearnedFrom:
    def test_the_file_says_so_itself(self, tmp_path: Path, small: VAEConfig, state: State) -> None:
        file = tmp_path / "a.safetensors"
        write_safetensors(file, state, family="vae", config=small, step=19, data="mnist-sample")
        assert load_checkpoint(file).data == "mnist-sample"

    @pytest.mark.parametrize(
        ("weights", "beside"), [("checkpoint.safetensors", "config.json"), ("model.safetensors", "card.json")]
    )
    def test_the_folder_says_so_for_files_that_do_not(
        self, small_file: Path, tmp_path: Path, weights: str, beside: str
    ) -> None:
        folder = tmp_path / "a-run"
        folder.mkdir()
        shutil.copyfile(small_file, folder / weights)
        (folder / beside).write_text('{"data": "mnist-sample"}')
        assert load_checkpoint(folder).data == "mnist-sample"

    @pytest.mark.parametrize("said", ["", "svhn", "cifar", "/etc/passwd"])
    def test_nobody_says_so_or_what_cannot_be(self, tmp_path: Path, small: VAEConfig, state: State, said: str) -> None:
        file = tmp_path / "a.safetensors"
        write_safetensors(file, state, family="vae", config=small, step=19, data=said)
        assert load_checkpoint(file).data == "mnist"

    def test_a_stranger_in_colour(self, svhn_file: Path) -> None:
        assert load_checkpoint(svhn_file).data == "svhn"


class TestStrangersFiles:
    @pytest.mark.parametrize("zipped", [True, False], ids=["zip", "2018"])
    @pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "model_state_dict"])
    @pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod."])
    def test_what_torch_saved(
        self, tmp_path: Path, state: State, zipped: bool, wrapper: str | None, prefix: str
    ) -> None:
        content: dict[str, Any] = {prefix + name: value for name, value in state.items()}
        if wrapper:
            content = {"epoch": 3, wrapper: content, "loss": torch.tensor(101.4)}
        file = tmp_path / "model-20000.pt"
        torch.save(content, file, _use_new_zipfile_serialization=zipped)
        loaded = load_checkpoint(file)
        assert same(loaded, state)
        assert loaded.name == "model-20000"

    def test_a_homework_modules_own_state(self, tmp_path: Path) -> None:
        torch.manual_seed(3)
        student = homework_module()
        torch.save(student.state_dict(keep_vars=True), tmp_path / "model.pt")
        assert same(load_checkpoint(tmp_path / "model.pt"), dict(student.state_dict()))

    def test_extra_tensors_are_left_out_and_named(self, tmp_path: Path, state: State) -> None:
        extra = {"y_prior": torch.ones(10), "x_v": torch.tensor(0.1), "count": torch.tensor(3)}
        torch.save(state | extra, tmp_path / "model.pt")
        loaded = load_checkpoint(tmp_path / "model.pt")
        assert same(loaded, state)
        assert loaded.ignored == ("count", "x_v", "y_prior")

    def test_a_prior_that_a_file_lacks_is_the_standard_one(self, tmp_path: Path, state: State) -> None:
        bare = {name: value for name, value in state.items() if not name.startswith("z_prior")}
        torch.save(bare, tmp_path / "model.pt")
        assert same(load_checkpoint(tmp_path / "model.pt"), state)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
    def test_any_precision_is_read_as_float32(self, tmp_path: Path, state: State, dtype: torch.dtype) -> None:
        stored = {name: value.to(dtype) for name, value in state.items()}
        torch.save(stored, tmp_path / "model.pt")
        safetensors.torch.save_file(stored, tmp_path / "model.safetensors")
        for file in ("model.pt", "model.safetensors"):
            loaded = load_checkpoint(tmp_path / file)
            assert {value.dtype for value in loaded.state.values()} == {torch.float32}
            assert same(loaded, {name: value.float() for name, value in stored.items()})

    @pytest.mark.parametrize(
        "config", [VAEConfig(z=2), VAEConfig(z=37, hidden=(17, 19)), VAEConfig(z=1, hidden=(3, 2), pixels=4)], ids=str
    )
    def test_other_sizes_are_recognised(self, tmp_path: Path, config: VAEConfig) -> None:
        expected = dict(vae.FAMILY.fresh(config, seed=0).state_dict())
        torch.save(expected, tmp_path / "model.pt")
        loaded = load_checkpoint(tmp_path / "model.pt")
        assert loaded.config == config
        assert same(loaded, expected)

    def test_safetensors_of_any_name_and_without_metadata(self, tmp_path: Path, state: State) -> None:
        safetensors.torch.save_file(state, tmp_path / "weights.bin")
        loaded = load_checkpoint(tmp_path / "weights.bin")
        assert same(loaded, state)
        assert loaded.step is None


class TestBuild:
    def test_gives_the_model_ready_to_measure(self, small_file: Path, state: State) -> None:
        model: Any = load_checkpoint(small_file).model
        assert not model.training
        assert not any(value.requires_grad for value in model.parameters())
        assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
        assert model.decode_mean(torch.zeros(3, 5)).shape == (3, 16)


class TestWrite:
    def test_a_plain_torch_program_gets_the_same_numbers(self, small_file: Path) -> None:
        student = homework_module()
        student.load_state_dict(safetensors.torch.load_file(small_file))
        ours: Any = load_checkpoint(small_file).model
        x = torch.randint(0, 2, (7, 16), generator=torch.Generator().manual_seed(0)).float()
        h = student.enc["net"](x)  # type: ignore[index]
        assert torch.equal(ours.posterior(x).mean, h[:, :5])
        assert torch.equal(ours.decode(h[:, :5]), student.dec["net"](h[:, :5]))  # type: ignore[index]

    def test_a_write_that_breaks_off_keeps_the_last_checkpoint(
        self, small_file: Path, small: VAEConfig, state: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = small_file.read_bytes()

        def power_cut(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", power_cut)
        changed = {name: value + 1 for name, value in state.items()}
        with pytest.raises(OSError, match="No space left"):
            write_safetensors(small_file, changed, family="vae", config=small, step=20)
        assert small_file.read_bytes() == before

    def test_views_and_trained_parameters_are_written_whole(
        self, tmp_path: Path, small: VAEConfig, state: State
    ) -> None:
        turned = {name: value.t().contiguous().t() if value.ndim == 2 else value for name, value in state.items()}
        write_safetensors(tmp_path / "m.safetensors", turned, family="vae", config=small, step=0)
        assert same(load_checkpoint(tmp_path / "m.safetensors"), state)


Damage = Callable[[bytes], bytes]


def saved(state: State, kind: str) -> bytes:
    if kind == "safetensors":
        return safetensors.torch.save(state)
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=kind == "zip")
    return buffer.getvalue()


every_format = pytest.mark.parametrize("kind", ["safetensors", "zip", "2018"])


class TestHostileFiles:
    @every_format
    def test_damaged_anywhere(self, tmp_path: Path, state: State, kind: str) -> None:
        content, file = saved(state, kind), tmp_path / "damaged"
        lengths = {0, 1, 4, 7, 8, 9, 10, 63, 64, 65, 100, 511, len(content) - 1}
        for length in sorted(lengths | set(range(0, len(content), len(content) // 23))):
            file.write_bytes(content[:length])
            refusal(file)

    @every_format
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def test_a_flipped_bit_is_refused_or_gives_finite_weights(
        self, tmp_path: Path, state: State, kind: str, where: float, bit: int
    ) -> None:
        content = bytearray(saved(state, kind))
        content[int(where * len(content))] ^= 1 << bit
        file = tmp_path / "flipped"
        file.write_bytes(content)
        try:
            loaded = load_checkpoint(file)
        except UserError:
            return
        assert all(bool(value.isfinite().all()) for value in loaded.state.values())

    def test_a_zip_that_says_it_spans_two_disks(self, tmp_path: Path, state: State) -> None:
        content = bytearray(saved(state, "zip"))
        locator = content.rfind(b"PK\x06\x07")
        content[locator + 16] = 2  # disks in all, in the locator of the zip64 record
        (tmp_path / "model.pt").write_bytes(content)
        assert "cannot be read" in refusal(tmp_path / "model.pt")

    def test_an_empty_file_or_a_text(self, tmp_path: Path) -> None:
        (tmp_path / "model.pt").write_bytes(b"")
        assert "cannot be read as weights" in refusal(tmp_path / "model.pt")
        (tmp_path / "model.safetensors").write_text("weights go here\n" * 9)
        assert "cannot be read as weights" in refusal(tmp_path / "model.safetensors")

    @pytest.mark.parametrize("protocol", [0, 2, 4])
    def test_a_pickle_that_would_run_code_does_not(self, tmp_path: Path, state: State, protocol: int) -> None:
        trace = tmp_path / "ran"

        class Hostile:
            def __reduce__(self) -> tuple[Any, ...]:
                return Path.touch, (trace,)

        pickle.loads(pickle.dumps(Hostile(), protocol))
        assert trace.exists(), "the pickle must be one that would run"
        trace.unlink()
        for name, content in {
            "bare.pt": pickle.dumps(Hostile(), protocol),
            "zip.pt": self.torch_saved({**state, "x": Hostile()}, zipped=True),
            "2018.pt": self.torch_saved({**state, "x": Hostile()}, zipped=False),
        }.items():
            (tmp_path / name).write_bytes(content)
            assert re.search(r"asks to run pathlib[\w.]*\.Path\.touch when it is opened", refusal(tmp_path / name))
            assert not trace.exists()

    @staticmethod
    def torch_saved(content: object, *, zipped: bool) -> bytes:
        buffer = io.BytesIO()
        torch.save(content, buffer, _use_new_zipfile_serialization=zipped)
        return buffer.getvalue()

    @pytest.mark.parametrize("zipped", [True, False], ids=["zip", "2018"])
    def test_a_whole_pickled_module(self, tmp_path: Path, zipped: bool) -> None:
        torch.save(homework_module(), tmp_path / "model.pt", _use_new_zipfile_serialization=zipped)
        sentence = refusal(tmp_path / "model.pt")
        assert "is a whole pickled module (" in sentence
        assert "Homework)" in sentence
        assert "torch.save(model.state_dict(), path)" in sentence

    @pytest.mark.parametrize("wrapped", [False, True])
    def test_an_optimisers_state_alone(self, tmp_path: Path, wrapped: bool) -> None:
        student = homework_module()
        adam = torch.optim.Adam(student.parameters())
        student.enc["net"](torch.zeros(1, 16)).sum().backward()  # type: ignore[index]
        adam.step()
        torch.save({"optimizer": adam.state_dict()} if wrapped else adam.state_dict(), tmp_path / "model.pt")
        assert "is an optimiser's state: it holds Adam's averages and not the weights" in refusal(tmp_path / "model.pt")

    def test_a_scripted_module_without_a_warning(self, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
        with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
            archive.writestr("model/constants.pkl", pickle.dumps(()))
            archive.writestr("model/data.pkl", pickle.dumps({}))
            archive.writestr("model/version", "3\n")
        assert "cannot be read as weights" in refusal(tmp_path / "model.pt")
        assert [str(warning.message) for warning in recwarn] == []

    @pytest.mark.parametrize(
        "content", [[1, 2], {}, {"epoch": 3}, torch.zeros(3), {"state_dict": {"epoch": 3}}], ids=str
    )
    def test_no_state_dict_inside(self, tmp_path: Path, content: object) -> None:
        torch.save(content, tmp_path / "model.pt")
        assert "holds no state_dict" in refusal(tmp_path / "model.pt")

    def test_a_wrapper_that_holds_itself(self, tmp_path: Path) -> None:
        endless: dict[str, Any] = {}
        endless["model"] = endless
        torch.save(endless, tmp_path / "model.pt")
        assert "holds no state_dict" in refusal(tmp_path / "model.pt")

    def test_a_zip_that_would_unpack_to_gigabytes(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "model.pt", "w", zipfile.ZIP_DEFLATED) as archive:
            for part in range(9):
                archive.writestr(f"model/data/{part}", bytes(64 * 2**20))
        assert "would unpack to 576 MB" in refusal(tmp_path / "model.pt")

    def test_a_small_file_that_stands_for_a_huge_tensor(self, tmp_path: Path, state: State) -> None:
        torch.save(state | {"enc.net.0.weight": torch.zeros(1, 1).expand(2**16, 2**16)}, tmp_path / "model.pt")
        assert (tmp_path / "model.pt").stat().st_size < 20_000
        assert "would unpack to 16,384 MB" in refusal(tmp_path / "model.pt")

    def test_a_file_larger_than_any_model_here(self, tmp_path: Path) -> None:
        with (tmp_path / "model.pt").open("wb") as file:
            file.truncate(512 * 2**20 + 1)
        assert "the limit is 512 MB" in refusal(tmp_path / "model.pt")

    def test_names_that_are_not_meant_for_a_screen(self, tmp_path: Path) -> None:
        torch.save({"\x1b[2J\n" + "x" * 9999: torch.zeros(1)}, tmp_path / "evil\n.pt")
        assert "is not a model known here" in refusal(tmp_path / "evil\n.pt")

    def test_metadata_that_lie_about_the_step(self, tmp_path: Path, state: State) -> None:
        for step in ("-1", "many", "9" * 50, ""):
            safetensors.torch.save_file(state, tmp_path / "m.safetensors", metadata={"step": step})
            assert load_checkpoint(tmp_path / "m.safetensors").step is None


def edits() -> Iterator[tuple[str, Callable[[State], Any], str]]:
    def put(name: str, value: Tensor) -> Callable[[State], Any]:
        return lambda state: state.update({name: value})

    def drop(name: str) -> Callable[[State], Any]:
        return lambda state: state.pop(name)

    nan = torch.zeros(11, 16)
    nan[3, 5] = torch.nan
    yield "NaN", put("enc.net.0.weight", nan), "not finite numbers"
    yield "infinity", put("dec.net.4.bias", torch.full((16,), torch.inf)), "not finite numbers"
    yield "whole numbers", put("enc.net.2.bias", torch.zeros(13, dtype=torch.int64)), "enc.net.2.bias"
    yield "complex numbers", put("enc.net.2.bias", torch.zeros(13, dtype=torch.complex64)), "enc.net.2.bias"
    yield "sparse", put("enc.net.0.weight", torch.zeros(11, 16).to_sparse()), "enc.net.0.weight"
    yield "no values", put("enc.net.0.weight", torch.zeros(11, 16, device="meta")), "enc.net.0.weight"
    yield (
        "bias shape",
        put("enc.net.0.bias", torch.zeros(12)),
        "enc.net.0.bias has shape (12,) where its other layers ask for (11,)",
    )
    yield "weight shape", put("dec.net.2.weight", torch.zeros(13, 12)), "dec.net.2.weight has shape (13, 12)"
    yield "matrix axes", put("enc.net.0.weight", torch.zeros(11, 4, 4)), "enc.net.0.weight has shape (11, 4, 4)"
    yield "prior shape", put("z_prior_m", torch.zeros(5)), "z_prior_m has shape (5,)"
    yield "z, not 2 z", put("enc.net.4.weight", torch.zeros(5, 13)), "the encoder must give a mean and a variance"
    yield "no z", put("dec.net.0.weight", torch.zeros(11, 0)), "dec.net.0.weight has shape (11, 0)"
    yield "no images", put("enc.net.0.weight", torch.zeros(11, 0)), "enc.net.0.weight has shape (11, 0)"
    yield "not square", put("enc.net.0.weight", torch.zeros(11, 15)), "enc.net.0.weight has shape (11, 15)"
    yield "lacks a weight", drop("enc.net.2.weight"), "lacks enc.net.2.weight"
    yield "lacks a bias", drop("dec.net.4.bias"), "lacks dec.net.4.bias"
    yield (
        "lacks the decoder",
        lambda state: [state.pop(n) for n in list(state) if n.startswith("dec.")],
        "not a model known",
    )
    yield "deeper", put("enc.net.6.weight", torch.zeros(3, 10)), "enc.net.6.weight"


@pytest.mark.parametrize(("edit", "complaint"), [pytest.param(*rest, id=name) for name, *rest in edits()])
def test_tensors_that_do_not_fit_are_named(
    tmp_path: Path, state: State, edit: Callable[[State], Any], complaint: str
) -> None:
    edit(state)
    torch.save(state, tmp_path / "model.pt")
    sentence = refusal(tmp_path / "model.pt")
    assert sentence.startswith("model.pt ")
    assert any(words in sentence for words in complaint.split("|")), sentence


def test_the_header_of_our_files_says_what_is_inside(small_file: Path, small: VAEConfig) -> None:
    content = small_file.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert header["__metadata__"] == {"family": "vae", "config": small.model_dump_json(), "step": "19"}


class TestNumbersThatNoModelHas:
    """Their shapes fit and they are finite, and yet every number measured with them would be wrong."""

    @pytest.mark.parametrize("family", [name for name, entry in FAMILIES.items() if entry.plays(NormalPrior)])
    @pytest.mark.parametrize("variance", [0.0, -1.0, 1e-45])
    def test_a_prior_variance_that_is_none_is_refused(self, tmp_path: Path, family: str, variance: float) -> None:
        model = small_model(family)
        state = model.state_dict() | {"z_prior_v": torch.tensor([variance])}
        write_safetensors(tmp_path / "x.safetensors", state, family=family, config=model.config, step=1)
        assert "in z_prior_v, and the prior's variance must be above 0" in refusal(tmp_path / "x.safetensors")

    def test_another_variance_than_1_is_measured_as_it_is(self, tmp_path: Path) -> None:
        model = small_model("vae")
        state = model.state_dict() | {"z_prior_v": torch.tensor([2.0])}
        write_safetensors(tmp_path / "x.safetensors", state, family="vae", config=model.config, step=1)
        assert float(load_checkpoint(tmp_path / "x.safetensors").model.prior_moments().variance[0]) == 2

    @pytest.mark.parametrize("pi", [[0.5, 0.3, 0.2], [1.0, 0.0, 0.0], [0.4, 0.3, 0.3], [-1.0, 0.0, 1.0]], ids=str)
    def test_learned_weights_of_components_are_refused(self, tmp_path: Path, pi: list[float]) -> None:
        model = FAMILIES["gmvae"].fresh(GMVAEConfig(z=5, hidden=(11, 13), pixels=16, k=3), seed=0)
        state = model.state_dict() | {"pi": torch.tensor(pi)}
        write_safetensors(tmp_path / "x.safetensors", state, family="gmvae", config=model.config, step=1)
        sentence = refusal(tmp_path / "x.safetensors")
        assert f"component weights pi from {min(pi):.2g} to {max(pi):.2g}" in sentence
        assert "train it with pi fixed at 1 / k" in sentence

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
    @pytest.mark.parametrize("value", [1 / 3, 1.0, 0.0], ids=["1 / k", "not normalised", "logits"])
    def test_equal_ones_are_those_of_the_model(self, tmp_path: Path, dtype: torch.dtype, value: float) -> None:
        model = FAMILIES["gmvae"].fresh(GMVAEConfig(z=5, hidden=(11, 13), pixels=16, k=3), seed=0)
        torch.save(model.state_dict() | {"pi": torch.full((3,), value, dtype=dtype)}, tmp_path / "x.pt")
        assert load_checkpoint(tmp_path / "x.pt").family.name == "gmvae"
