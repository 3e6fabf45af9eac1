"""Commands about the runs that are kept here: what there is, what it is called, bundles, and the bin."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.cli.console import errors, print_json, setting
from training.system.errors import UserError, one_of
from training.system.files import replace_file

if TYPE_CHECKING:
    from training.lab.run_summaries import RunSummary

__all__ = ["app"]

MOST_NAMED = 4
app = typer.Typer(no_args_is_help=True, help="List, name, pack and delete the runs that are kept here.")
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or as much of its beginning as is clear.")]
RunIds = Annotated[list[str], typer.Argument(metavar="RUN...", help="Ids of runs, or their beginnings.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout and nothing else.")]


@app.command("list")
def list_runs(
    in_bin: Annotated[bool, typer.Option("--bin", help="Those in the bin.")] = False, as_json: AsJson = False
) -> None:
    """The runs here, the one that changed last first, with their newest numbers on held-out images."""
    from training.lab.run_bin import binned_folders
    from training.lab.run_summaries import run_summaries, run_summary
    from training.system.folders import runs_folder

    runs = run_summaries()
    if in_bin:
        runs = [run for path in binned_folders() if (run := run_summary(path)) is not None]
    if as_json:
        print_json([_facts(run) for run in runs])
    elif not runs:
        errors.print("The bin is empty." if in_bin else f"There are no runs in {runs_folder()}.")
    else:
        Console().print(_table(runs))


@app.command("show")
def show(run: RunId, as_json: AsJson = False) -> None:
    """All that is known of one run."""
    facts = _facts(_read(_found(run)))
    if as_json:
        print_json(facts)
        return
    table = Table(show_header=False)
    for name, value in facts.items():
        if isinstance(value, dict):
            value = "  ".join(f"{key} {_number(each)}" for key, each in value.items())
        elif isinstance(value, list):
            value = " ".join(value)
        if value not in ("", None):
            table.add_row(name, escape(str(value)))
    Console().print(table)


@app.command("rename")
def rename(
    run: RunId, name: Annotated[str, typer.Argument(help='What it is called; "" gives it back its id.')]
) -> None:
    """Give a run a name. Its id and its folder stay as they are."""
    _change(run, lambda path: {"name": name})


@app.command("note")
def note(run: RunId, text: Annotated[str, typer.Argument(help='The note; "" removes it.')]) -> None:
    """Write a note about a run in place of the one that is there."""
    _change(run, lambda path: {"note": text})


@app.command("tag")
def tag(
    run: RunId,
    words: Annotated[list[str], typer.Argument(metavar="TAG...", help="Single words.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take these tags off.")] = False,
) -> None:
    """Add tags to a run, or take them off."""
    from training.lab.run_notes import read_notes

    def changed(path: Path) -> dict[str, Any]:
        there = read_notes(path).tags
        return {"tags": [each for each in there if each not in words] if remove else [*there, *words]}

    _change(run, changed)


@app.command("fork")
def fork(
    run: RunId,
    step: Annotated[int | None, typer.Option(help="Of the weights that it kept; its last ones when absent.")] = None,
    steps: Annotated[int | None, typer.Option(help="Of the new run; as many as before when absent.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides everything that is random.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Adam's step size.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the model that leaves its sizes: beta=4.")
    ] = None,
) -> None:
    """Train a new run from weights that a run kept, with other settings."""
    from training.cli.train import carry_out
    from training.lab.fork import fork_steps, make_fork
    from training.runs.run_folder import Run
    from training.runs.run_writer import RunWriter

    parent = Run(_found(run))
    kept = fork_steps(parent)
    at = step if step is not None else kept[-1] if kept else 0
    model = dict(setting(text) for text in settings) if settings else {}
    changes = {"steps": steps, "seed": seed, "learning_rate": learning_rate, "model": model}
    path = make_fork(parent, at, changes)
    carry_out(RunWriter(path, Run(path).config, resume=True))


@app.command("bundle")
def bundle(
    run: RunId, out: Annotated[Path | None, typer.Option(help="The file; RUN.elbo.zip here when absent.")] = None
) -> None:
    """Write a run into one zip, which any copy of the app opens again: curves, pictures, weights, notes."""
    from training.runs.run_folder import Run
    from training.takeaway.bundle import bundle_name, write_bundle

    packed = Run(_found(run))
    file = out or Path(bundle_name(packed))
    write_bundle(packed, file)
    errors.print(f"{file} has {file.stat().st_size / 1e6:.1f} MB. Open it with: python -m training runs open {file}")


@app.command("script")
def script(
    run: RunId, out: Annotated[Path | None, typer.Option(help="The file; on stdout when absent.")] = None
) -> None:
    """Write a run as one Python script that trains it again, with PyTorch alone, and prints its NELBO."""
    from training.runs.run_folder import Run
    from training.takeaway.script import retrain_script

    _put(retrain_script(Run(_found(run)), out.name if out is not None else "retrain.py").encode(), out)


@app.command("notebook")
def notebook_command(
    run: RunId, out: Annotated[Path | None, typer.Option(help="The file; on stdout when absent.")] = None
) -> None:
    """Write the same as a Jupyter notebook."""
    from training.runs.run_folder import Run
    from training.takeaway.script import notebook

    _put(notebook(Run(_found(run))).encode(), out)


@app.command("csv")
def csv_command(
    run: RunId, out: Annotated[Path | None, typer.Option(help="The file; on stdout when absent.")] = None
) -> None:
    """Write a run's measurements as CSV."""
    from training.runs.run_folder import Run
    from training.takeaway.measurements import measurements_csv

    _put(measurements_csv(Run(_found(run))), out)


@app.command("events")
def events(
    run: RunId, out: Annotated[Path, typer.Option(help="The folder for `tensorboard --logdir`.")] = Path("events")
) -> None:
    """Write a run's measurements as TensorBoard's event files, where the package tensorboard is installed."""
    from training.runs.run_folder import Run
    from training.takeaway.measurements import write_events

    write_events(Run(_found(run)), out)
    errors.print(f"Look at them with: tensorboard --logdir {out}")


@app.command("open")
def open_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A bundle, as `runs bundle` or the page wrote it.")],
) -> None:
    """Make a run of a bundle. It may come from a stranger: nothing in it is run."""
    from training.checkpoints.quarantine import Quarantine
    from training.takeaway.opening import open_bundle

    if not file.is_file():
        raise UserError(f"There is no file {str(file)[:200]}: check the path.")
    quarantine = Quarantine()
    try:
        run = open_bundle(file, quarantine)
    finally:
        quarantine.close()
    errors.print(f"{run.id} is here, {run.status().state} at step {run.status().step:,}.")
    typer.echo(run.id)


@app.command("delete")
def delete(runs: RunIds) -> None:
    """Put runs in the bin: for a week they can be restored."""
    from training.lab.run_bin import KEPT_SECONDS, empty_bin, throw_away

    for path in [_found(run) for run in runs]:
        throw_away(path)
        errors.print(f"{path.name} is in the bin. Take it out with: python -m training runs restore {path.name}")
    empty_bin(older_than=KEPT_SECONDS)


@app.command("restore")
def restore(runs: RunIds) -> None:
    """Take runs out of the bin."""
    from training.lab.run_bin import restore_run

    for path in [_found(run, in_bin=True) for run in runs]:
        restore_run(path)
        errors.print(f"{path.name} is back.")


@app.command("empty-bin")
def empty(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete for good what is in the bin."""
    from training.lab.run_bin import binned_runs, empty_bin

    there = len(binned_runs())
    if not there:
        errors.print("The bin is empty.")
        return
    if not yes:
        typer.confirm(f"Delete {there} {'run' if there == 1 else 'runs'} for good?", abort=True, err=True)
    gone = empty_bin()
    errors.print(f"{len(gone)} {'run is' if len(gone) == 1 else 'runs are'} gone.")
    if len(gone) < there:
        raise UserError(f"{there - len(gone)} of them could not be deleted: they are training, or in use.")


def _put(content: bytes, out: Path | None) -> None:
    """Write to a file, or to stdout.

    Raises:
        UserError: it cannot be written.
    """
    if out is None:
        typer.echo(content.decode(), nl=False)
        return
    try:
        replace_file(out, content)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}): choose another place.") from error


def _found(beginning: str, *, in_bin: bool = False) -> Path:
    """The folder of the one run whose id begins so.

    Raises:
        UserError: there is none, or there are several.
    """
    from training.lab.run_bin import binned_folders
    from training.lab.run_index import run_folders
    from training.system.folders import runs_folder

    there = {path.name: path for path in (binned_folders() if in_bin else run_folders())}
    fitting = sorted(run_id for run_id in there if run_id.startswith(beginning)) if beginning else []
    if beginning in fitting:
        fitting = [beginning]
    if not fitting:
        place = "in the bin" if in_bin else f"in {runs_folder()}"
        raise UserError(f"There is no run {beginning!r} {place}: see `python -m training runs list`.")
    if len(fitting) > 1:
        named = [*fitting[:MOST_NAMED], f"{len(fitting) - MOST_NAMED} others"]
        some = one_of(named if len(fitting) > MOST_NAMED else fitting)
        raise UserError(f"{beginning!r} is the beginning of {some}: write more of it.")
    return there[fitting[0]]


def _read(path: Path) -> "RunSummary":
    from training.lab.run_summaries import run_summary

    run = run_summary(path)
    if run is None:
        raise UserError(f"{path} holds no training run that can be read: choose another.")
    return run


def _change(run: str, changes: Callable[[Path], dict[str, Any]]) -> None:
    from training.lab.run_notes import change_notes

    path = _found(run)
    notes = change_notes(path, **changes(path))
    said = [
        f"named {notes.name}" if notes.name else "",
        f"tags {' '.join(notes.tags)}" if notes.tags else "",
        notes.note,
    ]
    errors.print("; ".join([path.name, *(each for each in said if each)]))


def _facts(run: "RunSummary") -> dict[str, Any]:
    binned = run.notes.binned
    return {
        "id": run.id,
        "name": run.notes.name,
        "model": run.recipe,
        "data": run.data,
        "state": run.state,
        "step": run.step,
        "steps": run.steps,
        "seconds": round(run.seconds, 1),
        "message": run.message,
        "held_out": dict(run.terms),
        "settings": dict(run.settings),
        "tags": list(run.notes.tags),
        "note": run.notes.note,
        "group": run.notes.group,
        "parent": f"{run.notes.parent.run}, step {run.notes.parent.step:,}" if run.notes.parent else None,
        "binned": None if binned is None else datetime.fromtimestamp(binned).isoformat(timespec="seconds"),
        "folder": str(run.path),
    }


def _table(runs: "list[RunSummary]") -> Table:
    from training.lab.run_summaries import differing

    differ = differing(runs)
    table = Table(caption="Nats per image, newest measurement on 1,000 held-out images.", caption_justify="left")
    table.add_column("run", no_wrap=True)
    for heading in ("name", "model", "differs in", "state", "step", "NELBO", "KL", "rec", "tags"):
        table.add_column(heading, justify="right" if heading in ("step", "NELBO", "KL", "rec") else "left")
    for run in runs:
        said = ", ".join(f"{name} {run.settings[name]}" for name in differ[run.title])
        numbers = (_number(run.terms[name]) if name in run.terms else "" for name in ("nelbo", "kl", "rec"))
        cells = (
            run.id,
            run.notes.name,
            run.recipe,
            said,
            run.state,
            f"{run.step:,}",
            *numbers,
            " ".join(run.notes.tags),
        )
        table.add_row(*map(escape, cells))
    return table


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
