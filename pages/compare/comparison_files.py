"""What a comparison leaves behind: a table, a page with its pictures, and the weights themselves."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.compare.comparison_views import Compared, number_rows, reconstruction_png
from pages.kit import frame, services
from pages.measure import numbers
from training.data.seen import seen_in_words
from training.system.errors import UserError

__all__ = ["downloads"]

FORMATS = {
    "safetensors": "Tensors alone, float32, under the homework's names.",
    "pt": "As `torch.save(model.state_dict(), path)` writes it: the homework's code reads it.",
}


def downloads(
    models: Sequence[Compared], reference: Compared, summary: Sequence[str], seed: int, *, complete: bool
) -> None:
    """The comparison as CSV and as one HTML page, and each model's weights in two formats."""
    so_far = "" if complete else " What is known so far."
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Numbers, CSV",
            partial(_csv, models, reference),
            "comparison.csv",
            "text/csv",
            key="download-csv",
            icon=":material/table:",
            on_click="ignore",
            help=f"A row for each model and set.{so_far}",
        )
        st.download_button(
            "Page, HTML",
            partial(_html, models, reference, summary, seed),
            "comparison.html",
            "text/html",
            key="download-html",
            icon=":material/description:",
            on_click="ignore",
            help=f"One file with its pictures in it.{so_far}",
        )
        title = st.selectbox("Weights of", [model.title for model in models], key="weights-of", width=220)
        model = next(model for model in models if model.title == title)
        for suffix, about in FORMATS.items():
            st.download_button(
                f".{suffix}",
                partial(_weights, model, suffix),
                f"{title.replace(' ', '-')}.{suffix}",
                "application/octet-stream",
                key=f"download-{suffix}",
                icon=":material/download:",
                on_click="ignore",
                help=about,
            )
    if model.ref.origin == "upload":
        _keep(model)


def _keep(model: Compared) -> None:
    """An uploaded file goes with its tab, unless somebody keeps it."""
    if st.button(
        f"Keep {model.shown} on this server",
        icon=":material/save:",
        key="keep",
        help="As a run: everybody who uses this server can then choose it, and it stays when you close the tab.",
    ):
        from training.runs.run_writer import keep_as_run

        try:
            run = keep_as_run(model.source, name=model.ref.name)
        except UserError as error:
            frame.failure(error)
        else:
            st.success(f"Kept as run {run.id}: every picker of models has it.", icon=":material/check:")


def _csv(models: Sequence[Compared], reference: Compared) -> bytes:
    from training.checkpoints.exports import as_csv

    return as_csv([row for rows in number_rows(models, reference).values() for row in rows])


def _html(models: Sequence[Compared], reference: Compared, summary: Sequence[str], seed: int) -> bytes:
    from training.checkpoints.exports import Figure, Page, as_html
    from training.system.device import versions

    figures = []
    for model in models:
        samples = services.samples_png(model.source, "means", seed, 1.0)
        figures.append(Figure(samples, f"{model.title}: 200 images from its prior, seed {seed}"))
        again = reconstruction_png(model.source)
        if again is not None:
            figures.append(Figure(again, f"{model.title}: twenty held-out images, reconstructed"))
    tables, learned_from = number_rows(models, reference), {model.title: model.source.learned_from for model in models}
    return as_html(
        Page(
            title=f"{len(models)} models compared",
            sentences=summary,
            tables={numbers.heading(name): rows for name, rows in tables.items()},
            figures=figures,
            notes=[
                "Nats per image. The difference is that of NELBOs, image by image under the same noise, with its 95% "
                "interval.",
                *dict.fromkeys(sentence for name in tables for sentence in seen_in_words(learned_from, name)),
                f"Seed {seed}. " + ", ".join(f"{name} {version}" for name, version in versions().items()),
            ],
        )
    )


def _weights(model: Compared, suffix: str) -> bytes:
    from training.checkpoints.exports import as_pt, as_safetensors

    return as_pt(model.source) if suffix == "pt" else as_safetensors(model.source)
