"""Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): pictures of garments, made to be as large and as small as MNIST."""

from training.data.data_set import DataSet, EvaluationSet
from training.data.idx_files import SIDE, IdxFiles
from training.data.mnist import FILES as MNIST_FILES

__all__ = ["DATA", "FILES"]

FILES = IdxFiles(
    title="Fashion-MNIST",
    folder="FashionMNIST",
    command="python -m training download fashion-mnist",
    archive_bytes=30_878_645,
    others=(MNIST_FILES,),
)

DATA = DataSet(
    name="fashion-mnist",
    title="Fashion-MNIST",
    label="Fashion-MNIST",
    licence="Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf, 2017; MIT licence, Zalando SE.",
    citation="Xiao, Rasul & Vollgraf 2017, Fashion-MNIST: a novel image dataset for benchmarking machine learning "
    "algorithms, arXiv:1708.07747",
    images="binary",
    side=SIDE,
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    noun="garment",
    plural="garments",
    train_images=60_000,
    test_images=10_000,
    evaluation_sets=(
        EvaluationSet(
            "fashion-1000",
            "first 1,000 garments of the Fashion-MNIST test set",
            label="First 1,000",
            phrase="first 1,000 of Fashion-MNIST",
            images=1000,
            quick_passes=10,
        ),
        EvaluationSet(
            "fashion",
            "Fashion-MNIST test set, 10,000 garments",
            label="Full test",
            phrase="Fashion-MNIST test set",
            images=10_000,
            quick_passes=2,
        ),
    ),
    measured_by_default=("fashion",),
    bounds=(1, 10, 100, 1000),
    passes=100,
    sets_help="All 10,000 garments of Fashion-MNIST's test set, or the first 1,000 of them, binarised once; all take "
    "ten times as long. Their numbers cannot be compared with MNIST's: these are other images.",
    protocol="Nats per image. The test images are binarised once; NELBO, KL and reconstruction are means of 100 "
    "passes, each bound of max(100 / m, 1) passes. ± is the Monte-Carlo standard error, over the noise on these "
    "images.",
    on_disk=FILES.on_disk,
    problem=FILES.problem,
    open=FILES.open,
    download=FILES.download,
    download_bytes=FILES.archive_bytes,
    how_to_get="run `python -m training download fashion-mnist` (30 MB)",
)
