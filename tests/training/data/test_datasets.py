import pytest
import torch

from training.data.datasets import Dataset, load_dataset
from training.data.homework_sets import choose
from training.data.mnist import TEST_POSITIONS
from training.system.errors import UserError

PARTS = ("train", "labelled", "homework", "test")


@pytest.fixture
def sample() -> Dataset:
    return load_dataset("mnist-sample")


class TestSample:
    def test_has_5000_training_and_1000_test_digits(self, sample: Dataset) -> None:
        assert (len(sample.train), len(sample.test)) == (5000, 1000)
        assert sample.train.images.shape == (5000, 784)
        assert sample.train.images.dtype == torch.uint8
        assert sample.train.labels.dtype == torch.int64
        assert sample.test.labels.bincount().tolist() == [100] * 10

    def test_no_held_out_digit_is_trained_on(self, sample: Dataset) -> None:
        trained = {image.numpy().tobytes() for image in sample.train.images}
        assert not trained & {image.numpy().tobytes() for image in sample.test.images}

    def test_its_evaluation_set_is_binary_and_the_same_at_every_call(self, sample: Dataset) -> None:
        x = sample.evaluation_set("test-1000")
        assert x.shape == (1000, 784)
        assert x.unique().tolist() == [0, 1]
        assert x.mean().item() == pytest.approx((sample.test.images / 255).mean().item(), abs=1e-3)
        assert torch.equal(sample.evaluation_set("test-1000"), x)
        assert sample.evaluation_labels("test-1000").tolist() == [digit for digit in range(10) for _ in range(100)]

    def test_has_the_homework_set_with_its_golden_mean_and_99_distinct_images(self, sample: Dataset) -> None:
        x = sample.evaluation_set("homework")
        assert x.shape == (100, 784)
        assert x.unique().tolist() == [0, 1]
        assert x.mean().item() == pytest.approx(0.13083, abs=5e-6)
        assert len(sample.read("homework").images.unique(dim=0)) == 99
        assert sample.evaluation_labels("homework").tolist() == [digit for digit in range(10) for _ in range(10)]

    def test_its_parts_share_no_image(self, sample: Dataset) -> None:
        """But for the labelled digits, which are training digits, as the sample's others."""
        parts = [{image.numpy().tobytes() for image in sample.read(part).images} for part in PARTS]
        training, labelled, homework, test = parts
        assert [len(part) for part in parts] == [5000, 99, 99, 1000]
        assert not (training | labelled) & (homework | test)
        assert not homework & test

    def test_all_10000_test_digits_need_the_download(self, sample: Dataset) -> None:
        with pytest.raises(UserError, match="The test set needs the full MNIST"):
            sample.evaluation_set("test")

    def test_its_hundred_labelled_digits_are_the_homeworks(self, sample: Dataset) -> None:
        labelled = sample.labelled()
        assert labelled.labels.tolist() == [digit for digit in range(10) for _ in range(10)]
        assert torch.equal(labelled.images, sample.read("labelled").images)
        assert len(labelled.images.unique(dim=0)) == 99  # the homework names one 4 twice

    def test_fewer_labels_are_among_more_and_every_class_has_as_many(self, sample: Dataset) -> None:
        most = sample.labelled(300)
        assert torch.equal(most.labels, torch.arange(10).repeat_interleave(30))
        assert len(most.images.unique(dim=0)) == 299
        for count in (10, 50, 100):
            fewer = sample.labelled(count)
            assert torch.equal(fewer.images, most.images.view(10, 30, -1)[:, : count // 10].flatten(0, 1))

    def test_is_loaded_once(self, sample: Dataset) -> None:
        assert load_dataset("mnist-sample") is sample


@pytest.mark.full_data
class TestFullMnist:
    def test_has_the_official_sizes(self, full_mnist: Dataset) -> None:
        assert full_mnist.train.images.shape == (60_000, 784)
        assert full_mnist.test.images.shape == (10_000, 784)

    def test_the_homework_set_has_its_golden_mean_and_99_distinct_images(self, full_mnist: Dataset) -> None:
        x = full_mnist.evaluation_set("homework")
        assert x.shape == (100, 784)
        assert x.mean().item() == pytest.approx(0.13083, abs=5e-6)
        grey = full_mnist.test.images[homework_indices(full_mnist)]
        assert len(grey.unique(dim=0)) == 99
        assert torch.equal(grey[55], grey[56])

    def test_the_homework_set_holds_ten_of_each_class_in_order(self, full_mnist: Dataset) -> None:
        labels = full_mnist.test.labels[homework_indices(full_mnist)]
        assert torch.equal(labels, torch.arange(10).repeat_interleave(10))

    def test_the_labelled_set_has_ten_of_each_class(self, full_mnist: Dataset) -> None:
        labelled = full_mnist.labelled()
        assert labelled.images.shape == (100, 784)
        assert labelled.images.dtype == torch.uint8
        assert torch.equal(labelled.labels, torch.arange(10).repeat_interleave(10))
        assert len(labelled.images.unique(dim=0)) == 99  # the homework names one 4 twice
        thousand = full_mnist.labelled(1000)
        assert torch.equal(thousand.images.view(10, 100, -1)[:, :10].flatten(0, 1), labelled.images)
        assert len(thousand.images.unique(dim=0)) >= 998

    def test_the_test_set_is_one_draw_of_all_10000_images(self, full_mnist: Dataset) -> None:
        x = full_mnist.evaluation_set("test")
        assert x.shape == (10_000, 784)
        assert x.mean().item() == pytest.approx((full_mnist.test.images / 255).mean().item(), abs=3e-4)
        assert torch.equal(full_mnist.evaluation_set("test"), x)

    @pytest.mark.parametrize("name", ["homework", "test-1000"])
    def test_the_embedded_sets_have_the_same_bits(self, full_mnist: Dataset, sample: Dataset, name: str) -> None:
        assert torch.equal(sample.evaluation_set(name), full_mnist.evaluation_set(name))
        assert torch.equal(sample.evaluation_labels(name), full_mnist.evaluation_labels(name))

    def test_the_embedded_labelled_digits_are_the_same(self, full_mnist: Dataset, sample: Dataset) -> None:
        assert torch.equal(sample.labelled().images, full_mnist.labelled().images)

    def test_the_embedded_training_digits_are_training_digits(self, full_mnist: Dataset, sample: Dataset) -> None:
        training = {image.numpy().tobytes() for image in full_mnist.train.images}
        assert all(image.numpy().tobytes() in training for image in sample.train.images)


def homework_indices(full: Dataset) -> torch.Tensor:
    return choose(full.test.labels, TEST_POSITIONS)


def test_unknown_names_are_refused_with_the_choices(sample: Dataset) -> None:
    with pytest.raises(UserError, match=r"There is no dataset 'cifar': choose mnist, mnist-sample, svhn.* or "):
        load_dataset("cifar")
    with pytest.raises(
        UserError, match="There is no evaluation set 'train': choose homework, test-1000, test, svhn, svhn-1000, fash"
    ):
        sample.evaluation_set("train")


def test_missing_files_are_named_with_the_way_to_get_them() -> None:
    with pytest.raises(UserError, match="python -m training download"):
        load_dataset("mnist")
