"""The latent pad: drag through a plane of latent space, and the image decoded there follows in the browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.choose.evaluation_images import encoded, held_out, pick_digit
from pages.draw import figures
from pages.draw.palette import DIGITS
from pages.kit import frame, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from training.data.registry import at_hand
from training.system.number_format import signed

if TYPE_CHECKING:
    from torch import Tensor

    from models.contract import Model
    from training.checkpoints.reading import Checkpoint
    from training.latent.encoding import Encoding
    from training.latent.planes import Plane

__all__ = ["latent_pad"]

PLANES = {"directions": "Principal directions", "dimensions": "Two dimensions", "digits": "Three digits"}
BACKDROPS = {"digits": "Decoded", "codes": "Encoded"}
REACH = 3.0
STEP = 0.05
_HERE = Path(__file__).parent

_decoder = st.components.v2.component("latent_decoder", js=(_HERE / "decoder.js").read_text(encoding="utf-8"))
_pad = st.components.v2.component(
    "latent_pad",
    html=(_HERE / "latent_pad.html").read_text(encoding="utf-8"),
    css=(_HERE / "latent_pad.css").read_text(encoding="utf-8"),
    js=(_HERE / "latent_pad.js").read_text(encoding="utf-8"),
)


@st.fragment
@section("latent_pad")
def latent_pad(source: "Checkpoint") -> None:
    """The pad with its controls: the plane, the label if the model has one, the backdrop, two sliders."""
    codes = encoded(source)
    model = source.model
    picture, controls = st.columns([2.4, 1], gap="large")
    with controls:
        plane, axes, marks = _pick_plane(source.data, model, codes)
        label = _pick_label(source)
        backdrop = st.segmented_control(
            f"{at_hand(source.data).plural.capitalize()} behind it",
            list(BACKDROPS),
            default="digits",
            required=True,
            format_func=BACKDROPS.__getitem__,
            key=page_key("backdrop"),
            bind="query-params",
            width="stretch",
            help="Images decoded on a grid of the plane; or the posterior means of 1,000 held-out images, projected "
            "on the plane: most lie in front of it or behind it.",
        )
        point = _pick_point(axes)
    with picture, st.container(gap=None, key="latent-pad"):
        packed = _packed(source)
        if packed is None:
            st.info("The pad cannot run this decoder: use the sliders.", icon=":material/tune:")
        else:
            _decoder(data=packed, key="decoder")
            _pad(
                data={
                    "decoder": source.sha256,
                    "plane": {
                        "center": [*plane.center.tolist(), *label],
                        "across": [*plane.across.tolist(), *(0.0 for _ in label)],
                        "up": [*plane.up.tolist(), *(0.0 for _ in label)],
                    },
                    "reach": REACH,
                    "point": list(point),
                    "label": f"Point in latent space: arrow keys move it. Across: {axes[0]}; up: {axes[1]}",
                    "axes": [f"{axes[0]} →", f"{axes[1]} ↑"],
                    "backdrop": backdrop,
                    "codes": _dots(source.data, plane, codes) if backdrop == "codes" else [],
                    "colors": list(DIGITS),
                    "marks": marks,
                },
                key="pad",
                on_point_change=_take_point,
            )
    with controls:
        _decoded_here(model, plane, point, label)
    frame.notes(page_text(__file__, **at_hand(source.data).words))


def _take_point() -> None:
    """The sliders follow the pad; what a browser sends is checked like any link."""
    point = st.session_state["pad"].get("point")
    if not isinstance(point, list) or len(point) != 2:
        return
    for key, value in zip(("across", "up"), point, strict=True):
        if isinstance(value, int | float) and abs(value) <= REACH:
            st.session_state[page_key(key)] = round(round(value / STEP) * STEP, 2)


def _pick_plane(data: str, model: "Model", codes: "Encoding") -> "tuple[Plane, tuple[str, str], list[list[Any]]]":
    """The plane, what its axes are, and what to mark on it: [across, up, text] each."""
    import torch

    from training.latent.planes import plane_of_dimensions, plane_of_directions, plane_through

    kind = st.selectbox(
        "Plane", list(PLANES), format_func=PLANES.__getitem__, key=page_key("plane"), bind="query-params"
    )
    if kind == "directions":
        return plane_of_directions(codes.mean), ("the 1st direction", "the 2nd direction"), []
    if kind == "dimensions":
        order = codes.by_kl()
        across, up = st.columns(2)
        first, second = (
            column.selectbox(
                f"Dimension {way}",
                list(range(len(order))),
                index=order[index % len(order)],
                key=page_key(f"dimension_{way}"),
                bind="query-params",
                help="Counted from 0. The defaults are the two with the highest KL.",
            )
            for index, (column, way) in enumerate(((across, "across"), (up, "up")))
        )
        return plane_of_dimensions(*model.prior_moments(), first, second), (f"z{first}", f"z{second}"), []
    positions = [pick_digit(data, f"{nth} {at_hand(data).noun}", key, default) for nth, key, default in _THREE]
    plane = plane_through(codes.mean[torch.tensor(positions)])
    places = plane.place(codes.mean[torch.tensor(positions)]).tolist()
    marks = [
        [*place, at_hand(data).classes[int(held_out(data).labels[at])]]
        for place, at in zip(places, positions, strict=True)
    ]
    return plane, (f"through the three {at_hand(data).plural}", "at a right angle"), marks


_THREE = (("First", "first", "0, no. 1"), ("Second", "second", "3, no. 1"), ("Third", "third", "7, no. 2"))


def _pick_label(source: "Checkpoint") -> list[float]:
    """The one-hot label that the decoder takes after z; nothing for a model without labels."""
    labels = source.config.label_classes
    if not labels:
        return []
    chosen = st.pills(
        "Label",
        list(range(labels)),
        default=3 % labels,
        required=True,
        format_func=at_hand(source.data).classes.__getitem__,
        key=page_key("label"),
        bind="query-params",
        wrap=True,
    )
    return [float(label == chosen) for label in range(labels)]


def _pick_point(axes: tuple[str, str]) -> tuple[float, float]:
    across, up = (
        st.slider(title, -REACH, REACH, 0.0, STEP, key=page_key(key), bind="query-params", help=help_text)
        for title, key, help_text in (
            ("Across", "across", f"The same point as on the pad. Across it: {axes[0]}."),
            ("Up", "up", f"The same point as on the pad. Up it: {axes[1]}."),
        )
    )
    return across, up


def _dots(data: str, plane: "Plane", codes: "Encoding") -> list[list[float]]:
    places = plane.place(codes.mean).tolist()
    return [
        [round(u, 2), round(v, 2), int(label)]
        for (u, v), label in zip(places, held_out(data).labels.tolist(), strict=True)
    ]


def _decoded_here(model: "Model", plane: "Plane", point: tuple[float, float], label: list[float]) -> None:
    """The same image once more, decoded by torch on the server: what the sliders show without the pad."""
    import torch

    from training.pictures import grids as pictures

    latent = torch.cat([plane.at(*point), torch.tensor(label)])
    image = pictures.to_uint8(model.decode_mean(latent.unsqueeze(0)))
    shown, note = st.columns([1, 1.6], vertical_alignment="center")
    with shown:
        figures.picture(
            pictures.png_bytes(pictures.grid(image, columns=1)),
            key="point",
            alt=f"The image decoded at across {signed(point[0])}, up {signed(point[1])}: {_in_numbers(latent)}",
        )
    note.caption("The image at the sliders' point, decoded by PyTorch. It follows the pad when you let go.")


def _in_numbers(latent: "Tensor") -> str:
    shown = ", ".join(signed(float(value)) for value in latent[:10])
    return f"z = ({shown}{', ...' if len(latent) > 10 else ''})"


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _packed(source: "Checkpoint") -> bytes | None:
    from training.latent.packed_decoder import pack_decoder

    return pack_decoder(source.model, source.sha256)
