"""The checks that run for others: on the code host, before a commit, in `make lint`."""

import re
import shlex
import tomllib
from typing import Any

import pytest
import yaml

from training.system.folders import PROJECT

WORKFLOW: dict[Any, Any] = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
COMMANDS = [shlex.split(step["run"], comments=True) for step in STEPS if "run" in step]


def recipe(target: str) -> str:
    """The lines of a target of the Makefile."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found is not None, target
    return found[1]


class TestWorkflow:
    def test_pushes_and_pull_requests_are_checked(self) -> None:
        assert set(WORKFLOW[True]) == {"push", "pull_request"}  # YAML 1.1 reads the key `on` as true
        assert WORKFLOW[True]["push"] == {"branches": ["main"]}
        assert WORKFLOW["permissions"] == {"contents": "read"}

    def test_linux_runs_every_check_and_the_others_the_unit_tests(self) -> None:
        everything, units = WORKFLOW["jobs"]["everything"], WORKFLOW["jobs"]["units"]
        assert everything["runs-on"] == "ubuntu-latest"
        assert everything["steps"][-1] == {"run": ".ci/run"}
        assert units["strategy"]["matrix"]["system"] == ["macos-latest", "windows-latest"]
        assert "not browser" in units["steps"][-1]["run"]

    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_a_step_calls_what_is_there(self, command: list[str]) -> None:
        match command:
            case ["make", target]:
                assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
            case [script]:
                assert (PROJECT / script).read_bytes().startswith(b"#!")
            case [_, "-m", "pip", "install", "-r", file]:
                assert (PROJECT / file).is_file()
            case [_, "-m", "pytest", "-m", chosen, *_]:
                markers = {marker.partition(":")[0] for marker in SETTINGS["tool"]["pytest"]["ini_options"]["markers"]}
                assert set(re.findall(r"\w+", chosen)) - {"not", "and", "or"} <= markers
            case [_, "-m", package, *_]:
                assert (PROJECT / package / "__main__.py").is_file()
            case _:
                pytest.fail(f"a step that this test does not know: {command}")

    def test_actions_are_named_with_their_version(self) -> None:
        assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in STEPS if "uses" in step)

    def test_its_python_is_the_oldest_that_is_promised(self) -> None:
        pythons = {step["with"]["python-version"] for step in STEPS if "setup-python" in step.get("uses", "")}
        assert len(pythons) == 1
        assert SETTINGS["project"]["requires-python"].startswith(f">={pythons.pop()},")


class TestPreCommit:
    def test_its_tools_are_those_of_make_lint(self) -> None:
        """All are run from .venv, so that no second list of versions can differ from requirements-dev.txt."""
        assert [repo["repo"] for repo in HOOKS] == ["local"]
        hooks = HOOKS[0]["hooks"]
        assert {hook["language"] for hook in hooks} == {"system"}
        assert {hook["entry"].split()[0] for hook in hooks} == {".venv/bin/python", ".venv/bin/lint-imports"}
        in_hooks = [re.sub(r"^\S+/(python -m )?| --force-exclude", "", hook["entry"]) for hook in hooks]
        in_make = re.findall(r"^\t@\$\(\S+\)(?:/bin/| -m )(.+?)(?: \.)?$", recipe("lint"), re.MULTILINE)
        assert in_hooks == in_make

    @pytest.mark.parametrize("tool", ["pre-commit", "ruff", "mypy", "import-linter"])
    def test_its_tools_are_installed_with_a_version(self, tool: str) -> None:
        wanted = (PROJECT / "requirements-dev.txt").read_text(encoding="utf-8")
        assert re.search(rf"^{tool}~=\d", wanted, re.MULTILINE)


class TestCoverage:
    def test_ci_measures_what_is_not_timed(self) -> None:
        """Tracing takes time, so the tests that look at the clock run without it."""
        assert "step make test COVERAGE=--cov" in (PROJECT / ".ci/run").read_text(encoding="utf-8")
        assert re.findall(r"COVERAGE|\$\(PYTEST\) -m .*?clock", recipe("test")) == [
            "$(PYTEST) -m clock",
            '$(PYTEST) -m "not clock',
        ]
        assert re.search(r"^SIDE_BY_SIDE := .*\$\(COVERAGE\)$", MAKEFILE, re.MULTILINE)

    def test_the_gate_is_one_number(self) -> None:
        assert SETTINGS["tool"]["coverage"]["run"]["source"] == ["models", "pages", "training"]
        assert 85 <= SETTINGS["tool"]["coverage"]["report"]["fail_under"] <= 100


def test_a_warning_fails_a_test() -> None:
    first, *exceptions = SETTINGS["tool"]["pytest"]["ini_options"]["filterwarnings"]
    assert first == "error"
    assert len(exceptions) <= 5
