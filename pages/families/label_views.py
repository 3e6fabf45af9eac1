"""What labels teach: the labelled images, a model's confusions, mistakes that end, accuracy by labels."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.draw import charts, figures
from pages.draw.palette import ACCURACY, CROSS_ENTROPY, MODELS, REFERENCE
from pages.draw.strips import Strip, strips
from pages.kit import services
from pages.kit.guard import plain
from training.data.registry import at_hand
from training.system.folders import PRETRAINED

if TYPE_CHECKING:
    import numpy as np
    import torch

    from training.checkpoints.reading import Checkpoint
    from training.data.data_set import DataSet
    from training.release.label_points import LabelPoint

__all__ = [
    "Predictions",
    "analogies",
    "analogies_of_digit",
    "confusion_chart",
    "label_bars",
    "label_points_chart",
    "labelled_digits",
    "predictions",
    "rescued",
]

COLUMNS = 20
ROWS_OF_RESCUED, EACH = 8, 16
HOMEWORKS_LABELS = MOST_LABELLED = 100


class Predictions(NamedTuple):
    """A classifier's predictions for the test images of the data in use, fed grey.

    Attributes:
        images: uint8 (n, 784).
        labels, predicted: int64 (n,).
    """

    images: "torch.Tensor"
    labels: "torch.Tensor"
    predicted: "torch.Tensor"

    @property
    def accuracy(self) -> float:
        return float((self.labels == self.predicted).float().mean())


def predictions(source: "Checkpoint") -> Predictions:
    """What a model predicts for each test image."""
    return _predictions(source, at_hand(source.data).name)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _predictions(source: "Checkpoint", data: str) -> Predictions:
    from training.data.datasets import load_dataset
    from training.evaluation.classification import predict

    test = load_dataset(data).test
    return Predictions(test.images, test.labels, predict(source.model, test.images))


def analogies(source: "Checkpoint", name: str, seed: int) -> None:
    """Every label (rows) with every code from the prior (columns)."""
    _analogies_picture(_analogies_png(source, seed), name)


def first_analogies(name: str) -> bool:
    """The same picture as it ships with a model, seed 0, before torch is loaded; False where none ships."""
    file = PRETRAINED / name / "analogies.png"
    if file.is_file():
        _analogies_picture(file.read_bytes(), f"shipped {name}")
    return file.is_file()


def _analogies_picture(png: bytes, name: str) -> None:
    figures.picture(
        png,
        key="analogies",
        alt=f"Images drawn by {name}: ten rows, one for each label from 0 to 9, and {COLUMNS} columns, one for each "
        "code z",
        caption="Rows: the labels 0 to 9. Columns: one code z each, the same under every label.",
    )


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _analogies_png(source: "Checkpoint", seed: int) -> bytes:
    from training.pictures import grids as pictures
    from training.pictures.analogies import draw_analogies

    model: Any = source.model
    tiles = draw_analogies(model, COLUMNS, seed=seed)
    return pictures.png_bytes(pictures.grid(tiles, columns=COLUMNS), checkpoint=source.sha256, seed=seed)


def analogies_of_digit(source: "Checkpoint", grey: "np.ndarray", name: str) -> None:
    """One image's own code under every label: uint8 (784,)."""
    png = _analogies_of_digit(source, grey.tobytes())
    strips([Strip("its z", "under 0 to 9", png, f"{name}: its code z drawn under each label from 0 to 9")])


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _analogies_of_digit(source: "Checkpoint", grey: bytes) -> bytes:
    from training.pictures import grids as pictures
    from training.pictures.analogies import draw_analogies

    model: Any = source.model
    tiles = draw_analogies(model, model.posterior(_seen(grey)).mean.detach())
    return pictures.png_bytes(pictures.grid(tiles, columns=len(tiles)), checkpoint=source.sha256)


def labelled_digits(name: str, count: int = HOMEWORKS_LABELS) -> None:
    """The training images of a data set whose labels are used first, one column for each class.

    Arguments:
        count: how many labels there are; a hundred images are shown at most.
    """
    images, shown = at_hand(name), min(count, MOST_LABELLED)
    figures.picture(
        _labelled_png(images.name, shown),
        key="labelled",
        alt=f"{shown} labelled {images.plural}, a column for each of the classes {', '.join(images.classes)}",
        caption=f"{_which_are_labelled(images, count, shown)}, a column for each class.",
    )


def _which_are_labelled(images: "DataSet", count: int, shown: int) -> str:
    if images.labelled_first is not None and count == HOMEWORKS_LABELS:
        return f"The homework's hundred labelled {images.plural}"
    return f"{f'The first {shown} of the' if shown < count else 'The'} {count:,} labelled {images.plural}"


@st.cache_data(max_entries=4, show_spinner=False)
def _labelled_png(data: str, count: int) -> bytes:
    from training.data.datasets import load_dataset
    from training.pictures import grids as pictures

    dataset = load_dataset(data)
    classes, side = len(dataset.about.classes), dataset.about.side
    chosen = dataset.labelled(count).images.view(classes, count // classes, side, side).transpose(0, 1)
    return pictures.png_bytes(pictures.grid(chosen.flatten(0, 1).numpy(), columns=classes))


def confusion_chart(model: Predictions, name: str, *, key: str) -> None:
    """How many images of each class (rows) were predicted as each class (columns)."""
    from training.evaluation.classification import confusion

    counts = confusion(model.labels, model.predicted).tolist()
    rows = [
        {
            "label": label,
            "predicted": guess,
            "count": count,
            "share": count / max(sum(row), 1),
            "right": label == guess,
        }
        for label, row in enumerate(counts)
        for guess, count in enumerate(row)
    ]
    mistakes = sorted(((r["count"], r["label"], r["predicted"]) for r in rows if not r["right"]), reverse=True)[:3]
    axes = {
        "y": {"field": "label", "type": "ordinal", "title": "label"},
        "x": {"field": "predicted", "type": "ordinal", "title": "predicted", "axis": {"labelAngle": 0}},
    }
    tiles = {
        "mark": {"type": "rect", "cornerRadius": 2},
        "encoding": {
            "color": {
                "condition": {"test": "datum.right", "value": ACCURACY.color},
                "value": CROSS_ENTROPY.color,
            },
            "opacity": {
                "field": "share",
                "type": "quantitative",
                "scale": {"type": "sqrt", "domain": [0, 1], "range": [0.04, 0.75]},
                "legend": None,
            },
            "tooltip": [
                {"field": "label"},
                {"field": "predicted"},
                {"field": "count", "title": "images", "format": ","},
                {"field": "share", "format": ".1%", "title": "of its class"},
            ],
        },
    }
    texts = {
        "transform": [{"filter": "datum.count > 0"}],
        "mark": {"type": "text", "fontSize": 11, "color": "white" if st.context.theme.type == "dark" else "black"},
        "encoding": {"text": {"field": "count", "format": ","}},
    }
    summary = ", ".join(f"{label} as {guess} {count:,} times" for count, label, guess in mistakes)
    with st.container(key=f"chart-{key}"):
        charts.vega(
            rows,
            {"height": 340, "encoding": axes, "layer": [tiles, texts]},
            key=key,
            alt=f"Confusions of {name}, right {model.accuracy:.2%} of the time; its most frequent mistakes: {summary}",
        )


def rescued(one: Predictions, other: Predictions, names: Sequence[str]) -> None:
    """Images that one model predicts wrong and the other right, by their most frequent mistakes."""
    saved = (one.predicted != one.labels) & (other.predicted == one.labels)
    lost = (one.predicted == one.labels) & (other.predicted != one.labels)
    st.markdown(
        f"**{plain(names[0])} is wrong and {plain(names[1])} is right for {int(saved.sum()):,} images; the reverse "
        f"holds for {int(lost.sum()):,}.** The first, by their most frequent mistake:"
    )
    mistakes: dict[tuple[int, int], list[int]] = {}
    for position in saved.nonzero().squeeze(1).tolist():
        pair = int(one.labels[position]), int(one.predicted[position])
        mistakes.setdefault(pair, []).append(position)
    most = sorted(mistakes.items(), key=lambda item: (-len(item[1]), item[0]))[:ROWS_OF_RESCUED]
    strips(
        [
            Strip(
                f"{label}, not {guess}",
                f"{len(positions):,} images",
                _row(one.images, positions[:EACH]),
                f"{min(EACH, len(positions))} images of class {label} that were predicted as {guess}",
            )
            for (label, guess), positions in most
        ]
    )


def _row(images: "torch.Tensor", positions: list[int]) -> bytes:
    """Some images side by side, the row filled up with black."""
    import numpy as np

    from training.pictures import grids as pictures

    tiles = np.zeros((EACH, 28, 28), np.uint8)
    tiles[: len(positions)] = images[positions].view(-1, 28, 28).numpy()
    return pictures.png_bytes(pictures.grid(tiles, columns=EACH))


def label_bars(sources: "Mapping[str, Checkpoint]", grey: "np.ndarray", name: str) -> None:
    """q(y|x) of one image, uint8 (784,), under each model by its name."""
    beliefs = {title: _belief(source, grey.tobytes()) for title, source in sources.items()}
    rows = [
        {"model": title, "digit": digit, "q": share}
        for title, shares in beliefs.items()
        for digit, share in enumerate(shares)
    ]
    summary = "; ".join(
        f"{title} {max(range(10), key=shares.__getitem__)} with {max(shares):.1%}" for title, shares in beliefs.items()
    )
    with st.container(key="chart-belief"):
        charts.vega(
            rows,
            {
                "height": 240,
                "mark": {"type": "bar", "cornerRadiusEnd": 2},
                "encoding": {
                    "x": {"field": "digit", "type": "ordinal", "axis": {"labelAngle": 0}, "title": "label y"},
                    "xOffset": {"field": "model", "sort": list(beliefs)},
                    "y": {
                        "field": "q",
                        "type": "quantitative",
                        "title": "q(y | x)",
                        "scale": {"domain": [0, 1]},
                        "axis": {"format": ".0%", "tickCount": 4},
                    },
                    "color": _by_model(list(beliefs)),
                    "tooltip": [
                        {"field": "model"},
                        {"field": "digit", "title": "label"},
                        {"field": "q", "format": ".2%", "title": "q(y | x)"},
                    ],
                },
            },
            key="belief",
            alt=f"q(y|x) of {name}, the likeliest: {summary}",
        )


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _belief(source: "Checkpoint", grey: bytes) -> list[float]:
    import torch

    model: Any = source.model
    with torch.inference_mode():
        shares: list[float] = model.classify(_seen(grey))[0].exp().tolist()
    return shares


def _seen(grey: bytes) -> "torch.Tensor":
    import torch

    return torch.frombuffer(bytearray(grey), dtype=torch.uint8).float().unsqueeze(0) / 255


def label_points_chart(points: "Sequence[LabelPoint]", own: Mapping[str, tuple[int, float]], *, key: str) -> None:
    """Accuracy over the number of labels: what ships as one line for each preset, own runs by name beside them."""
    from models.registry import PRESETS

    alone = {point.preset: PRESETS[point.preset].model.learns_from_labels_alone for point in points}
    names = {
        preset: "labelled images alone" if labels_alone else "with all 60,000 images, unlabelled"
        for preset, labels_alone in alone.items()
    }
    rows = [
        {"model": names[point.preset], "labels": point.labelled, "accuracy": point.accuracy, "steps": point.steps}
        for point in points
    ]
    mine = [{"model": name, "labels": labels, "accuracy": value} for name, (labels, value) in own.items()]
    encoding = {
        "x": {
            "field": "labels",
            "type": "quantitative",
            "scale": {"type": "log", "domain": [10, 1000]},
            "axis": {"values": [10, 20, 50, 100, 200, 500, 1000], "format": ",d", "grid": False},
            "title": "labelled images",
        },
        "y": {
            "field": "accuracy",
            "type": "quantitative",
            "scale": {"zero": False, "nice": True},
            "axis": {"format": ".0%", "tickCount": 5},
            "title": "accuracy",
        },
        "tooltip": [
            {"field": "model", "title": ""},
            {"field": "labels", "format": ","},
            {"field": "accuracy", "format": ".2%"},
        ],
    }
    lines = {
        "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 80, "filled": True}},
        "encoding": encoding
        | {"color": _by_model([name for name in names.values() if any(r["model"] == name for r in rows)])},
    }
    diamonds = {
        "data": {"values": mine},
        "mark": {
            "type": "point",
            "shape": "diamond",
            "filled": True,
            "size": 120,
            "color": REFERENCE.color,
            "opacity": 1,
        },
        "encoding": encoding,
    }
    named = {
        "data": {"values": mine},
        "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 12, "color": REFERENCE.color},
        "encoding": encoding | {"text": {"field": "model"}},
    }
    summary = "; ".join(f"{row['model']}, {row['labels']:,}: {row['accuracy']:.2%}" for row in [*rows, *mine])
    with st.container(key=f"chart-{key}"):
        charts.vega(
            rows,
            {"height": 300, "layer": [lines, *([diamonds, named] if mine else [])]},
            key=key,
            alt=f"Accuracy by the number of labels: {summary}",
        )


def _by_model(names: list[str]) -> dict[str, Any]:
    return {
        "field": "model",
        "type": "nominal",
        "scale": {"domain": names, "range": list(MODELS[: len(names)])},
        "legend": charts.legend_of(names),
    }
