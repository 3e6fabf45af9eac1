"""What holds for every data set: whoever adds one adds no test here."""

import re
import subprocess
import sys

import pytest

from models.family import ModelConfig
from models.registry import FAMILIES
from tests.conftest import PROJECT_DATA
from training.data.data_set import SPLITS, DataSet
from training.data.datasets import load_dataset
from training.data.registry import (
    DATA_SETS,
    at_hand,
    best_data_set,
    data_set,
    default_data_set,
    evaluation_set,
    evaluation_sets,
    of_kind,
    whole,
)
from training.system.errors import UserError
from training.system.folders import PROJECT

every_data_set = pytest.mark.parametrize("data", DATA_SETS.values(), ids=list(DATA_SETS))
every_evaluation_set = pytest.mark.parametrize(
    "name", [each.name for data in DATA_SETS.values() for each in data.evaluation_sets]
)


def test_the_registry_is_light() -> None:
    heavy = "{'torch', 'numpy', 'streamlit', 'torchvision'}"
    program = f"import sys, training.data.registry; print({heavy} & {{*sys.modules}})"
    found = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


@every_data_set
class TestEveryDataSet:
    def test_says_what_it_is(self, data: DataSet) -> None:
        assert DATA_SETS[data.name] is data
        assert re.fullmatch(r"[a-z0-9-]+", data.name)
        assert all((data.title, data.label, data.noun, data.plural, data.sets_help, data.protocol))
        assert data.summary.startswith(data.title)
        assert f"{data.train_images:,}" in data.summary
        assert data.plural in data.summary
        assert len(set(data.classes)) == len(data.classes) > 1
        assert data.pixels == data.side**2 * {"binary": 1, "colour": 3}[data.images]

    def test_names_its_authors_year_and_licence(self, data: DataSet) -> None:
        assert data.licence.endswith(".")
        assert re.search(r"licence|CC|public domain|non-commercial use", data.licence)
        assert re.search(r"\b(19|20)\d\d\b", data.citation)

    def test_has_evaluation_sets_within_its_test_images(self, data: DataSet) -> None:
        assert data.evaluation_sets
        names = [each.name for each in data.evaluation_sets]
        assert set(data.measured_by_default) <= set(names)
        assert any(each.quick_passes for each in data.evaluation_sets)  # a comparison has something to compare on
        for each in data.evaluation_sets:
            having = [other for other in DATA_SETS.values() if each.name in [own.name for own in other.evaluation_sets]]
            assert {whole(other.name) for other in having} == {whole(data.name)}  # no other data's has its name
            assert evaluation_set(each.name)[1].images == each.images
            assert 0 < each.images <= data.test_images
            assert all((each.title, each.label, each.phrase))
            if each.positions is not None:
                assert [len(row) for row in each.positions] == [each.images // len(data.classes)] * len(data.classes)

    def test_all_of_its_test_images_are_one_of_those_measured_by_default(self, data: DataSet) -> None:
        assert evaluation_set(data.measured_by_default[-1])[1].images == data.test_images

    def test_can_be_had(self, data: DataSet) -> None:
        if data.download is None:
            assert data.on_disk()
        else:
            assert data.megabytes > 0
            assert data.name in data.how_to_get or data is default_data_set("binary")
            assert f"{data.megabytes} MB" in data.how_to_get

    def test_without_its_files_one_sentence_says_how_to_get_them(self, data: DataSet) -> None:
        if data.download is None:
            return
        assert not data.on_disk()
        with pytest.raises(UserError, match=r"is not in .*run `python -m training download.*\.$"):
            load_dataset(data.name)

    def test_holds_what_it_says(self, data: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ELBO_LAB_DATA", str(PROJECT_DATA))
        if not data.on_disk():
            pytest.skip(f"{data.name} is not on disk")
        loaded = load_dataset(data.name)
        for split, count in zip(SPLITS, (data.train_images, data.test_images), strict=True):
            digits = loaded.read(split)
            assert digits.images.shape == (count, data.pixels)
            assert len(digits.labels) == count
            assert digits.labels.unique().tolist() == list(range(len(data.classes)))

    def test_some_family_can_learn_it(self, data: DataSet) -> None:
        fitting: list[ModelConfig] = [
            family.config.model_validate({"pixels": data.pixels} if "pixels" in family.config.model_fields else {})
            for family in FAMILIES.values()
            if family.images == data.images
        ]
        assert fitting


@every_evaluation_set
def test_each_holds_as_many_images_and_labels_as_it_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_DATA", str(PROJECT_DATA))
    source, entry = evaluation_set(name)
    if not source.on_disk():
        pytest.skip(f"{source.name} is not on disk")
    dataset = load_dataset(source.name)
    assert len(dataset.evaluation_set(name)) == len(dataset.evaluation_labels(name)) == entry.images


def test_one_that_there_is_not_is_a_sentence_that_names_the_others() -> None:
    with pytest.raises(UserError, match=r"no evaluation set 'train': choose .*homework.*svhn-1000"):
        evaluation_set("train")
    with pytest.raises(UserError, match=r"no dataset 'cifar': choose mnist, .*svhn"):
        data_set("cifar")


def test_a_sample_stands_in_while_the_whole_is_away(no_mnist: object) -> None:
    names = ("mnist", "mnist-sample", "svhn", "fashion-mnist")
    assert [at_hand(name).name for name in names] == ["mnist-sample", "mnist-sample", "svhn", "fashion-mnist"]
    assert [whole(name).name for name in names] == ["mnist", "mnist", "svhn", "fashion-mnist"]
    assert (best_data_set().name, best_data_set("colour").name) == ("mnist-sample", "svhn")


@pytest.mark.full_data
def test_the_whole_is_taken_where_it_is_there(full_mnist: object) -> None:
    assert [at_hand(name).name for name in ("mnist", "mnist-sample")] == ["mnist", "mnist"]


def test_evaluation_sets_of_a_sample_are_those_of_the_whole() -> None:
    assert [each.name for each in evaluation_sets("mnist-sample")] == ["homework", "test-1000", "test"]
    assert [each.name for each in evaluation_sets("svhn")] == ["svhn", "svhn-1000"]
    assert [each.name for each in evaluation_sets("fashion-mnist")] == ["fashion-1000", "fashion"]


def test_a_set_is_taken_from_what_is_on_disk(no_mnist: object) -> None:
    assert [evaluation_set(name)[0].name for name in ("homework", "test-1000", "test", "svhn")] == [
        "mnist-sample",
        "mnist-sample",
        "mnist",
        "svhn",
    ]


def test_data_sets_of_a_kind() -> None:
    assert next(data.name for data in of_kind("colour")) == "svhn"
    assert {data.images for data in of_kind("colour")} == {"colour"}
    assert default_data_set("binary").name == "mnist"
