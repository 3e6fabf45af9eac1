"""Runs: every training in one table, the chosen ones beside each other, names, notes, the bin."""

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.kit import services
from tests.pages.conftest import text_of
from tests.training.lab.test_run_summaries import made, measured
from training.lab.run_bin import binned_runs, throw_away
from training.lab.run_index import run_ids
from training.lab.run_notes import change_notes, read_notes
from training.system.folders import pretrained_names, runs_folder


def trained(name: str, **changes: Any) -> Path:
    """A run with three measurements and two pictures."""
    path = made(runs_folder(), name, **changes)
    rows = [(step, "held-out", {"nelbo": 545.0 - step, "kl": step / 20, "rec": 500.0}) for step in (0, 100, 300)]
    measured(path, *rows, (300, "train", {"nelbo": 240.0}))
    for kind in ("grids", "reconstructions"):
        (path / kind).mkdir()
        for step in (0, 100):
            Image.new("L", (56, 28)).save(path / kind / f"{step}.png")
    return path


def opened(app: AppTest, **address: Any) -> AppTest:
    for name, value in address.items():
        app.query_params[name] = value
    page = app.switch_page("pages/_runs.py").run()
    assert not page.exception
    return page


def table_of(page: AppTest) -> dict[str, dict[str, Any]]:
    return {row["Run"]: row for row in page.dataframe[0].value.to_dict("records")}


def scrubber_of(page: AppTest) -> dict[str, Any]:
    """What the scrubber in the browser gets."""
    [found] = [each for each in page.get("bidi_component") if each.proto.component_name.endswith("scrubber")]
    data: dict[str, Any] = json.loads(found.proto.json or found.proto.mixed.json)
    return data


def test_without_runs_the_shipped_models_stand_there_and_the_page_says_how_to_start(app: AppTest) -> None:
    page = opened(app)
    assert "No training of your own yet" in text_of(page)
    assert {"shipped vae", "shipped fsvae"} <= table_of(page).keys()
    assert table_of(page)["shipped vae"]["State"] == "shipped"
    assert page.multiselect(key="runs-chosen").value == ["shipped vae", "shipped beta-0.1", "shipped beta-0.25"]
    assert not page.get("bidi_component") or scrubber_of(page)["steps"][-1] == 20_000


def test_each_run_has_a_row_with_its_state_and_newest_numbers(app: AppTest) -> None:
    change_notes(trained("vae-1", seed=1), name="the first", tags=["mine"])
    trained("vae-2", seed=2, state="running", updated=time.time())
    measured(trained("vae-3", seed=3, state="failed"), (50, "held-out", {"nelbo": math.nan}))
    rows = table_of(opened(app))
    assert "seed 1" in rows["the first"]["Differs in"]
    assert rows["the first"]["NELBO"] == 245.0
    assert rows["vae-2"]["State"] == "running, 33%"
    assert rows["vae-3"]["State"] == "failed"
    assert math.isnan(rows["vae-3"]["NELBO"])


def test_why_a_chosen_run_failed_is_said(app: AppTest) -> None:
    path = trained("vae-1", state="failed")
    status = json.loads((path / "status.json").read_text())
    (path / "status.json").write_text(json.dumps({**status, "message": "The loss stopped being a number by step 50."}))
    assert "vae-1 failed: The loss stopped being a number" in text_of(opened(app, **{"runs-chosen": "run vae-1"}))


def test_a_run_whose_config_is_damaged_is_there_and_can_be_deleted(app: AppTest) -> None:
    path = trained("vae-1")
    (path / "config.json").write_text('{"preset": ')
    page = opened(app, **{"runs-chosen": ["run vae-1", "shipped vae"]})
    assert table_of(page)["vae-1"]["State"] == "failed"
    assert "vae-1 failed: Its config.json is damaged" in text_of(page)
    page.button(key="delete").click().run()
    assert not page.exception
    assert "vae-1" not in table_of(page)


def test_what_is_looked_for_is_in_the_address(app: AppTest) -> None:
    trained("vae-1", seed=1)
    trained("vae-2", seed=2, model={"z": 20})
    page = opened(app, **{"runs-find": "z 20", "runs-model": "vae"})
    assert list(table_of(page)) == ["vae-2"]
    assert f"1 of {2 + len(pretrained_names())} trainings" in text_of(page)
    page.text_input(key="runs-find").set_value("nothing like it").run()
    assert not page.exception
    assert not page.dataframe


def test_chosen_runs_move_together_step_by_step(app: AppTest) -> None:
    trained("vae-1", seed=1)
    trained("vae-2", seed=2)
    page = opened(app, **{"runs-chosen": ["run vae-1", "run vae-2", "shipped fsvae"]})
    data = scrubber_of(page)
    assert [panel["title"] for panel in data["runs"]] == ["vae-1", "vae-2", "shipped fsvae"]
    assert data["steps"][:2] == [0, 100]
    one = data["runs"][0]
    assert [step for step, _, _ in one["places"]["grids"]] == [0, 100]
    assert one["measured"] == [0, 100, 300]
    assert one["terms"][0] == {"name": "nelbo", "label": "NELBO", "percent": False, "values": [545.0, 445.0, 245.0]}
    assert one["film"] != data["runs"][1]["film"]
    text = text_of(page)
    assert "not comparable: MNIST and SVHN, variance 0.1 have a chart each" in text
    assert "mean over seeds, band from the lowest to the highest" in text
    page.toggle(key="runs-together").set_value(False).run()
    assert not page.exception
    assert "mean over seeds" not in text_of(page)


def test_every_way_of_drawing_the_curves(app: AppTest) -> None:
    trained("vae-1", seed=1)
    page = opened(app, **{"runs-chosen": "run vae-1", "runs-smoothing": "over 3 points"})
    assert "smoothed: mean over 3 points" in text_of(page)
    for key, value in (("runs-over", "epochs"), ("runs-over", "seconds"), ("runs-images", "both")):
        page.segmented_control(key=key).set_value(value).run()
        assert not page.exception
        assert not page.error
    page.pills(key="runs-terms").set_value([]).run()
    assert "None of these runs has measured that" in text_of(page)


def test_a_run_that_diverged_does_not_flatten_the_others(app: AppTest) -> None:
    trained("vae-1", seed=1)
    measured(trained("vae-2", seed=2), (100, "held-out", {"nelbo": 1e7}), (300, "held-out", {"nelbo": 5e6}))
    page = opened(app, **{"runs-chosen": ["run vae-1", "run vae-2"], "runs-together": "false", "runs-whole": "true"})
    assert "cut off above 545.00 nats" in text_of(page)
    page.multiselect(key="runs-chosen").set_value(["run vae-1"]).run()
    assert "cut off above" not in text_of(page)


def test_a_run_gets_a_name_a_note_and_tags(app: AppTest) -> None:
    path = trained("vae-1")
    page = opened(app, **{"runs-chosen": "run vae-1"})
    page.text_input(key="name-vae-1").set_value("wide")
    page.text_input(key="tags-vae-1").set_value("good, z20")
    page.text_area(key="note-vae-1").set_value("Learns fast.")
    page.button(key="FormSubmitter:notes-vae-1-Save").click().run()
    assert not page.exception
    notes = read_notes(path)
    assert (notes.name, notes.note, notes.tags) == ("wide", "Learns fast.", ("good", "z20"))
    assert "wide" in table_of(page)
    page.text_input(key="tags-vae-1").set_value("x" * 30)
    page.button(key="FormSubmitter:notes-vae-1-Save").click().run()
    assert "each one word of at most 24 characters" in text_of(page)
    assert read_notes(path).tags == ("good", "z20")


def test_deleting_can_be_undone_and_the_bin_emptied(app: AppTest) -> None:
    trained("vae-1", seed=1)
    trained("vae-2", seed=2, state="running", updated=time.time())
    page = opened(app, **{"runs-chosen": ["run vae-1", "run vae-2"]})
    page.button(key="delete").click().run()
    assert not page.exception
    assert run_ids() == ["vae-2"]
    assert "vae-2 is training now: stop it first" in text_of(page)
    assert page.multiselect(key="runs-chosen").value == ["run vae-2"]
    page.button(key="undo").click().run()
    assert set(run_ids()) == {"vae-1", "vae-2"}
    throw_away(runs_folder() / "vae-1")
    page.run()
    page.button(key="restore-vae-1").click().run()
    assert binned_runs() == {}
    throw_away(runs_folder() / "vae-1")
    page.run()
    page.button(key="empty-bin").click().run()
    assert not page.exception
    assert not (runs_folder() / "vae-1").exists()


def test_junk_in_the_address_and_hostile_texts_are_shown_as_text(app: AppTest) -> None:
    bad = "<img src=x onerror=alert(1)>[a](http://x.org)$x$"
    change_notes(trained("vae-1"), name=bad, note=bad)
    page = opened(app, **{"runs-chosen": ["run nobody", "run vae-1"], "runs-order": "?", "runs-smoothing": "-7"})
    text = text_of(page)
    assert "The link asks for **run nobody**, which is not here" in text
    assert "<img src=x" not in text
    assert "[a](" not in text.replace("\\[a](", "")


def test_a_run_that_vanishes_meanwhile_leaves_quietly(app: AppTest) -> None:
    path = trained("vae-1")
    page = opened(app, **{"runs-chosen": "run vae-1"})
    throw_away(path)
    page.run()
    assert not page.exception
    assert page.multiselect(key="runs-chosen").value == []


@pytest.mark.usefixtures("quiet_machine")
def test_a_thousand_runs_are_shown_at_once(app: AppTest) -> None:
    for number in range(1000):
        path = runs_folder() / f"vae-{number}"
        path.mkdir(parents=True)
        config = {"preset": "vae", "family": "vae", "data": "mnist-sample", "model": {"z": 10}, "seed": number}
        (path / "config.json").write_text(json.dumps({**config, "steps": 900}))
        (path / "status.json").write_text(json.dumps({"state": "finished", "step": 900, "steps": 900}))
        measured(path, *((step, "held-out", {"nelbo": 100.0}) for step in range(0, 900, 50)))
    services.warm_up().join()
    began = time.perf_counter()
    page = opened(app)
    assert time.perf_counter() - began < 1.5
    assert len(page.dataframe[0].value) == 1000 + len(pretrained_names())
