"""What each folder says of itself: its package's docstring."""

import ast
import re
import tomllib

import pytest

from training.system.folders import PROJECT

CONTRACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
FLOORS = {
    contract["containers"][0]: [re.split(r"\s*\|\s*", floor) for floor in contract["layers"]]
    for contract in CONTRACTS
    if "containers" in contract
}
PACKAGES = sorted(
    str(file.parent.relative_to(PROJECT).as_posix())
    for root in ("models", "pages", "training")
    for file in (PROJECT / root).rglob("__init__.py")
)


def docstring(package: str) -> str:
    return ast.get_docstring(ast.parse((PROJECT / package / "__init__.py").read_text(encoding="utf-8"))) or ""


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {
        file.parent.relative_to(PROJECT).as_posix()
        for root in ("models", "pages", "training")
        for file in (PROJECT / root).rglob("*.py")
    }
    assert sorted(folders) == PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_it_says_in_five_lines_what_lives_there_and_what_may_import_it(package: str) -> None:
    text = docstring(package)
    assert len(text.splitlines()) <= 5
    first, last = text.split("\n\n")
    assert first.endswith(".")
    assert last.startswith("May be imported by ")


@pytest.mark.parametrize("package", [package for package in PACKAGES if "/" in package and package != "training/cli"])
def test_what_may_import_it_is_what_its_contract_allows(package: str) -> None:
    root, room = package.split("/")
    floors = FLOORS[root]
    (own,) = (number for number, floor in enumerate(floors) if room in floor)
    above = {name for floor in floors[:own] for name in floor}
    if root == "pages":
        above = {name for name in above if (PROJECT / "pages" / name).is_dir()} | {"the page scripts"}
    elif root == "models":
        above |= {"training", "pages"} | ({"the families"} if "registry" in above else set())
    else:
        above |= {"pages"}
    said = docstring(package).split("May be imported by ")[1].rstrip(".")
    assert set(re.split(r",\s+|\s+and\s+", said)) == above


@pytest.mark.parametrize("package", PACKAGES)
def test_at_most_a_dozen_modules_a_folder(package: str) -> None:
    modules = [file for file in (PROJECT / package).glob("*.py") if file.stem != "__init__"]
    registered = {"models": "\nFAMILY = ", "training/data": "\nDATA = "}.get(package)  # these come and go by themselves
    added = [file for file in modules if registered and registered in file.read_text(encoding="utf-8")]
    assert len(modules) - len(added) <= 12
