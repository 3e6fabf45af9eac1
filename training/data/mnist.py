"""MNIST: handwritten digits, its official files, the homework's two subsets, and 1,000 further test digits."""

from training.data.data_set import DataSet, EvaluationSet, Positions
from training.data.idx_files import SIDE, IdxFiles

__all__ = ["DATA", "FILES", "HOMEWORK", "LABELLED_POSITIONS", "TEST_1000", "TEST_1000_POSITIONS", "TEST_POSITIONS"]

FILES = IdxFiles(
    title="MNIST",
    folder="MNIST",
    command="python -m training download",
    archive_bytes=11_594_722,
    otherwise=", or use the embedded sample with `--data mnist-sample`",
    digests={
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
)


def _table(text: str) -> Positions:
    return [[int(position) for position in row.split()] for row in text.strip().splitlines()]


TEST_POSITIONS = _table("""
    684 559 629 192 835 763 707 359 9 723
    277 599 1094 600 314 705 551 87 174 849
    537 845 72 777 115 976 755 448 850 99
    984 177 755 797 659 147 910 423 288 961
    265 697 639 544 543 714 244 151 675 510
    459 882 183 28 802 128 128 53 550 488
    756 273 335 388 617 42 442 543 888 257
    57 291 779 430 91 398 611 908 633 84
    203 324 774 964 47 639 131 972 868 180
    1000 846 143 660 227 954 791 719 909 373
""")

LABELLED_POSITIONS = _table("""
    2732 2607 1653 3264 4931 4859 5827 1033 4373 5874
    5924 3468 6458 705 2599 2135 2222 2897 1701 537
    2893 2163 5072 4851 2046 1871 2496 99 2008 755
    797 659 3219 423 3337 2745 4735 544 714 2292
    151 2723 3531 2930 1207 802 2176 2176 1956 3622
    3560 756 4369 4484 1641 3114 4984 4353 4071 4009
    2105 3942 3191 430 4187 2446 2659 1589 2956 2681
    4180 2251 4420 4870 1071 4735 6132 5251 5068 1204
    3918 1167 1684 3299 2767 2957 4469 560 5425 1605
    5795 1472 3678 256 3762 5412 1954 816 2435 1634
""")

TEST_IMAGES_OF_CLASS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


def _evenly(size: int, taken: list[int], count: int = 100) -> list[int]:
    """`count` of the positions below `size` that are not taken, at equal steps.

    Not the first ones: the first half of MNIST's test images comes from tidier writers than the second.
    """
    free = [position for position in range(size) if position not in taken]
    return [free[turn * len(free) // count] for turn in range(count)]


TEST_1000_POSITIONS: Positions = [
    _evenly(size, taken) for size, taken in zip(TEST_IMAGES_OF_CLASS, TEST_POSITIONS, strict=True)
]

HOMEWORK = EvaluationSet(
    "homework",
    "homework set, 100 test digits",
    label="Homework",
    phrase="homework set",
    images=100,
    positions=TEST_POSITIONS,
    quick_passes=100,
)
TEST_1000 = EvaluationSet(
    "test-1000",
    "1,000 test digits, none of the homework's",
    label="1,000 test",
    phrase="1,000 test digits",
    images=1000,
    positions=TEST_1000_POSITIONS,
)

DATA = DataSet(
    name="mnist",
    title="MNIST",
    label="Full MNIST",
    licence="MNIST: Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0.",
    citation="LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document recognition",
    images="binary",
    side=SIDE,
    classes=tuple("0123456789"),
    noun="digit",
    plural="digits",
    train_images=60_000,
    test_images=10_000,
    evaluation_sets=(
        HOMEWORK,
        TEST_1000,
        EvaluationSet(
            "test",
            "full test set, 10,000 digits",
            label="Full test",
            phrase="full test set",
            images=10_000,
            quick_passes=2,
        ),
    ),
    measured_by_default=("homework", "test"),
    bounds=(1, 10, 100, 1000),
    passes=100,
    sets_help="The homework set is 100 test digits; 1,000 further test digits, and all 10,000, take ten and a hundred "
    "times as long. Each set is binarised once.",
    protocol="Nats per image. The homework set is 100 test digits, one of them twice, binarised once; NELBO, KL and "
    "reconstruction are means of 100 passes, each bound of max(100 / m, 1) passes. ± is the Monte-Carlo standard "
    "error, over the noise on these images.",
    on_disk=FILES.on_disk,
    problem=FILES.problem,
    open=FILES.open,
    download=FILES.download,
    download_bytes=FILES.archive_bytes,
    how_to_get="run `python -m training download` (11 MB)",
    labelled_first=LABELLED_POSITIONS,
    drawable=True,
)
