import pytest

from tests.conftest import PROJECT_DATA
from training.data.datasets import load_dataset
from training.data.evaluation_sets import EVALUATION_SETS, evaluation_set
from training.data.names import on_disk
from training.system.errors import UserError


@pytest.mark.parametrize("name", EVALUATION_SETS)
def test_each_holds_as_many_images_and_labels_as_it_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_DATA", str(PROJECT_DATA))
    entry = evaluation_set(name)
    if not on_disk(entry.dataset):
        pytest.skip(f"{entry.dataset} is not on disk")
    dataset = load_dataset(entry.dataset)
    assert len(dataset.evaluation_set(name)) == len(dataset.evaluation_labels(name)) == entry.images


def test_one_that_there_is_not_is_a_sentence_that_names_the_others() -> None:
    with pytest.raises(UserError, match=r"no evaluation set 'train': choose .*homework.*svhn-1000"):
        evaluation_set("train")
