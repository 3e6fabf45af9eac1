"""A run leaves as one zip and comes back whole; of what a stranger puts into one nothing runs and nothing stays."""

import io
import json
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.hostile.running_pickles import lay_bait, running_pickles
from training.checkpoints.quarantine import Quarantine
from training.checkpoints.reading import load_checkpoint
from training.lab.fork import make_fork
from training.lab.run_notes import change_notes, read_notes
from training.lab.run_summaries import run_summary
from training.people.places import place_of
from training.people.viewer import Viewer, viewing
from training.pictures.grids import png_bytes
from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError
from training.takeaway.bundle import bundle, write_bundle
from training.takeaway.opening import open_bundle
from training.takeaway.resume_tensors import as_safetensors, contents_of, state_from


@pytest.fixture(scope="module")
def quarantine() -> Iterator[Quarantine]:
    opened = Quarantine()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stopped after 40 of 60 steps."""
    folder = tmp_path_factory.mktemp("runs") / "mine"
    model = {"z": 5, "hidden": (11, 13)}
    config = TrainConfig.from_preset("vae", model=model, data="mnist-sample", steps=60, batch_size=7, warmup=9)
    steps = iter(range(40))
    train_into(RunWriter(folder, config), should_stop=lambda: next(steps, None) is None)
    change_notes(folder, name="My run", note="of two\nlines", tags=["tag"])
    return folder


@pytest.fixture(scope="module")
def whole(trained: Path) -> bytes:
    """Its bundle."""
    return bundle(Run(trained))


@pytest.fixture
def run(trained: Path, runs_folder: Path) -> Run:
    """The run, for this test alone."""
    shutil.copytree(trained, runs_folder / "mine")
    return Run(runs_folder / "mine")


@pytest.fixture
def abroad(tmp_path: Path) -> Path:
    """The runs folder of another machine."""
    return tmp_path / "abroad"


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def opened(content: bytes, quarantine: Quarantine, folder: Path) -> Run:
    folder.mkdir(exist_ok=True)
    file = folder.parent / "a.zip"
    file.write_bytes(content)
    return open_bundle(file, quarantine, folder)


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_run_comes_back_whole(run: Run, whole: bytes, quarantine: Quarantine, abroad: Path) -> None:
    back = opened(whole, quarantine, abroad)
    assert (back.id, back.config) == ("mine", run.config)
    before, after = run.status(), back.status()
    assert (after.state, after.step, after.seconds) == ("stopped", 40, before.seconds)
    here, there = files_of(run.path), files_of(back.path)
    same = [name for name in there if name not in ("status.json", "resume.pt")]
    assert {name: here[name] for name in same} == {name: there[name] for name in same}
    assert {name for name in here if name.partition("/")[0] in ("grids", "reconstructions")} <= there.keys()
    assert back.resume_state() is not None
    assert read_notes(back.path).name == "My run"
    ours, theirs = unpacked(bundle(back)), unpacked(whole)
    assert {name: each for name, each in ours.items() if "resume" not in name} == {
        name: each for name, each in theirs.items() if "resume" not in name
    }
    assert [path.name for path in abroad.iterdir()] == ["mine"]


def test_it_resumes_there_as_if_it_had_never_left(
    run: Run, quarantine: Quarantine, abroad: Path, runs_folder: Path
) -> None:
    back = opened(bundle(run), quarantine, abroad)
    for each in (run, back):
        assert train_into(RunWriter(each.path, each.config, resume=True)).state == "finished"
    train_into(RunWriter(runs_folder / "at-once", run.config))
    at_once = load_checkpoint(runs_folder / "at-once").state
    for name, value in load_checkpoint(back.path).state.items():
        assert torch.equal(value, at_once[name])
    assert back.metrics("held-out").terms == run.metrics("held-out").terms
    forked = Run(make_fork(back, 60, {"steps": 3}))
    assert train_into(RunWriter(forked.path, forked.config, resume=True)).state == "finished"
    again = opened(bundle(forked), quarantine, runs_folder)
    assert files_of(again.path)["ancestry.jsonl"] == files_of(forked.path)["ancestry.jsonl"]
    assert torch.equal(
        load_checkpoint(again.path / "start.safetensors").state["enc.net.0.bias"], at_once["enc.net.0.bias"]
    )


def test_an_id_that_is_taken_gives_the_next_one(
    run: Run, whole: bytes, quarantine: Quarantine, runs_folder: Path
) -> None:
    assert opened(whole, quarantine, runs_folder).id == "mine-2"
    assert opened(whole, quarantine, runs_folder).id == "mine-3"
    assert run_summary(runs_folder / "mine-3") is not None


def test_a_run_under_way_leaves_as_a_stopped_one(run: Run, quarantine: Quarantine, abroad: Path) -> None:
    row = json.loads((run.path / "status.json").read_text())
    (run.path / "status.json").write_text(json.dumps(row | {"state": "running", "pace": 3.0, "heard": 77, "host": "h"}))
    status = opened(bundle(run), quarantine, abroad).status()
    assert (status.state, status.pace, status.heard, status.host) == ("stopped", 0, 0, "")


def test_what_a_crash_damaged_stays_at_home(run: Run, quarantine: Quarantine, abroad: Path) -> None:
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 41, "sec')
    (run.path / "grids" / "0.png").write_bytes(b"torn")
    (run.path / "resume.pt").write_bytes(b"torn")
    (run.path / "resume-before.pt").unlink(missing_ok=True)
    back = opened(bundle(run), quarantine, abroad)
    assert back.metrics().steps == run.metrics().steps
    assert 0 not in back.picture_steps()
    assert back.resume_state() is None


def test_links_and_strange_files_are_not_followed(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "7.png").write_bytes(png_bytes(Image.new("L", (2, 2))))
    (run.path / "about.json").unlink()
    (run.path / "about.json").symlink_to(run.path / "config.json")
    (run.path / "kept").symlink_to(run.path)
    (run.path / "step").mkdir()
    (run.path / "step" / "grids").symlink_to(secret)
    (run.path / "grids" / "7.png").symlink_to(secret / "7.png")
    (run.path / "of-mine.txt").write_text("mine")
    names = {name.removeprefix("mine/") for name in unpacked(bundle(run))}
    assert {"config.json", "checkpoint.safetensors", "grids/0.png"} <= names
    assert not names & {
        "about.json",
        "grids/7.png",
        "of-mine.txt",
        "step/grids/7.png",
        ".lock",
        "control.jsonl",
        "resume.pt",
    }
    assert not any(name.startswith(("kept/", "step/")) for name in names)


def config_with(files: dict[str, bytes], **changes: object) -> None:
    files["mine/config.json"] = json.dumps(json.loads(files["mine/config.json"]) | changes).encode()


def large_model(files: dict[str, bytes]) -> None:
    model = json.loads(files["mine/config.json"])["model"]
    config_with(files, model=model | {"hidden": [65_536, 65_536]})


def bomb(files: dict[str, bytes]) -> None:
    files["mine/metrics.jsonl"] = b" " * 50_000_000


def wide(width: int) -> bytes:
    return png_bytes(Image.fromarray(np.zeros((1, width), np.uint8)))


def lying_png(files: dict[str, bytes]) -> None:
    content = bytearray(wide(2))
    content[16:24] = struct.pack(">II", 60_000, 60_000)
    files["mine/grids/0.png"] = bytes(content)


def animated(files: dict[str, bytes]) -> None:
    out = io.BytesIO()
    Image.new("L", (3, 3)).save(out, "gif")
    files["mine/grids/0.png"] = out.getvalue()


def other_weights(files: dict[str, bytes]) -> None:
    weights = load_like(files["mine/checkpoint.safetensors"])
    weights["enc.net.0.bias"] = torch.zeros(3)
    files["mine/checkpoint.safetensors"] = saved(weights)


def infinite_weights(files: dict[str, bytes]) -> None:
    weights = load_like(files["mine/checkpoint.safetensors"])
    weights["enc.net.0.bias"][0] = torch.inf
    files["mine/checkpoint.safetensors"] = saved(weights)


def load_like(content: bytes) -> dict[str, torch.Tensor]:
    return contents_of(content)[0]


def saved(tensors: dict[str, torch.Tensor], facts: dict[str, str] | None = None) -> bytes:
    import safetensors.torch

    return safetensors.torch.save(tensors, metadata=facts)


def generator_out_of_bounds(files: dict[str, bytes]) -> None:
    tensors, facts = contents_of(files["mine/resume.safetensors"])
    state = bytearray(tensors["generator"].tolist())
    state[8:24] = struct.pack("<iiQ", 624, 1, 624)
    tensors["generator"] = torch.tensor(list(state), dtype=torch.uint8)
    files["mine/resume.safetensors"] = saved(tensors, facts)


def more_in_the_state(files: dict[str, bytes]) -> None:
    tensors, facts = contents_of(files["mine/resume.safetensors"])
    files["mine/resume.safetensors"] = saved(tensors | {"adam.99.step": torch.tensor(1.0)}, facts)


def put(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[name] = content

    return change


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        del files[f"mine/{name}"]

    return change


def line(**row: object) -> bytes:
    return json.dumps({"step": 1, "seconds": 1.0, "split": "train", "terms": {"nelbo": 1.0}} | row).encode() + b"\n"


REFUSED: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a path upwards": (put("mine/../../evil", b"x"), "no file of a run's bundle"),
    "an absolute path": (put("/etc/evil", b"x"), "no file of a run's bundle"),
    "another folder": (put("other/config.json", b"{}"), "no file of a run's bundle"),
    "a backslash": (put("mine/grids\\0.png", b"x"), "no file of a run's bundle"),
    "a pickle": (put("mine/resume.pt", pickle.dumps({})), "no file of a run's bundle"),
    "a lock": (put("mine/.lock", b""), "no file of a run's bundle"),
    "a program": (put("mine/run.py", b"print()"), "no file of a run's bundle"),
    "a second place of one step": (put("mine/grids/00.png", b""), "no file of a run's bundle"),
    "no config": (without("config.json"), "no file of a run|lacks config.json"),
    "no status": (without("status.json"), "lacks status.json"),
    "a preset that is a path": (lambda files: config_with(files, preset="../../x"), "preset"),
    "an unknown setting": (lambda files: config_with(files, shell="rm"), "no setting named 'shell'"),
    "a vast model": (large_model, "MB of weights"),
    "a bomb": (bomb, "times its size"),
    "a picture with false sizes": (lying_png, "not a picture that a run draws"),
    "a picture too wide": (put("mine/grids/0.png", wide(9000)), "not a picture that a run draws"),
    "another format": (animated, "not a picture that a run draws"),
    "weights of other shapes": (other_weights, "weights of another model"),
    "weights that are not finite": (infinite_weights, "not finite"),
    "weights that are none": (put("mine/kept/7.safetensors", b"none"), "kept/7.safetensors"),
    "a generator that reads beyond its numbers": (generator_out_of_bounds, "state to resume from"),
    "more than a state": (more_in_the_state, "state to resume from"),
    "a term that is Markdown": (put("mine/metrics.jsonl", line(terms={"[x](http://x)": 1.0})), "metrics.jsonl"),
    "a step that is no number": (put("mine/metrics.jsonl", line(step="1")), "metrics.jsonl"),
    "more in a row": (put("mine/metrics.jsonl", line(more=1)), "metrics.jsonl"),
    "an unknown setting changed": (
        put("mine/changes.jsonl", b'{"step": 1, "setting": "z", "value": 2}'),
        "changes.jsonl",
    ),
    "brackets without end": (put("mine/latent.jsonl", b"[" * 100_000), "latent.jsonl"),
    "notes that are too long": (put("mine/about.json", json.dumps({"name": "x" * 81}).encode()), "about.json"),
    "more steps than there are": (
        put("mine/status.json", b'{"state": "finished", "step": 99, "steps": 60}'),
        "60 steps",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_one_sentence_and_leaves_nothing(
    what: str, whole: bytes, quarantine: Quarantine, abroad: Path
) -> None:
    change, said = REFUSED[what]
    files = unpacked(whole)
    change(files)
    with pytest.raises(UserError, match=said) as refused:
        opened(zipped(files), quarantine, abroad)
    assert "\n" not in str(refused.value)
    assert list(abroad.iterdir()) == []


def test_links_and_twins_in_a_zip_are_refused(whole: bytes, quarantine: Quarantine, abroad: Path) -> None:
    link = zipfile.ZipInfo("mine/about.json")
    link.external_attr = 0o120777 << 16
    for name, said in ((link, "not a plain file"), ("mine/config.json", "twice")):
        files = {key: value for key, value in unpacked(whole).items() if key != "mine/about.json"}
        out = io.BytesIO(zipped(files))
        with (
            zipfile.ZipFile(out, "a") as archive,
            pytest.warns(UserWarning, match="Duplicate") if name != link else nullcontext(),
        ):
            archive.writestr(name, b"/etc/passwd")
        with pytest.raises(UserError, match=said):
            opened(out.getvalue(), quarantine, abroad)
    assert list(abroad.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 1000, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_is_refused(content: bytes, quarantine: Quarantine, abroad: Path) -> None:
    with pytest.raises(UserError, match="cannot be opened as a run"):
        opened(content, quarantine, abroad)
    assert list(abroad.iterdir()) == []


def test_every_torn_bundle_is_refused(whole: bytes, quarantine: Quarantine, abroad: Path) -> None:
    for cut in (100, len(whole) // 2, len(whole) - 30):
        with pytest.raises(UserError):
            opened(whole[:cut], quarantine, abroad)
        spoilt = bytearray(whole)
        spoilt[cut] ^= 0xFF
        with pytest.raises(UserError):
            opened(bytes(spoilt), quarantine, abroad)
    assert list(abroad.iterdir()) == []


def test_a_pickle_in_the_place_of_tensors_never_runs(
    whole: bytes, quarantine: Quarantine, abroad: Path, tmp_path: Path
) -> None:
    marker, bait = tmp_path / "ran", tmp_path / "bait"
    lay_bait(bait, marker)
    pickles = dict(running_pickles(marker, bait))
    files = unpacked(whole)
    for content in list(pickles.values())[::12]:
        for name in ("mine/resume.safetensors", "mine/checkpoint.safetensors"):
            with pytest.raises(UserError):
                opened(zipped(files | {name: content}), quarantine, abroad)
    assert not marker.exists()
    assert list(abroad.iterdir()) == []


def test_the_state_to_resume_from_survives_the_journey(run: Run) -> None:
    state = run.resume_state()
    assert state is not None
    back = state_from(*contents_of(as_safetensors(state)), run.config)
    assert back.keys() >= state.keys() - {"best"}
    assert (back["step"], back["seconds"], back["best"]) == (state["step"], state["seconds"], tuple(state["best"]))
    assert torch.equal(back["generator"], state["generator"])
    for place, moments in state["optimiser"]["state"].items():
        assert all(torch.equal(back["optimiser"]["state"][place][kind], value) for kind, value in moments.items())


def test_a_bundle_is_written_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    write_bundle(run, tmp_path / "out.zip")
    assert unpacked((tmp_path / "out.zip").read_bytes()).keys() == unpacked(bundle(run)).keys()
    with pytest.raises(UserError, match="cannot be written"):
        write_bundle(run, tmp_path / "nowhere" / "out.zip")


@pytest.mark.usefixtures("runs_folder")
def test_a_bundle_of_another_visitor_overwrites_nothing(trained: Path, whole: bytes, quarantine: Quarantine) -> None:
    """Under the id of somebody's run, and with names that lead into their workspace."""
    anne, bert = "@" + "a" * 20, "@" + "b" * 20
    shutil.copytree(trained, place_of(anne) / "mine")
    before = files_of(place_of(anne))
    file = place_of(anne).parent / "crafted.zip"
    with viewing(Viewer(bert)):
        file.write_bytes(whole)
        made = open_bundle(file, quarantine)
        assert made.path.parent == place_of(bert)
        assert made.id != "mine"
        for leading in (
            f"../{anne}/mine/config.json",
            f"{anne}/mine/config.json",
            f"mine/../../{anne}/mine/config.json",
        ):
            file.write_bytes(zipped({**unpacked(whole), leading: b"{}"}))
            with pytest.raises(UserError, match="cannot be opened as a run"):
                open_bundle(file, quarantine)
    assert files_of(place_of(anne)) == before
