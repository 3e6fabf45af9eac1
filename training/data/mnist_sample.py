"""MNIST's stand-in: 5,000 of its digits that come with the app, the last hundred of each class held out."""

from training.data.data_set import DataSet, EvaluationSet, Reader, Split
from training.system.folders import PROJECT

__all__ = ["DATA"]

SAMPLE_FILE = PROJECT / "assets" / "mnist-sample.npz"
HELD_OUT_PER_CLASS = 100


def open_sample() -> Reader:
    """Read the embedded file: see `DataSet.open`."""
    import numpy as np

    with SAMPLE_FILE.open("rb") as opened, np.load(opened) as file:
        images, labels = file["images"], file["labels"].astype(np.int64)
    images, held_out = images.reshape(len(labels), -1), np.zeros(len(labels), bool)
    for digit in np.unique(labels):
        held_out[np.nonzero(labels == digit)[0][-HELD_OUT_PER_CLASS:]] = True
    parts: dict[Split, tuple[np.ndarray, np.ndarray]] = {
        "train": (images[~held_out], labels[~held_out]),
        "test": (images[held_out], labels[held_out]),
    }
    return parts.__getitem__


DATA = DataSet(
    name="mnist-sample",
    title="embedded sample",
    label="Embedded sample",
    short="Sample",
    licence="MNIST: Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0.",
    citation="LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document recognition",
    images="binary",
    side=28,
    classes=tuple("0123456789"),
    noun="digit",
    plural="digits",
    train_images=4000,
    test_images=1000,
    evaluation_sets=(
        EvaluationSet(
            "sample",
            "1,000 held-out digits of the embedded sample",
            label="Sample",
            phrase="embedded sample",
            images=1000,
            quick_passes=10,
        ),
    ),
    measured_by_default=("sample",),
    bounds=(1, 10, 100, 1000),
    passes=100,
    sets_help="1,000 held-out digits of the embedded sample: their numbers cannot be compared with those of the "
    "homework set or the full test set.",
    protocol="Nats per image. The homework set is 100 test digits binarised once; NELBO, KL and reconstruction are "
    "means of 100 passes, each bound of max(100 / m, 1) passes. ± is the Monte-Carlo standard error.",
    on_disk=lambda: True,
    open=open_sample,
    stands_in_for="mnist",
    drawable=True,
)
