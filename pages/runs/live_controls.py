"""What can be asked of a training while it runs: pause, one step, slow motion, stop, other settings."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.kit import glossary, services
from pages.kit.guard import failure
from training.runs.control import Ask, ask
from training.system.errors import UserError

if TYPE_CHECKING:
    from training.runs.config import TrainConfig
    from training.runs.run_folder import Run, Status

__all__ = ["PACES", "live_controls", "settings_now"]

PACES = {0.0: "Full speed", 20.0: "20", 5.0: "5", 2.0: "2"}  # steps a second
PROBLEM = "control-problem"


def live_controls(run: "Run", status: "Status") -> None:
    """The controls of a run under way; each is passed on through its folder."""
    stopping = run.stopping
    if status.state == "queued":
        _button("Leave the queue", ":material/close:", _stopping(run), disabled=stopping)
        return
    with st.container(horizontal=True):
        if status.state == "paused":
            _button("Continue", ":material/play_arrow:", _asking(run, "go"), primary=True)
        else:
            _button("Pause", ":material/pause:", _asking(run, "pause"), disabled=stopping)
        _button(
            "Step",
            ":material/skip_next:",
            _asking(run, "step"),
            disabled=stopping,
            help="Takes one step, shows what it did, and waits.",
        )
        _button(
            "Stop",
            ":material/stop:",
            _stopping(run),
            disabled=stopping,
            help="Ends after the current step and keeps everything; you can resume later.",
        )
    with st.popover("Pace and settings", icon=":material/tune:", width="stretch", disabled=stopping):
        _pace(run, status)
        _settings(run)
    if problem := st.session_state.pop(PROBLEM, None):
        failure(UserError(problem))


def _stopping(run: "Run") -> Callable[[], None]:
    return _told(lambda: services.launcher().stop(run))


def _asking(run: "Run", do: Ask, value: float = 0.0) -> Callable[[], None]:
    return _told(lambda: ask(run.path, do, value))


def _told(action: Callable[[], object]) -> Callable[[], None]:
    """The action as a widget's callback: what goes wrong with it is said on the next run."""

    def act() -> None:
        try:
            action()
        except UserError as error:
            st.session_state[PROBLEM] = str(error)

    return act


def _button(
    label: str, icon: str, act: Callable[[], None], *, disabled: bool = False, primary: bool = False, help: str = ""
) -> None:
    st.button(
        label,
        icon=icon,
        on_click=act,
        key=label.split()[0].lower(),
        width="stretch",
        disabled=disabled,
        type="primary" if primary else "secondary",
        help=help or None,
    )


def _pace(run: "Run", status: "Status") -> None:
    key = f"pace-{run.id}-{status.pace:g}"  # a new one whenever the pace has changed, here or in another tab
    st.segmented_control(
        "Steps a second",
        list(PACES),
        default=status.pace if status.pace in PACES else None,
        format_func=PACES.__getitem__,
        key=key,
        required=status.pace in PACES,
        on_change=lambda: _asking(run, "pace", st.session_state[key])(),
        width="stretch",
        help="In slow motion every step shows what it did: its batch before and after it, the gradient, the pictures.",
    )


def _settings(run: "Run") -> None:
    glossary.caption("From the next step on. The curve marks where, and a resume changes them at the same step again.")
    now = settings_now(run)
    with st.form(f"settings-{run.id}", border=False):
        rate = st.number_input("Learning rate", 1e-6, 1.0, now["learning_rate"], 5e-4, format="%g")
        weight = st.number_input("KL weight, β", 0.0, 1000.0, now["kl_weight"], 0.5, format="%g")
        warm = st.number_input("KL warm-up from here, steps", 0, 10_000_000, 0, 500)
        if st.form_submit_button("Change", icon=":material/check:", width="stretch", type="primary"):
            asked: dict[Ask, float] = {"learning_rate": rate, "kl_weight": weight}
            for do, value in asked.items():
                if value != now[do]:
                    _asking(run, do, value)()
            if warm:
                _asking(run, "warmup", float(warm))()


def settings_now(run: "Run") -> dict[str, float]:
    """The settings that can be changed while a run trains, as they are now."""
    from training.runs.run_folder import read_changes

    return starting_settings(run.config) | {row["setting"]: float(row["value"]) for row in read_changes(run.path)}


def starting_settings(config: "TrainConfig") -> dict[str, float]:
    """The same as the run began."""
    return {
        "learning_rate": config.learning_rate,
        "kl_weight": config.model.kl_weight,
        "warmup": float(config.warmup),
    }
