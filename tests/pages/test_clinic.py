"""The clinic: files are diagnosed, models are compared in the background, and what was found can be taken away."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from models import fsvae, vae
from models.fsvae import FSVAEConfig
from models.vae import VAEConfig
from pages.compare import comparing
from pages.kit import services
from tests.pages.choose.test_weight_uploads import upload, weights
from tests.pages.conftest import text_of
from tests.patience import PATIENCE
from training.checkpoints.model_ref import model_ref
from training.checkpoints.reading import load_checkpoint, write_safetensors
from training.data.registry import DATA_SETS
from training.lab.run_notes import change_notes
from training.system.folders import PRETRAINED, runs_folder

CONFIG = VAEConfig(z=5, hidden=(11, 13), pixels=784)


@pytest.fixture(autouse=True)
def _few_passes(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> object:
    sample = DATA_SETS["mnist-sample"]
    quick = tuple(replace(each, quick_passes=2) for each in sample.evaluation_sets)
    monkeypatch.setitem(DATA_SETS, "mnist-sample", replace(sample, evaluation_sets=quick))
    yield
    services.quarantine().close()


def file_of(state: dict[str, torch.Tensor]) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def opened(app: AppTest, *models: str) -> AppTest:
    """The page with some models chosen, its measuring done."""
    app.query_params["models"] = list(models)
    page = app.switch_page("pages/clinic.py").run()
    return settled(page)


def settled(page: AppTest) -> AppTest:
    assert not page.exception
    for job in services.jobs().active("reading"):
        assert job.wait(PATIENCE)
    page.run()
    assert not page.exception
    return page


def small_run(name: str, seed: int, config: VAEConfig = CONFIG, *, recorded: bool = True) -> str:
    """A run folder with untrained weights; the picker's choice for it.

    Arguments:
        recorded: with the record of its training; else nobody knows what it learned from.
    """
    folder = runs_folder() / name
    folder.mkdir(parents=True)
    state = vae.FAMILY.fresh(config, seed=seed).state_dict()
    write_safetensors(folder / "checkpoint.safetensors", state, family="vae", config=config, step=1)
    (folder / "config.json").write_text('{"family": "vae", "data": "mnist-sample"}')
    if recorded:
        (folder / "metrics.jsonl").touch()
    return f"run {name}"


def test_what_is_measured_at_once_is_known_to_be_complete(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "_await_the_first_table", lambda job, rows: job.wait(PATIENCE))
    app.query_params["models"] = [small_run("vae-1", 1)]
    page = app.switch_page("pages/clinic.py").run()
    assert not page.exception
    files = page.get("download_button")
    assert files
    assert not any("so far" in file.proto.help for file in files)


def test_two_models_are_measured_by_themselves_and_their_difference_has_an_interval(app: AppTest) -> None:
    one, other = small_run("vae-1", 1), small_run("vae-2", 2)
    page = opened(app, one, other)
    text = text_of(page)
    assert "95%" in text
    assert "NELBO − vae-1" in text
    assert "an untrained model has about" in text
    assert page.selectbox(key="clinic-reference").value == "run vae-1"
    page.selectbox(key="clinic-reference").select("run vae-2").run()
    assert not page.exception
    assert "NELBO − vae-2" in text_of(page)


def rows_of(page: AppTest) -> list[str]:
    return [line for part in page.markdown for line in str(part.value).splitlines() if line.startswith("|")]


def test_models_that_saw_none_of_the_images_are_compared_without_a_word(app: AppTest) -> None:
    page = opened(app, small_run("vae-1", 1), small_run("vae-2", 2))
    learned = "vae-1 (embedded sample), vae-2 (embedded sample) from 5,000 training digits of the embedded sample"
    assert f"Learned from none of these images: {learned}" in text_of(page)
    assert "not known" not in text_of(page)
    assert not [row for row in rows_of(page) if row.rstrip("| ").endswith("?")]
    assert "neither of them has learned" not in text_of(page)


def test_a_difference_to_a_model_of_unknown_training_is_marked_in_table_and_sentence(app: AppTest) -> None:
    page = opened(app, small_run("vae-1", 1), small_run("vae-2", 2, recorded=False))
    assert "What vae-2 learned from is not known." in text_of(page)
    marked = [row for row in rows_of(page) if row.rstrip("| ").endswith("\u00a0?")]
    assert len(marked) == 2  # on each of the two sets
    assert all("vae-2" in row for row in marked)
    assert "if neither of them has learned from these images." in text_of(page)


def test_on_images_that_one_of_them_learned_from_models_are_not_compared(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = DATA_SETS["mnist-sample"]
    of_training = replace(sample.evaluation_sets[0], part="labelled")
    monkeypatch.setitem(DATA_SETS, "mnist-sample", replace(sample, evaluation_sets=(of_training,)))
    page = opened(app, small_run("vae-1", 1), small_run("vae-2", 2))
    assert "Learned from images among these: vae-1 (embedded sample), vae-2 (embedded sample)." in text_of(page)
    (last,) = [row for row in rows_of(page) if "vae-2" in row and "NELBO" not in row]
    assert last.rstrip("| ").endswith("–")
    assert "no clear difference" not in text_of(page)
    assert "lower (better)" not in text_of(page)
    assert "higher (worse)" not in text_of(page)


def test_without_the_download_a_classifier_that_learned_nothing_is_found_out(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a wrong reshape leaves: labels that are no better than chance under a KL of y near 0."""
    sample = DATA_SETS["mnist-sample"]
    monkeypatch.setitem(DATA_SETS, "mnist-sample", replace(sample, evaluation_sets=sample.evaluation_sets[:1]))
    monkeypatch.setitem(DATA_SETS, "mnist", replace(DATA_SETS["mnist"], bounds=()))  # they take long, and tell nothing
    source = load_checkpoint(PRETRAINED / "ssvae")
    state = {name: value.clone() for name, value in source.state.items()}
    for name in ("cls.net.4.weight", "cls.net.4.bias"):
        state[name] = 0.02 * state[name].roll(1, 0)
    page = settled(upload(opened(app, "shipped ssvae"), ("mine.pt", file_of(state))))
    assert "images and labels are paired in the wrong order" in text_of(page)
    assert "shipped ssvae: The classifier" not in text_of(page)


def test_what_was_measured_can_be_taken_away(app: AppTest) -> None:
    from pages.compare.comparing import measured
    from pages.compare.comparison_files import _csv, _html
    from pages.compare.comparison_views import Compared
    from pages.draw.palette import MODELS

    names = [small_run(f"vae-{seed}", seed) for seed in (1, 2)]
    opened(app, *names)
    models = []
    for name, color in zip(names, MODELS, strict=False):
        source = services.checkpoint(ref := model_ref("run", name.removeprefix("run ")))
        models.append(Compared(ref, ref.name, color, source, measured(source, 0, (1, 10, 100))))
    rows = list(csv.DictReader(io.StringIO(_csv(models, models[0]).decode())))
    assert [row["model"] for row in rows] == ["vae-1", "vae-2"] * 2  # on each of the two sets
    assert float(rows[1]["nelbo_difference"]) == pytest.approx(float(rows[1]["nelbo"]) - float(rows[0]["nelbo"]))
    assert {row["learned_from"] for row in rows} == {"5,000 training digits of the embedded sample"}
    assert {row["learned_from_these_images"] for row in rows} == {"no"}
    assert float(rows[1]["difference_low"]) < float(rows[1]["nelbo_difference"]) < float(rows[1]["difference_high"])
    page = _html(models, models[0], ["A sentence."], 0).decode()
    assert page.count("<img") == 4
    assert "A sentence." in page
    assert "Learned from none of these images: vae-1, vae-2" in page


def test_a_file_is_diagnosed_and_joins_the_comparison(app: AppTest) -> None:
    one = small_run("vae-1", 1)
    page = upload(opened(app, one), ("my homework.pt", weights()))
    assert "upload my-homework" in page.multiselect(key="clinic-models").value
    page = settled(page)
    text = text_of(page)
    assert "my-homework" in text
    assert "hidden" in text  # its sizes are not the homework's, and that is said


def test_a_file_that_does_not_fit_is_a_table_and_no_traceback(app: AppTest) -> None:
    state = vae.FAMILY.fresh(CONFIG, seed=0).state_dict()
    state["enc.net.4.weight"], state["enc.net.4.bias"] = torch.zeros(5, 13), torch.zeros(5)
    page = upload(opened(app, small_run("vae-1", 1)), ("mine.pt", file_of(state)), ("no.pt", b"junk"))
    assert "upload mine" not in page.multiselect(key="clinic-models").options
    shown = " ".join(str(part.value) for part in page.error)
    assert "mine" in shown
    assert "no cannot be read as weights" in shown
    tables = " ".join(str(block.proto.body) for block in page.get("html"))
    assert "mean and variance are not split" in tables
    assert "5 × 13" in tables


def test_hostile_names_are_shown_as_text(app: AppTest) -> None:
    bad = "<img src=x onerror=alert(1)>[a](http://example.org)$x$"
    page = upload(opened(app, small_run("vae-1", 1)), ("mine.pt", file_of({bad: torch.zeros(3, 4)})))
    tables = " ".join(str(block.proto.body) for block in page.get("html"))
    assert "&lt;img src=x" in tables
    assert "<img src=x" not in tables
    assert "<img" not in text_of(page)
    assert "[a](" not in text_of(page).replace("\\[a](", "")


def test_printed_numbers_are_judged(app: AppTest) -> None:
    page = opened(app, small_run("vae-1", 1))
    page.number_input(key="printed-nelbo").set_value(0.7).run()
    assert "a mean over pixels" in text_of(page)


def test_models_of_other_images_are_left_out_by_name(app: AppTest) -> None:
    page = opened(app, small_run("vae-1", 1), small_run("tiny", 2, VAEConfig(z=5, hidden=(11, 13), pixels=16)))
    assert "tiny (embedded sample) takes images of 16 numbers" in text_of(page)
    assert page.selectbox(key="clinic-reference").options == ["vae-1 (embedded sample)"]


def test_without_any_model_the_page_says_what_to_do(app: AppTest) -> None:
    page = opened(app, small_run("vae-1", 1))
    page.multiselect(key="clinic-models").set_value([]).run()
    assert not page.exception
    assert "Choose one model or more" in text_of(page)


def test_junk_in_the_address_opens_the_page_at_its_defaults(app: AppTest) -> None:
    app.query_params["models"] = ["run nobody", "x" * 500]
    app.query_params["seed"] = "-7"
    app.query_params["reference"] = "nobody"
    page = settled(app.switch_page("pages/clinic.py").run())
    assert page.multiselect(key="clinic-models").value == ["shipped vae", "shipped gmvae"]


def test_a_file_can_be_kept_as_a_run(app: AppTest) -> None:
    page = settled(upload(opened(app, small_run("vae-1", 1)), ("mine.pt", weights())))
    page.selectbox(key="weights-of").select("mine").run()
    page.button(key="keep").click().run()
    assert not page.exception
    (kept,) = runs_folder().glob("mine-uploaded-*")
    assert f"run {kept.name}" in text_of(page)
    page.run()
    assert f"run {kept.name} (z 5, hidden 11 × 13)" in page.multiselect(key="clinic-models").options
    train = page.switch_page("pages/train.py")
    train.query_params["run"] = kept.name
    assert not train.run().exception
    assert "trained elsewhere" in text_of(train)
    assert "steps" not in "".join(part.value for part in [*train.caption, *train.success] if "Size of z" in part.value)
    assert not [part for part in train.success if "Finished" in part.value]


def test_models_that_take_the_digit_swap_the_same_styles(app: AppTest, svhn_folder: Path) -> None:
    for name, seed in (("house-1", 1), ("house-2", 2)):
        folder = runs_folder() / name
        folder.mkdir(parents=True)
        config = FSVAEConfig(z=5, hidden=(11, 13))
        state = fsvae.FAMILY.fresh(config, seed=seed).state_dict()
        write_safetensors(folder / "checkpoint.safetensors", state, family="fsvae", config=config, step=1)
        (folder / "config.json").write_text('{"family": "fsvae", "data": "svhn"}')
    page = opened(app, "run house-1", "run house-2")
    assert "Their styles in every digit" in [heading.value for heading in page.header]
    assert "NELBO − house-1" in text_of(page)
    assert not page.error


@pytest.mark.parametrize("asked", ["vae-1", "vae-1 (z 3)", "vae-1 “as it was called”"])
def test_a_link_finds_its_reference_whatever_it_was_called_then(app: AppTest, asked: str) -> None:
    models = [small_run("vae-2", 2), small_run("vae-1", 1)]
    change_notes(runs_folder() / "vae-1", name="the first")
    app.query_params["reference"] = asked
    page = opened(app, *models)
    assert page.selectbox(key="clinic-reference").options[1] == "vae-1 “the first”"
    assert page.selectbox(key="clinic-reference").value == "run vae-1"


def test_the_reference_and_the_chosen_models_stay_when_files_come(app: AppTest) -> None:
    page = app.switch_page("pages/clinic.py").run()
    full = [f"shipped {name}" for name in ("vae", "gmvae", "beta-4", "beta-2", "beta-8")]
    page.multiselect(key="clinic-models").set_value(full).run()
    page.selectbox(key="clinic-reference").select("shipped gmvae").run()
    page = upload(page, ("gmvae.pt", weights()))
    assert page.multiselect(key="clinic-models").value == [*full, "upload gmvae"]
    assert page.selectbox(key="clinic-reference").value == "shipped gmvae"
