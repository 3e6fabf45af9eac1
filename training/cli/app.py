"""`python -m training ...`: the same functions as the pages', without a browser.

Bad input ends with one sentence on stderr and exit code 2. Progress bars show on a terminal and nowhere else.
"""

import sys

import typer
from typer.exceptions import TyperException

from training.cli import control, data, draw, evaluate, homework, release, runs, speed, train
from training.cli.console import errors
from training.system.errors import Cancelled, UserError

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train, measure and sample the models of ELBO Lab.",
)
app.command("train")(train.train_command)
app.command("resume")(train.resume)
app.command("pause")(control.pause)
app.command("step")(control.step)
app.command("pace")(control.pace)
app.command("set")(control.set_command)
app.command("stop")(control.stop)
app.command("work", hidden=True)(train.work)
app.add_typer(runs.app, name="runs")
app.command("evaluate")(evaluate.evaluate)
app.command("diagnose")(evaluate.diagnose_command)
app.command("report")(homework.report)
app.command("sample")(draw.sample)
app.command("swap")(draw.swap_command)
app.command("download")(data.download)
app.command("train-reader")(release.train_classifier_command)
app.command("benchmark")(speed.benchmark)
app.command("profile")(speed.profile)
app.command("pretrain")(release.pretrain)
app.command("remeasure")(release.remeasure)
app.command("label-points")(release.label_points_command)
app.command("seeds")(release.seeds_command)
app.command("pictures")(release.pictures)
app.command("readme")(release.readme)


def main() -> None:
    """Run the command line; every error it can foresee is one sentence on stderr and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        errors.print(f"error: {error}")
        sys.exit(2)
    except Cancelled:
        errors.print("Cancelled.")
        sys.exit(130)
    except TyperException as error:
        if problem := " ".join(error.format_message().split()).rstrip("."):
            errors.print(f"error: {problem}; `python -m training --help` lists what there is.")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OSError as error:  # a full disk, a closed pipe
        errors.print(f"error: {error}.")
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)
