"""What a student's own code printed, compared with what the app measured for the same weights."""

from collections.abc import Sequence

import streamlit as st

from pages.compare.comparison_views import Compared
from pages.measure import numbers

__all__ = ["own_printout"]

FIELDS = {"nelbo": "NELBO", "kl": "KL", "rec": "Reconstruction"}
BOUNDS = (1, 10, 100, 1000)
FIELD_WIDTH = 130  # pixels: as many stand in a row as there is room for


def own_printout(models: Sequence[Compared]) -> None:
    """Fields for the numbers that one's own code printed, and what they show."""
    st.markdown(
        "Type what your own code printed for one of these files, as far as you have it. The app measured the same "
        "weights. Where the two differ, the printed number was computed otherwise: on other images, with other pixels, "
        "or with a mistake. Agreement does not show that the training was right."
    )
    titles = [model.title for model in models if model.known.reports]
    if not titles:
        st.info("The models are still being measured.", icon=":material/hourglass_empty:")
        return
    names = FIELDS | {f"niwae-{m}": f"\u2212IWAE\u2011{m}" for m in BOUNDS}
    printed = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.selectbox("Model", titles, index=len(titles) - 1, key="printed-of", width=220)
        for name, label in names.items():
            value = st.number_input(
                label, value=None, format="%.2f", key=f"printed-{name}", placeholder="–", width=FIELD_WIDTH
            )
            if value is not None:
                printed[name] = float(value)
    model = next(model for model in models if model.title == title)
    if printed:
        _judge(model, printed)


def _judge(model: Compared, printed: dict[str, float]) -> None:
    from training.diagnosis.fingerprints import of_printout

    set_name, report = next(iter(model.known.reports.items()))
    clues = of_printout(printed, report)
    for clue in clues:
        st.warning(clue, icon=":material/fingerprint:")
    if not clues:
        st.success(
            f"These agree with what the app measured on the {numbers.phrase(set_name)}, as far as noise allows.",
            icon=":material/check:",
        )
