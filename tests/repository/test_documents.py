"""Documents for people that name numbers, files and commands of the code: held to it."""

import re
import tomllib

import pytest

from training.checkpoints import quarantine_worker, reading
from training.pictures import photos
from training.system.folders import PROJECT

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "models/README.md", "assets/README.md")
EXAMPLES = (
    "free_bits.py",
    "bars.py",
    "temperature.py",
    "temperature.md",
    "free-bits/",
)  # which test_recipes.py writes into a copy
ROOMS = ("models", "pages", "training", "tests", "assets", "pretrained")


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def test_the_limits_in_security_are_those_of_the_code() -> None:
    said = " ".join(text("SECURITY.md").split())
    most_megabytes = tomllib.loads(text(".streamlit/config.toml"))["server"]["maxUploadSize"]
    for limit in (
        f"{quarantine_worker.SECONDS} seconds",
        f"{quarantine_worker.PROCESSOR_SECONDS} seconds of processor time",
        f"{quarantine_worker.MEMORY // 10**6} MB of memory",
        f"{most_megabytes} MB an upload",
        f"{reading.LARGEST_FILE // 2**20} MB of unpacked tensors",
        f"{quarantine_worker.MOST_TENSORS:,} tensors",
        f"{photos.MOST_BYTES // 2**20} MB and {photos.MOST_PIXELS // 10**6} megapixels for a picture",
    ):
        assert limit in said


def test_the_changelog_has_the_version_of_the_project() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    versions = re.findall(r"^## \[(.+?)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert versions[1] == project["version"]


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if (PROJECT / name).exists()])
def test_files_that_a_document_names_are_there(name: str) -> None:
    rooms = "|".join(ROOMS)
    for named in re.findall(rf"`((?:{rooms})/[\w./-]*)`", text(name)):
        assert (PROJECT / named).exists() or named.endswith(EXAMPLES), f"{name} names {named}"


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if (PROJECT / name).exists()])
def test_links_inside_the_project_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+?)\)", text(name)):
        if "://" not in target:
            assert (PROJECT / name).parent.joinpath(target).exists(), f"{name} links to {target}"
