import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

import training.lab.launch
from models.registry import PRESETS, family_of
from pages.kit import services
from pages.kit.address import link
from pages.runs.run_controls import pages_of
from tests.pages.conftest import text_of
from tests.patience import PATIENCE, until
from training.checkpoints.reading import load_checkpoint
from training.lab.run_index import readable_runs
from training.lab.run_notes import change_notes
from training.runs.config import TrainConfig
from training.runs.events import Measured
from training.runs.run_folder import Run, read_changes
from training.runs.run_writer import RunWriter, keep_as_run
from training.runs.worker import train_into
from training.system.json_lines import append_row

FIELDS = ("steps", "z", "batch_size", "learning_rate")


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return app.switch_page("pages/train.py").run()


def start_button(page: AppTest) -> Button:
    (found,) = [button for button in page.button if button.label == "Start training"]
    return found


def start(page: AppTest, **values: float) -> str:
    for key, value in values.items():
        page.number_input(key=f"train-{key}-vae").set_value(value)
    start_button(page).click().run()
    return str(page.selectbox(key="train-run").value)


def test_it_opens_on_the_homeworks_values(page: AppTest) -> None:
    assert not page.exception
    values = {key: page.number_input(key=f"train-{key}-vae").value for key in FIELDS}
    assert values == {"steps": 20_000, "z": 10, "batch_size": 100, "learning_rate": 1e-3}


@pytest.mark.parametrize("preset", [name for name in PRESETS if family_of(name).images == "binary"])
def test_every_preset_has_its_form_and_starts(
    page: AppTest, runs_folder: Path, preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no process for each: other tests have one
    monkeypatch.setattr(training.lab.launch, "_supervise", lambda folder, process, job: None)
    page.selectbox(key="train-preset").select(preset).run()
    assert not page.exception
    page.number_input(key=f"train-steps-{preset}").set_value(1)
    start_button(page).click().run()
    assert not page.error
    run = Run.named(str(page.selectbox(key="train-run").value))
    assert run.config.model == PRESETS[preset].model


def test_an_fsvae_without_svhn_says_how_to_get_it(page: AppTest) -> None:
    page.selectbox(key="train-preset").select("fsvae").run()
    assert not page.exception
    assert [info.value for info in page.info if "python -m training download svhn" in info.value]
    assert start_button(page).disabled
    (attempt,) = [text.value for text in page.markdown if text.value.startswith("**Try this**")]
    assert "colours" in attempt


def test_an_fsvae_trains_on_svhn_and_is_not_offered_for_mnists_bounds(
    page: AppTest, runs_folder: Path, svhn_folder: Path
) -> None:
    page.selectbox(key="train-preset").select("fsvae").run()
    assert any("non-commercial use only" in caption.value for caption in page.caption)
    page.number_input(key="train-steps-fsvae").set_value(1)
    page.number_input(key="train-batch_size-fsvae").set_value(7)
    start_button(page).click().run()
    assert not page.error
    run_id = str(page.selectbox(key="train-run").value)
    until(lambda: Run.named(run_id).status().state == "finished")
    page.run()
    assert not page.exception
    assert Run.named(run_id).config.data == "svhn"
    assert any(part.value.startswith("**Data in use:** SVHN") for part in page.markdown)
    assert page.pills(key="train-measure-sets-svhn").options == ["SVHN test", "First 1,000"]
    bounds = page.switch_page("pages/bounds.py").run()
    assert f"run {run_id}" not in bounds.multiselect(key="bounds-models").options


def test_a_run_trains_is_seen_and_stops(page: AppTest, runs_folder: Path) -> None:
    run_id = start(page, steps=100_000, z=3)
    assert run_id.startswith("vae-")
    run = Run.named(run_id)
    assert run.config.model.model_dump()["z"] == 3
    assert run.config.data == "mnist-sample"
    until(lambda: bool(run.metrics().steps))
    page.run()
    assert not page.exception
    assert page.metric[0].label.endswith("NELBO")
    page.button(key="stop").click().run()
    until(lambda: run.status().state == "stopped")
    page.run()
    assert any("Stopped at step" in info.value for info in page.info)
    page.button(key="resume").click().run()
    until(lambda: run.status().state == "running")
    page.run()
    page.button(key="stop").click().run()
    until(lambda: run.status().state == "stopped")


def test_a_second_tab_finds_the_run_and_can_queue_another(page: AppTest, runs_folder: Path) -> None:
    run_id = start(page, steps=100_000)
    second = AppTest.from_file(page._script_path, default_timeout=PATIENCE).run()
    second.switch_page("pages/train.py").run()
    assert second.selectbox(key="train-run").value == run_id
    second.selectbox(key="train-run").select("new training").run()
    assert not second.exception
    assert any(run_id in caption.value for caption in second.caption)
    until(lambda: Run.named(run_id).status().state == "running")
    waiting = start(second, steps=7)
    second.run()
    assert Run.named(waiting).status().state == "queued"
    page.run()
    page.button(key="stop").click().run()
    until(lambda: Run.named(waiting).status().state == "finished")


def test_a_run_that_waits_can_leave_the_queue(page: AppTest, runs_folder: Path) -> None:
    first = start(page, steps=100_000)
    until(lambda: Run.named(first).status().state == "running")
    page.selectbox(key="train-run").select("new training").run()
    second = start(page, steps=7)
    page.run()
    assert not page.exception
    page.button(key="leave").click().run()
    assert Run.named(second).status().state == "stopped"


def test_a_link_to_a_preset_is_followed_while_another_training_is_under_way(page: AppTest) -> None:
    run_id = start(page, steps=100_000)
    second = AppTest.from_file(page._script_path, default_timeout=PATIENCE)
    second.query_params["preset"] = "gmvae"
    second.switch_page("pages/train.py").run()
    assert not second.exception
    assert second.selectbox(key="train-run").value == "new training"
    assert second.selectbox(key="train-preset").value == "gmvae"
    assert any(run_id in caption.value for caption in second.caption)


def test_a_training_pauses_takes_one_step_and_goes_on(page: AppTest, runs_folder: Path) -> None:
    run = Run.named(start(page, steps=100_000))
    until(lambda: run.status().step > 0)
    page.run()
    page.button(key="pause").click().run()
    until(lambda: run.status().state == "paused")
    paused_at = read_step(run)
    page.button(key="step").click().run()
    until(lambda: read_step(run) == paused_at + 1)
    page.run()
    assert not page.exception
    assert [head.value for head in page.subheader] == [f"Step {paused_at + 1:,}"]
    page.button(key="continue").click().run()
    until(lambda: run.status().state == "running" and run.status().step > paused_at + 1)
    page.run()
    page.button(key="stop").click().run()
    until(lambda: run.status().state == "stopped")


def test_slow_motion_shows_every_step(page: AppTest, runs_folder: Path) -> None:
    run = Run.named(start(page, steps=100_000))
    until(lambda: run.status().state == "running")
    page.run()
    page.segmented_control(key=f"pace-{run.id}-0").select(20.0).run()
    until(lambda: run.status().pace == 20 and (run.path / "step.json").is_file())
    page.run()
    assert not page.exception
    assert page.subheader[0].value.startswith("Step ")
    before = read_step(run)
    time.sleep(1)
    assert read_step(run) - before <= 25
    page.button(key="stop").click().run()
    until(lambda: run.status().state == "stopped")


def read_step(run: Run) -> int:
    return int(run.status().step)


def test_settings_change_while_it_trains_and_the_curve_marks_where(page: AppTest, runs_folder: Path) -> None:
    run = Run.named(start(page, steps=100_000))
    until(lambda: bool(run.metrics().steps))
    page.run()
    (weight,) = [field for field in page.number_input if field.label == "KL weight, β"]
    weight.set_value(4.0)
    (change,) = [button for button in page.button if button.label == "Change"]
    change.click().run()
    until(lambda: bool(read_changes(run.path)))
    (row,) = read_changes(run.path)
    assert (row["setting"], row["value"]) == ("kl_weight", 4.0)
    page.run()
    assert not page.exception
    assert f"KL weight β 4 after step {row['step']:,}" in text_of(page)
    page.button(key="stop").click().run()
    until(lambda: run.status().state == "stopped")


def test_a_sweep_starts_a_run_for_every_combination(page: AppTest, runs_folder: Path) -> None:
    page.number_input(key="train-steps-vae").set_value(7)
    page.text_input(key="train-sweep-vae").set_value("seed: 3-4; size of z: 2, 5")
    start_button(page).click().run()
    assert not page.error
    configs = [run.config for run in readable_runs()]
    assert {(config.seed, config.model.model_dump()["z"]) for config in configs} == {(3, 2), (3, 5), (4, 2), (4, 5)}
    until(lambda: all(run.status().state == "finished" for run in readable_runs()))


def test_a_sweep_that_cannot_be_read_is_one_sentence(page: AppTest, runs_folder: Path) -> None:
    page.text_input(key="train-sweep-vae").set_value("sed: 1-4")
    start_button(page).click().run()
    assert not page.exception
    assert len(page.error) == 1
    assert "names none of" in page.error[0].value
    assert list(readable_runs()) == []


def test_a_finished_run_offers_its_weights_and_its_pictures(page: AppTest, runs_folder: Path) -> None:
    run_id = start(page, steps=150)
    until(lambda: Run.named(run_id).status().state == "finished")
    page.run()
    page.run()
    assert not page.exception
    assert any("Finished" in success.value for success in page.success)
    assert page.select_slider(key=f"step-{run_id}").options == ["0", "100", "150"]


def test_a_diverging_run_says_so_and_keeps_its_checkpoint(page: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    writer = RunWriter(runs_folder / "vae-wild", brief)

    def explode(event: object) -> None:
        if isinstance(event, Measured) and event.step:
            raise FloatingPointError("not a number")

    train_into(writer, on_event=explode)
    page.run()
    page.selectbox(key="train-run").select("vae-wild").run()
    assert not page.exception
    assert [part.value for part in page.error][1:] == []
    assert "last checkpoint" in page.error[0].value
    assert Run.named("vae-wild").checkpoint_file.is_file()


def test_an_interrupted_run_can_be_resumed(page: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    writer = RunWriter(runs_folder / "vae-cut", brief)
    train_into(writer, should_stop=lambda: True)
    writer.update(state="running")  # and nobody holds its folder any more
    page.run()
    page.selectbox(key="train-run").select("vae-cut").run()
    assert any("Interrupted" in warning.value for warning in page.warning)
    page.button(key="resume").click().run()
    until(lambda: Run.named("vae-cut").status().state == "finished")


def test_a_folder_that_cannot_be_written_is_one_sentence(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ELBO_LAB_RUNS", str(tmp_path / "file" / "runs"))
    start(page, steps=10)
    assert not page.exception
    assert len(page.error) == 1
    assert "cannot be written" in page.error[0].value


@pytest.mark.parametrize("junk", ["", "nobody", "../../etc/passwd", "/etc", "a" * 500, "<script>"])
def test_a_junk_link_opens_a_new_training(app: AppTest, junk: str) -> None:
    app.query_params["run"] = junk
    app.switch_page("pages/train.py").run()
    assert not app.exception
    assert app.selectbox(key="train-run").value == "new training"


def test_a_run_can_be_measured_in_the_background(page: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "vae-mine", brief))
    page.run()
    page.selectbox(key="train-run").select("vae-mine").run()
    page.button(key="measure").click().run()
    until(lambda: not services.jobs().active("reading"))
    page.run()
    assert not page.exception
    assert any(
        "run vae-mine (z 5, hidden 11 × 13, embedded sample, 60 steps and 1 more), homework set" in part.value
        for part in page.markdown
    )


def test_a_run_says_what_differs_from_its_recipe_first(app: AppTest, runs_folder: Path) -> None:
    config = TrainConfig.from_preset("beta-4", model={"beta": 7.0, "z": 10}, steps=1, batch_size=7, device="cpu")
    RunWriter(runs_folder / "heavy", config)
    app.query_params["run"] = "heavy"
    page = app.switch_page("pages/train.py").run()
    (caption,) = [part.value for part in page.caption if part.value.startswith("**beta-4**")]
    assert caption.startswith("**beta-4**: **KL weight, β 7** (recipe: 4); Size of z 10. 1 steps")


def test_the_loss_has_the_kl_weight_as_it_is_now_and_says_that_it_was_changed(app: AppTest, runs_folder: Path) -> None:
    config = TrainConfig.from_preset("beta-4", model={"beta": 7.0}, steps=1, batch_size=7, device="cpu")
    train_into(RunWriter(runs_folder / "heavy", config))
    for step, value in ((1, 3.0), (1, 2.5)):
        append_row(runs_folder / "heavy" / "changes.jsonl", {"step": step, "setting": "kl_weight", "value": value})
    app.query_params.update(link("train", run="heavy"))
    page = app.switch_page("pages/train.py").run()
    assert not page.exception
    (loss,) = [part.value for part in page.latex if "loss" in part.value]
    assert "2.5\\cdot" in loss
    assert "7\\cdot" not in loss
    (said,) = [part.value for part in page.caption if "The KL weight β was changed" in part.value]
    assert "2.5 times in this loss since step 1, and counted 7 times" in said
    (way,) = [part for part in page.get("page_link") if "beside others" in part.proto.label]
    assert way.proto.query_string == "runs-chosen=run+heavy"


@pytest.mark.parametrize("asked", ["heavy", "heavy (β 7)", "heavy “as it was called”"])
def test_the_picker_says_what_tells_runs_apart_and_any_link_of_a_run_opens_it(
    app: AppTest, runs_folder: Path, asked: str
) -> None:
    for run_id, name in (("heavy", ""), ("light", "the *light* one")):
        config = TrainConfig.from_preset("beta-4", model={"beta": 7.0}, data="mnist-sample", steps=1, device="cpu")
        train_into(RunWriter(runs_folder / run_id, config))
        change_notes(runs_folder / run_id, name=name)
    app.query_params.update(link("train", run=asked))
    page = app.switch_page("pages/train.py").run()
    assert set(page.selectbox(key="train-run").options) == {
        "new training",
        "heavy (β 7, embedded sample, 1 steps)",
        "light “the *light* one”",
    }
    assert page.selectbox(key="train-run").value == "heavy"


@pytest.mark.parametrize(
    ("preset", "pages"),
    [
        ("vae", ["samples", "bounds", "clinic"]),
        ("gmvae", ["samples", "mixture", "bounds", "clinic"]),
        ("ssvae", ["samples", "labels", "bounds", "clinic"]),
        ("fsvae", ["samples", "style", "clinic"]),
    ],
)
def test_a_run_links_to_every_page_that_can_show_it(preset: str, pages: list[str]) -> None:
    assert [page for page, *_ in pages_of(family_of(preset))] == pages


def test_another_training_begins_with_a_runs_weights(page: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "vae-mine", brief))
    page.run()
    page.selectbox(key="train-run").select("vae-mine").run()
    assert page.selectbox(key="fork-from-vae-mine").value == 60
    page.number_input(key="fork-steps-vae-mine").set_value(5)
    (begin,) = [button for button in page.button if button.label == "Start it"]
    begin.click().run()
    assert not page.exception
    assert not page.error
    run = Run.named(str(page.selectbox(key="train-run").value))
    assert (run.id, run.config.steps) != ("vae-mine", 60)
    until(lambda: run.status().state == "finished")
    page.run()
    assert not page.exception
    assert (run.path / "ancestry.jsonl").is_file()


def test_no_loss_is_claimed_for_weights_that_were_trained_elsewhere(
    app: AppTest, runs_folder: Path, brief: TrainConfig
) -> None:
    train_into(RunWriter(runs_folder / "mine", brief))
    elsewhere = keep_as_run(load_checkpoint(runs_folder / "mine"))
    app.switch_page("pages/train.py").run()
    for run_id, formulas in (("mine", 2), (elsewhere.id, 1)):
        app.selectbox(key="train-run").select(run_id).run()
        assert not app.exception
        assert len(app.latex) == formulas
