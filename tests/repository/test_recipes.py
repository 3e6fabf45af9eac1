"""CONTRIBUTING.md, followed to the letter in a copy of the project: its files, its lines, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from training.system.folders import PROJECT

CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CACHES = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis", ".coverage*", "shots")
ADDED = ("models/free_bits.py", "training/data/bars.py", "pages/temperature.py", "pages/temperature.md")
CHANGED = ("models/registry.py", "training/data/registry.py", "app.py")


def block_after(sentence: str) -> str:
    """The first block of Python or Markdown after a text of CONTRIBUTING.md."""
    found = re.search(r"```(?:python|markdown)\n(.*?)```", CONTRIBUTING.partition(sentence)[2], re.DOTALL)
    assert found is not None, sentence
    return found[1]


def left_out(folder: str, names: list[str]) -> set[str]:
    """What is no part of the project: caches, and what downloads, runs and installs have put at its top."""
    at_the_top = {".venv", ".git", "data", "runs"} if Path(folder) == PROJECT else set()
    return CACHES(folder, names) | at_the_top


def line_after(sentence: str) -> str:
    """The line that the first difference after a text of CONTRIBUTING.md adds."""
    found = re.search(r"```diff\n.*?^\+(.*?\n)", CONTRIBUTING.partition(sentence)[2], re.DOTALL | re.MULTILINE)
    assert found is not None, sentence
    return found[1]


def register(text: str, line: str) -> str:
    """A registry with a line at the end of its modules."""
    entries = re.search(r"(?ms)^MODULES = \(\n.*?^\)", text)
    assert entries is not None
    return text.replace(entries[0], f"{entries[0][:-1]}{line})")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project with all three recipes followed: steps 1 and 2 of each."""
    folder = tmp_path_factory.mktemp("recipes") / "project"
    shutil.copytree(PROJECT, folder, ignore=left_out)
    for name in ADDED:
        (folder / name).write_text(block_after(f"\n`{name}`\n"), encoding="utf-8")

    def change(name: str, with_recipe: Callable[[str], str]) -> None:
        (folder / name).write_text(with_recipe((folder / name).read_text(encoding="utf-8")), encoding="utf-8")

    family, data = (line_after(f"**2. Add it to `{name}`") for name in CHANGED[:2])
    page = block_after("**2. Add it to `app.py`")
    change("models/registry.py", lambda text: register(text, family))
    change("training/data/registry.py", lambda text: register(text, data))
    change("app.py", lambda text: text.replace("\nPAGES = [\n", f"\n{page}\nPAGES = [\n"))
    change("app.py", lambda text: text.replace("    SOURCE,\n]", "    SOURCE,\n    TEMPERATURE,\n]"))
    yield folder
    shutil.rmtree(folder)


def run(copy: Path, *command: str) -> str:
    """What a command in the copy prints; it must succeed."""
    environment = os.environ | {"ELBO_LAB_DATA": str(copy / "data"), "ELBO_LAB_RUNS": str(copy / "runs")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=copy, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_nothing_but_the_registries_lines_changed(copy: Path) -> None:
    files = {
        file.relative_to(copy).as_posix() for file in copy.rglob("*") if file.is_file() and "cache" not in str(file)
    }
    original = {name for name in files if (PROJECT / name).exists()}
    assert files - original == set(ADDED)
    assert {name for name in original if (PROJECT / name).read_bytes() != (copy / name).read_bytes()} == set(CHANGED)
    for name in CHANGED[:2]:
        old, new = ((folder / name).read_text(encoding="utf-8").splitlines() for folder in (PROJECT, copy))
        assert len(new) == len(old) + 1
        assert len(set(new) - set(old)) == 1


def test_its_files_are_in_the_projects_style(copy: Path) -> None:
    scripts = [name for name in (*ADDED, *CHANGED) if name.endswith(".py")]
    run(copy, "ruff", "check", *scripts)
    run(copy, "ruff", "format", "--check", *scripts)


@pytest.mark.parametrize("tests", [("tests/models", "tests/training/data"), ("tests/pages/test_every_model.py",)])
def test_the_tests_that_are_there_pick_both_up(copy: Path, tests: tuple[str, ...]) -> None:
    """The contract tests, and those that open every page, the new one too."""
    done = run(copy, "pytest", "-v", "-p", "no:cacheprovider", *tests, "-k", "free-bits or bars")
    for chosen in ("free-bits", "bars"):
        assert re.search(rf"{chosen}\S*\] PASSED", done), chosen


def test_the_new_page_can_be_profiled(copy: Path) -> None:
    assert "temperature" in run(copy, "tests.profile_page", "--help")


def test_the_command_line_trains_and_measures_them(copy: Path) -> None:
    run(copy, "training", "train", "free-bits", "--data", "bars", "--steps", "20", "--out", "runs/first")
    assert "bars-test" in run(copy, "training", "evaluate", "runs/first", "--bounds", "1", "--json")


def test_the_recipes_commands_are_there(copy: Path) -> None:
    """Every `python -m training ...` and `make ...` of the text."""
    listed = run(copy, "training", "--help")
    for command in re.findall(r"python -m training (\w+)", CONTRIBUTING):
        assert re.search(rf"\b{command}\b", listed), command
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^    |`)make (\w+)", CONTRIBUTING, re.MULTILINE):
        assert f"\n{target}: " in makefile, target
