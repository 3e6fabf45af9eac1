import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError

import numpy as np
import pytest
import torch

from tests.image_files import read_image
from tests.patience import PATIENCE, until
from training.checkpoints.reading import load_checkpoint
from training.cli.app import main
from training.cli.console import print_json
from training.data.datasets import Dataset
from training.data.registry import DATA_SETS
from training.lab.run_index import readable_runs
from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PRETRAINED, PROJECT


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """`python -m training WORDS` without the time to start another Python."""

    def run(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["training", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, *capfd.readouterr())

    return run


@pytest.fixture
def refused(command: Command) -> Callable[..., str]:
    """Run a command that must end as bad input does; its sentence."""

    def run(*words: object) -> str:
        code, out, err = command(*words)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1
        return err.removeprefix("error: ").removesuffix("\n")

    return run


def brief_training(out: Path, **options: object) -> list[object]:
    settings = {"steps": 3, "batch_size": 7, "seed": 5} | options
    words = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
    return ["train", "vae", "--out", out, *words]


class TestTrain:
    def test_a_trained_run_can_be_evaluated_and_sampled(self, command: Command, tmp_path: Path) -> None:
        out = tmp_path / "new" / "run"
        code, stdout, stderr = command(*brief_training(out))
        assert (code, stdout) == (0, "")
        first, last = stderr.splitlines()
        assert first == f"Training vae on embedded sample, 5,000 training and 1,000 test digits, into {out}"
        assert last.startswith("Done: 3 steps in ")
        config = Run(out).config
        assert (config.steps, config.batch_size, config.seed, config.data) == (3, 7, 5, "mnist-sample")
        assert Run(out).status().state == "finished"

        code, stdout, _ = command("evaluate", out, "--sets", "test-1000", "--bounds", "1", "--json")
        assert code == 0
        assert json.loads(stdout)["sets"]["test-1000"]["images"] == 1000
        assert command("sample", out, "--out", tmp_path / "s.png", "--count", 21).code == 0
        assert read_image(tmp_path / "s.png").size == (560, 56)

    def test_one_seed_gives_one_run(self, command: Command, tmp_path: Path) -> None:
        for name, seed in (("a", 5), ("b", 5), ("c", 6)):
            assert command(*brief_training(tmp_path / name, seed=seed)).code == 0
        a, b, c = (load_checkpoint(tmp_path / name).state["dec.net.4.bias"] for name in "abc")
        assert torch.equal(a, b)
        assert not torch.equal(a, c)

    def test_without_out_the_run_goes_into_the_runs_folder(self, command: Command, runs_folder: Path) -> None:
        assert command("train", "vae", "--steps", 1, "--precision", "float32").code == 0
        (run,) = readable_runs(runs_folder)
        assert (run.id.startswith("vae-"), run.config.precision) == (True, "float32")

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            ({"steps": 0}, "steps should be greater than or equal to 1"),
            ({"steps": -5}, "steps should be greater than or equal to 1, but it is -5"),
            ({"steps": "many"}, "'--steps'"),
            ({"batch_size": 0}, "batch size should be greater than or equal to 1, but it is 0"),
            ({"batch_size": 2.5}, "'--batch-size'"),
            ({"learning_rate": 0}, "learning rate should be greater than 0"),
            ({"learning_rate": "nan"}, "learning rate should be"),
            ({"seed": -1}, "seed should be"),
            ({"seed": 2**64}, "seed should be"),
            ({"precision": "int8"}, "precision should be 'float32' or 'bfloat16'"),
            ({"data": "cifar"}, "data should be mnist, mnist-sample or fashion-mnist"),
            ({"data": "mnist"}, "python -m training download"),
            ({"colour": "red"}, "--colour"),
        ],
        ids=str,
    )
    def test_bad_input_is_one_sentence_and_leaves_no_folder(
        self, refused: Callable[..., str], tmp_path: Path, options: dict[str, object], complaint: str
    ) -> None:
        assert complaint in refused(*brief_training(tmp_path / "run", **options))
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize(
        ("preset", "setting", "complaint"),
        [
            ("gmvae", "k=0", "model.k should be greater than or equal to 1, but it is '0'"),
            ("beta-4", "beta=-1", "model.beta should be greater than or equal to 0, but it is '-1'"),
            ("vae", "z=many", "model.z should be a valid integer"),
            ("vae", "hidden=400", "model.hidden"),
            ("vae", "k=5", "There is no setting named 'model.k'"),
            ("vae", "z", "A setting is written name=value, such as z=20, and 'z' is not"),
            ("ssvae", "y=5", "model with labels must have y = 10: the digits are labelled 0 to 9"),
        ],
    )
    def test_bad_settings_of_the_model_are_one_sentence(
        self, refused: Callable[..., str], tmp_path: Path, preset: str, setting: str, complaint: str
    ) -> None:
        said = refused(
            "train", preset, "--steps", 1, "--data", "mnist-sample", "--out", tmp_path / "x", "--set", setting
        )
        assert complaint in said
        assert not (tmp_path / "x").exists()

    def test_settings_of_the_model(self, command: Command, tmp_path: Path) -> None:
        words = ("train", "beta-4", "--steps", 1, "--data", "mnist-sample", "--out", tmp_path / "x")
        assert command(*words, "--set", "beta=3", "--set", "hidden=11,13").code == 0
        assert dict(Run(tmp_path / "x").config.model) == {"beta": 3, "hidden": (11, 13), "z": 10, "pixels": 784}

    def test_an_unknown_model_is_answered_with_the_choices(self, refused: Callable[..., str]) -> None:
        assert refused("train", "vqvae").startswith("There is no model 'vqvae': choose vae")

    def test_folders_that_cannot_be_used(
        self, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "thesis.txt").write_text("years of work")
        assert "is not empty" in refused(*brief_training(tmp_path / "full"))
        assert "cannot be written" in refused(*brief_training(tmp_path / "full" / "thesis.txt"))
        monkeypatch.setenv("ELBO_LAB_RUNS", str(tmp_path / "full" / "thesis.txt"))
        assert "cannot be written" in refused("train", "vae", "--steps", 1)
        assert (tmp_path / "full" / "thesis.txt").read_text() == "years of work"

    def test_threads_that_are_no_number(
        self, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ELBO_LAB_THREADS", "all")
        assert "ELBO_LAB_THREADS" in refused("evaluate", PRETRAINED / "vae", "--sets", "test-1000")


class TestResume:
    def test_a_stopped_run_goes_on_to_the_same_weights(
        self, command: Command, tmp_path: Path, brief: TrainConfig
    ) -> None:
        asked = iter(range(23))
        train_into(RunWriter(tmp_path / "run", brief), should_stop=lambda: next(asked, None) is None)
        assert command("resume", tmp_path / "run").code == 0
        train_into(RunWriter(tmp_path / "whole", brief))
        resumed, whole = (load_checkpoint(tmp_path / name).state for name in ("run", "whole"))
        assert all(torch.equal(value, resumed[name]) for name, value in whole.items())

    def test_what_cannot_be_resumed(self, refused: Callable[..., str], tmp_path: Path, brief: TrainConfig) -> None:
        assert "holds no training run" in refused("resume", tmp_path / "missing")
        writer = RunWriter(tmp_path / "run", brief)
        writer.update(state="running")
        assert "is training now" in refused("resume", tmp_path / "run")
        writer.update(state="finished")
        writer.close()
        assert "has done all its steps" in refused("resume", tmp_path / "run")


class TestEvaluate:
    def test_json_is_one_object_of_the_exact_form(self, command: Command, digit_file: Path) -> None:
        code, out, err = command("evaluate", digit_file, "--sets", "test-1000", "--bounds", "1,3", "--json")
        assert (code, err) == (0, "")
        assert out.count("\n") == 1
        answer = json.loads(out)
        assert list(answer) == ["checkpoint", "model", "learned_from", "learned_from_these_images", "sets"]
        assert (answer["learned_from"], answer["learned_from_these_images"]) == ("not known", {"test-1000": "unknown"})
        assert (answer["checkpoint"], answer["model"]) == (str(digit_file), "vae")
        (numbers,) = answer["sets"].values()
        assert list(numbers) == [
            "images",
            "nelbo",
            "nelbo_se",
            "kl",
            "rec",
            "niwae",
            "niwae_se",
            "ess_median",
            "ess_worst",
        ]
        assert list(numbers["niwae"]) == list(numbers["niwae_se"]) == ["1", "3"]
        assert numbers["nelbo"] == pytest.approx(numbers["kl"] + numbers["rec"])
        assert numbers["nelbo_se"] > 0

    def test_sets_that_are_not_on_disk_are_left_out_and_named(self, command: Command, digit_file: Path) -> None:
        words = ["evaluate", digit_file, "--bounds", "1", "--json"]
        code, out, err = command(*words, "--sets", "homework,test")
        assert code == 0
        assert list(json.loads(out)["sets"]) == ["homework"]
        assert [line.split(":")[0] for line in err.splitlines()] == ["The test set is left out"]
        code, out, err = command(*words)
        assert (code, list(json.loads(out)["sets"]), err) == (0, ["homework", "test-1000"], "")

    def test_nothing_to_measure_is_a_sentence_and_code_2(
        self, refused: Callable[..., str], digit_file: Path, svhn_file: Path
    ) -> None:
        for options in ([], ["--json"]):
            told = refused("evaluate", digit_file, "--sets", "test", *options)
            assert told.startswith("There is nothing to measure digits on: the test set is not on disk: run")
            assert "run `python -m training download` (11 MB)" in told
            assert "python -m training download svhn" in refused("evaluate", svhn_file, *options)

    def test_data_that_are_another_sets_are_named(
        self, refused: Callable[..., str], digit_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "data"))
        raw = tmp_path / "data" / "MNIST" / "raw"
        raw.mkdir(parents=True)
        (raw / "train-images-idx3-ubyte").write_bytes(b"something else")
        told = refused("evaluate", digit_file, "--sets", "test")
        assert f"{raw / 'train-images-idx3-ubyte'} is damaged or not MNIST's file: move it away" in told

    def test_numbers_that_are_not_finite_are_null(self, capsys: pytest.CaptureFixture[str]) -> None:
        print_json({"a": math.nan, "b": [1.5, -math.inf, {"c": math.inf}], "d": (2, None, "NaN"), "e": True})
        assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {
            "a": None,
            "b": [1.5, None, {"c": None}],
            "d": [2, None, "NaN"],
            "e": True,
        }

    def test_no_command_prints_json_another_way(self) -> None:
        for file in (PROJECT / "training" / "cli").glob("*.py"):
            assert file.name == "console.py" or "json.dumps" not in file.read_text(encoding="utf-8")

    def test_a_file_with_numbers_that_are_not_finite_is_diagnosed_in_json(
        self, command: Command, tmp_path: Path, digit_file: Path
    ) -> None:
        state = dict(load_checkpoint(digit_file).state)
        state["enc.net.0.bias"] = torch.full_like(state["enc.net.0.bias"], math.nan)
        state["enc.net.2.bias"] = torch.full_like(state["enc.net.2.bias"], math.inf)
        torch.save(state, tmp_path / "x.pt")
        code, out, _ = command("diagnose", tmp_path / "x.pt", "--json")
        assert code == 1
        assert json.loads(out, parse_constant=pytest.fail)["fits"] is False

    def test_what_the_model_learned_from_is_said(self, command: Command, digit_file: Path) -> None:
        words = ["--sets", "homework", "--bounds", "1"]
        assert "What digits learned from is not known." in command("evaluate", digit_file, *words).out
        told = command("evaluate", PRETRAINED / "vae", *words).out
        assert "Learned from none of these images: vae from 60,000 training digits of MNIST." in told
        answer = json.loads(command("evaluate", PRETRAINED / "ssvae", *words, "--json").out)
        assert answer["learned_from_these_images"] == {"homework": "no"}
        assert answer["accuracy_images"] == 1000

    def test_the_table_shows_the_same_numbers(self, command: Command, digit_file: Path) -> None:
        words = ["evaluate", digit_file, "--sets", "test-1000", "--bounds", "2", "--seed", "3"]
        numbers = json.loads(command(*words, "--json").out)["sets"]["test-1000"]
        code, out, err = command(*words)
        assert (code, err) == (0, "")
        assert f"{numbers['nelbo']:.2f} ± {numbers['nelbo_se']:.2f}" in out
        assert f"{numbers['niwae']['2']:.2f} ± {numbers['niwae_se']['2']:.2f}" in out

    @pytest.mark.full_data
    def test_with_the_full_data_the_homework_set_is_measured(
        self, command: Command, full_mnist: Dataset, digit_file: Path
    ) -> None:
        code, out, err = command("evaluate", digit_file, "--sets", "homework", "--bounds", "1", "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)["sets"]["homework"]["images"] == 100

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            (
                ["--sets", "train"],
                "There is no evaluation set 'train': choose homework, test-1000, test, svhn, svhn-1000",
            ),
            (["--sets", ","], "Name at least one evaluation set"),
            (["--bounds", "0"], "not 0"),
            (["--bounds", "1,-3"], "not -3"),
            (["--bounds", "1,ten"], "'ten' is not one"),
            (["--bounds", "10000000"], "from 1 to 1,000,000"),
            (["--seed", "-1"], "'--seed'"),
            (["--seed", str(2**64)], "'--seed'"),
            (["--jsn"], "--jsn"),
        ],
        ids=str,
    )
    def test_bad_input_is_one_sentence(
        self, refused: Callable[..., str], digit_file: Path, options: list[str], complaint: str
    ) -> None:
        assert complaint in refused("evaluate", digit_file, *options)

    def test_checkpoints_that_cannot_be_read(
        self, refused: Callable[..., str], tmp_path: Path, digit_file: Path
    ) -> None:
        assert "There is no checkpoint at" in refused("evaluate", tmp_path / "missing.pt")
        assert "There is no checkpoint at" in refused("evaluate", tmp_path / "a\nb\x1b[2J.pt")
        assert "holds no weights" in refused("evaluate", tmp_path / "..")
        (tmp_path / "damaged.safetensors").write_bytes(digit_file.read_bytes()[:-3])
        assert "damaged" in refused("evaluate", tmp_path / "damaged.safetensors")
        torch.save(torch.nn.Linear(3, 5), tmp_path / "whole.pt")
        assert "torch.save(model.state_dict(), path)" in refused("evaluate", tmp_path / "whole.pt")

    def test_a_model_of_other_images(self, refused: Callable[..., str], small_file: Path) -> None:
        assert "made for images of 16 pixels" in refused("evaluate", small_file, "--sets", "test-1000", "--json")


class TestDiagnose:
    def test_a_file_that_fits(self, command: Command, small_file: Path) -> None:
        code, out, err = command("diagnose", small_file)
        assert (code, err) == (0, "")
        assert "small.safetensors is a VAE: it loads, but its sizes are not the homework's." in out
        assert "hidden sizes 11 and 13, not 300" in out

    def test_a_file_that_does_not(self, command: Command, tmp_path: Path) -> None:
        torch.save({"enc.net.0.weight": torch.zeros(300, 784), "spare": torch.tensor([1, 3])}, tmp_path / "m.pt")
        code, out, err = command("diagnose", tmp_path / "m.pt", "--json")
        assert (code, err) == (1, "")
        found = json.loads(out)
        assert found.keys() == {"fits", "nearest", "verdict", "layers", "notes", "statistics"}
        assert (found["fits"], found["nearest"]) == (False, {"name": "vae", "title": "VAE"})
        bias, shape = "not in the file: this layer was made with bias=False", [300, 784]
        assert found["layers"][:2] == [
            {"name": "enc.net.0.weight", "expected": shape, "found": shape, "meaning": ""},
            {"name": "enc.net.0.bias", "expected": [300], "found": None, "meaning": bias},
        ]
        spare = found["statistics"][1]
        assert (spare["name"], spare["dtype"], spare["mean"], spare["count"]) == ("spare", "int64", 2.0, 2)

    def test_what_holds_no_tensors_is_refused(self, refused: Callable[..., str], tmp_path: Path) -> None:
        torch.save(torch.nn.Linear(3, 2), tmp_path / "m.pt")
        assert refused("diagnose", tmp_path / "m.pt").startswith("m.pt is a whole pickled module (torch.nn.modules")
        assert "There is no checkpoint" in refused("diagnose", tmp_path / "missing.pt")


class TestSample:
    def test_200_digits_are_560_by_280_pixels(self, command: Command, digit_file: Path, tmp_path: Path) -> None:
        out = tmp_path / "new" / "samples.png"
        assert command("sample", digit_file, "--out", out, "--count", "200") == (0, "", "")
        picture = read_image(out)
        assert (picture.size, picture.mode) == ((560, 280), "L")
        assert picture.info["checkpoint"] == load_checkpoint(digit_file).sha256

    def test_seed_kind_and_temperature_count(self, command: Command, digit_file: Path, tmp_path: Path) -> None:
        def pixels(*options: object) -> np.ndarray:
            assert command("sample", digit_file, "--out", tmp_path / "s.png", "--count", 7, *options).code == 0
            return np.asarray(read_image(tmp_path / "s.png"))

        assert pixels().shape == (28, 560)
        assert np.array_equal(pixels(), pixels("--seed", 0, "--kind", "means", "--temperature", 1))
        assert not np.array_equal(pixels(), pixels("--seed", 1))
        assert np.unique(pixels("--kind", "binary")).tolist() == [0, 255]
        cold = pixels("--temperature", 0)
        assert np.array_equal(cold[:, :28], cold[:, 28:56])

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            (["--count", "0"], "'--count'"),
            (["--seed", "-1"], "'--seed'"),
            (["--kind", "colour"], "'colour' is not one of 'means', 'binary'"),
            (["--temperature", "-1"], "'--temperature'"),
            (["--temperature", "nan"], "'--temperature'"),
        ],
        ids=str,
    )
    def test_bad_input_is_one_sentence(
        self, refused: Callable[..., str], digit_file: Path, tmp_path: Path, options: list[str], complaint: str
    ) -> None:
        assert complaint in refused("sample", digit_file, "--out", tmp_path / "s.png", *options)
        assert not (tmp_path / "s.png").exists()

    def test_a_picture_that_cannot_be_written(
        self, refused: Callable[..., str], digit_file: Path, tmp_path: Path
    ) -> None:
        assert "'--out'" in refused("sample", digit_file)
        for out in (tmp_path, digit_file / "s.png", "", ".", "..", "/"):
            said = refused("sample", digit_file, "--out", out, "--count", 1)
            assert said.endswith("): choose another --out.")
            assert "cannot be written (" in said

    @pytest.mark.parametrize("name", ["s.jpg", "s.JPEG", "s.webp", "s.pdf"])
    def test_a_png_is_not_written_under_another_kinds_name(
        self, refused: Callable[..., str], digit_file: Path, svhn_file: Path, tmp_path: Path, name: str
    ) -> None:
        for words in (("sample", digit_file), ("swap", svhn_file)):
            assert refused(*words, "--out", tmp_path / name).endswith("name: end --out with .png.")
        assert not (tmp_path / name).exists()

    def test_a_name_without_a_kind_holds_a_png(self, command: Command, digit_file: Path, tmp_path: Path) -> None:
        assert command("sample", digit_file, "--out", tmp_path / "grid.v2", "--count", 1) == (0, "", "")
        assert read_image(tmp_path / "grid.v2").format == "PNG"


class TestOnSvhn:
    """FSVAEs: colour pictures, digits that are given."""

    def test_a_trained_run_can_be_evaluated_sampled_and_swapped(
        self, command: Command, tmp_path: Path, svhn_folder: Path
    ) -> None:
        out, png = tmp_path / "run", tmp_path / "s.png"
        words = ("train", "fsvae", "--steps", 3, "--batch-size", 7, "--set", "hidden=11,13", "--out", out)
        code, _, err = command(*words)
        assert (code, err.splitlines()[0]) == (0, f"Training fsvae on {DATA_SETS['svhn'].summary}, into {out}")
        assert (Run(out).config.data, load_checkpoint(out).family.name) == ("svhn", "fsvae")
        assert read_image(Run(out).picture(3)).size == (640, 320)
        assert read_image(Run(out).picture(3, "reconstructions")).size == (256, 64)

        code, stdout, err = command("evaluate", out, "--json")
        assert code == 0
        apart = json.loads(stdout)["disentanglement"]
        names = ["content_accuracy", "style_leak", "style_leak_linear", "style_kept"]
        names += ["nelbo", "kl", "rec", "squared_error"]
        with_errors = {key for name in names for key in (name, f"{name}_se")}
        assert apart.keys() == {"images", "content_ceiling", "chance", *with_errors}
        (numbers,) = json.loads(stdout)["sets"].values()
        keys = ["images", "nelbo", "nelbo_se", "kl", "rec", "niwae", "niwae_se", "ess_median", "ess_worst"]
        assert list(numbers) == [*keys, "squared_error"]
        assert (numbers["images"], numbers["niwae"]) == (17, {})
        assert numbers["nelbo"] == pytest.approx(numbers["kl"] + numbers["rec"])
        assert 0 < numbers["squared_error"] < 1
        assert all(apart[name] == numbers[name] for name in ("nelbo", "kl", "rec", "squared_error"))
        assert apart["nelbo_se"] > 2 * numbers["nelbo_se"]  # over the images, in place of over the noise
        table = command("evaluate", out).out
        assert f"{apart['nelbo']:,.2f} ± {apart['nelbo_se']:.2f}" in table
        assert f"{apart['squared_error']:.5f} ± {apart['squared_error_se']:.5f}" in table

        assert command("sample", out, "--out", png, "--count", 21) == (0, "", "")
        assert (read_image(png).size, read_image(png).mode) == ((640, 64), "RGB")
        assert command("swap", out, "--styles", "3,14,15", "--out", png) == (0, "", "")
        assert (read_image(png).size, read_image(png).mode) == ((96, 320), "RGB")
        assert read_image(png).info["styles"] == "3,14,15"
        assert command("swap", out, "--seed", 5, "--out", png) == (0, "", "")
        assert read_image(png).size == (640, 320)

    def test_without_svhn_one_sentence_says_what_to_do(
        self, refused: Callable[..., str], svhn_file: Path, tmp_path: Path
    ) -> None:
        assert "python -m training download svhn" in refused("train", "fsvae", "--out", tmp_path / "run")
        assert not (tmp_path / "run").exists()
        assert "download svhn" in refused("swap", svhn_file, "--styles", "3", "--out", tmp_path / "s.png")

    def test_models_and_sets_of_other_images_are_refused(
        self, refused: Callable[..., str], svhn_file: Path, digit_file: Path, tmp_path: Path
    ) -> None:
        said = refused("evaluate", svhn_file, "--sets", "test-1000")
        assert said == "svhn is a model of SVHN: measure it on svhn or svhn-1000, not on test-1000."
        assert "does not take the digit as an input" in refused("swap", digit_file, "--out", tmp_path / "s.png")
        for out in ("", ".", "..", "/"):
            assert "cannot be written (" in refused("swap", svhn_file, "--out", out)
        assert "data should be svhn" in refused("train", "fsvae", "--data", "mnist-sample")


class TestDownload:
    def test_no_network_is_one_sentence(
        self, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_network(*_: object, **__: object) -> None:
            raise URLError("Name or service not known")

        monkeypatch.setattr("urllib.request.urlopen", no_network)
        monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "data"))
        assert "MNIST could not be downloaded: check the network" in refused("download")
        assert "SVHN could not be downloaded: check the network" in refused("download", "svhn")
        assert "There is no dataset 'cifar': choose mnist" in refused("download", "cifar")

    def test_a_data_folder_that_cannot_be_written(
        self, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "file"))
        assert "ELBO_LAB_DATA" in refused("download")

    @pytest.mark.full_data
    def test_what_is_there_is_not_fetched_again(self, command: Command, full_mnist: Dataset) -> None:
        code, out, err = command("download")
        assert (code, out) == (0, "")
        assert err.startswith("The full MNIST is in ")


class TestPretrain:
    def test_bad_input_is_one_sentence(self, refused: Callable[..., str]) -> None:
        assert "There is no model 'vqvae'" in refused("pretrain", "vqvae")
        assert "python -m training download" in refused("pretrain", "vae")


def test_the_benchmark_is_one_json_object(command: Command) -> None:
    code, out, err = command("benchmark", "--json", "--repeats", 1, "--iwae-repeats", 1, "--samples", 2)
    assert (code, err) == (0, "")
    assert list(json.loads(out)) == ["vae", "gmvae", "ssvae", "fsvae", "iwae2"]


def test_the_readme_is_written_anew(command: Command, refused: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text((PROJECT / "README.md").read_text(encoding="utf-8").replace("102.23", "0"), encoding="utf-8")
    assert command("readme", file).err.strip().endswith("written anew.")
    assert file.read_text(encoding="utf-8") == (PROJECT / "README.md").read_text(encoding="utf-8")
    assert command("readme", file).err.strip().endswith("already true.")
    assert "needs the two marks" in refused("readme", tmp_path / "missing.md")


@pytest.mark.parametrize(
    "words", [["foo"], ["--foo"], ["train"], ["evaluate"], ["evaluate", "a", "b"], ["a\nb"]], ids=str
)
def test_a_command_that_there_is_not(refused: Callable[..., str], words: list[str]) -> None:
    assert "python -m training --help" in refused(*words)


def test_help_lists_every_command(command: Command) -> None:
    code, out, err = command("--help")
    assert (code, err) == (0, "")
    for name in (
        "train",
        "resume",
        "evaluate",
        "sample",
        "swap",
        "download",
        "train-reader",
        "benchmark",
        "pretrain",
        "readme",
    ):
        assert name in out


class TestInAProcessOfItsOwn:
    """What only a real process shows: pipes, signals, warnings, tracebacks."""

    @staticmethod
    def start(*words: object, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "training", *map(str, words)],
            cwd=PROJECT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_a_pipe_gets_the_json_and_no_progress_bar(self, digit_file: Path) -> None:
        process = self.start("evaluate", digit_file, "--sets", "test-1000", "--bounds", "1", "--json")
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")
        assert json.loads(out)["sets"]["test-1000"]["images"] == 1000

    def test_a_hostile_file_is_refused_without_warnings_or_traceback(self, tmp_path: Path) -> None:
        torch.save(torch.nn.Linear(3, 5), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
        process = self.start("evaluate", tmp_path / "old.pt")
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(
            "error: old.pt is a whole pickled module (torch.nn.modules.linear.Linear): save its weights"
        )

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no Ctrl-C from another process")
    def test_ctrl_c_stops_a_training_that_can_be_resumed(self, tmp_path: Path) -> None:
        out = tmp_path / "run"
        process = self.start("train", "vae", "--out", out, "--batch-size", 7, "--steps", 1_000_000)
        until(
            lambda: process.poll() is not None or ((out / "metrics.jsonl").exists() and bool(Run(out).metrics().steps))
        )
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        stdout, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, stdout) == (130, "")
        status = Run(out).status()
        assert (status.state, status.step) == ("stopped", load_checkpoint(out).step)
        assert err.splitlines()[-1] == (
            f"Stopped at step {status.step:,}. Resume with: python -m training resume {out}"
        )
