"""Server: what everybody takes of this server, for its teacher; and a clean state for the next class."""

import time
from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.kit import frame, services
from pages.kit.guard import failure, plain, section
from pages.kit.tables import table
from pages.kit.texts import page_text
from pages.kit.ticking import duration
from training.lab.queue import Active
from training.people.viewer import viewer
from training.runs.run_folder import Run
from training.system.errors import UserError
from training.system.folders import runs_folder
from training.upkeep.reset import Aside, delete_aside, put_back, reset, sets_aside, stop_all
from training.upkeep.usage import Usage, everybodys_runs, require_in_charge, usages

SAID, WRONG = "server-said", "server-wrong"
MOST_ROWS = 60


def do(work: Callable[[], str]) -> None:
    """Do what a button asks for, and say below the title how it went."""
    try:
        st.session_state[SAID] = work()
    except UserError as error:
        st.session_state[WRONG] = str(error)


def name_of(owner: str) -> str:
    if not owner:
        return "the machine"
    return "you" if owner == viewer().owner else f"visitor {owner[1:6]}"


def stopped(run: Active) -> str:
    require_in_charge()
    services.launcher().stop(Run(run.path))
    return f"{plain(run.id)} ends after its current step."


def all_stopped() -> str:
    count = stop_all(services.launcher())
    return f"{count} trainings end after their current step." if count != 1 else "1 training ends."


def was_reset() -> str:
    done = reset(services.launcher())
    return f"The next class begins anew. Set aside: {counted(done)}."


def counted(aside: Aside) -> str:
    workspaces = f"{aside.workspaces} workspace{'s' * (aside.workspaces != 1)}"
    return f"{workspaces}, {aside.rooms} room{'s' * (aside.rooms != 1)}"


def was_put_back(name: str) -> str:
    left = put_back(name)
    return (
        "Everything is back." if not left else f"It is back, but for {left} files whose places are taken by new ones."
    )


def was_deleted(name: str) -> str:
    delete_aside(name)
    return "It is gone for good."


def queue(runs: list[Active]) -> None:
    st.header(f"Trainings: {len(runs)}", anchor=False)
    if not runs:
        st.markdown("Nothing trains or waits.")
    for run in runs[:MOST_ROWS]:
        what, button = st.columns([4, 1], vertical_alignment="center")
        state = "waits" if run.status.state == "queued" else run.status.state
        what.markdown(
            f"**{plain(run.id)}** of {name_of(run.owner)}: {state}, step {run.status.step:,} of {run.status.steps:,}"
        )
        button.button("Stop", on_click=do, args=[partial(stopped, run)], key=f"stop-{run.owner}-{run.id}")
    if len(runs) > 1:
        st.button(f"Stop all {len(runs)}", icon=":material/stop:", on_click=do, args=[all_stopped], key="stop-all")


def workspaces(found: list[Usage]) -> None:
    st.header(f"Workspaces: {len(found) - 1}", anchor=False)
    rows = [
        [
            name_of(usage.owner),
            "" if not usage.owner else f"{duration(max(0.0, time.time() - usage.changed))} ago",
            str(usage.runs),
            str(usage.active),
            f"{usage.megabytes:,.1f}",
        ]
        for usage in found[:MOST_ROWS]
    ]
    table(["Whose", "Last change", "Runs", "Active", "MB"], rows, words=2)


def disk(found: list[Usage]) -> None:
    import shutil

    left, right = st.columns(2)
    left.metric("Runs and uploads of all", f"{sum(usage.megabytes for usage in found):,.0f} MB")
    folder = runs_folder()
    right.metric("Free on the disk", f"{shutil.disk_usage(folder if folder.exists() else '.').free / 1e9:,.1f} GB")


def next_class() -> None:
    st.header("The next class", anchor=False)
    st.markdown(
        "A reset stops the trainings of all visitors, and sets their workspaces and all rooms aside. Your own "
        "workspace, the machine's runs and lessons stay. It can be undone for 30 days."
    )
    with st.popover("Reset", icon=":material/restart_alt:"):
        st.markdown("Everybody but you begins anew.")
        st.button("Reset the class", type="primary", on_click=do, args=[was_reset], key="reset")
    for aside in sets_aside():
        when = time.strftime("%d %B %Y, %H:%M", time.strptime(aside.name, "%Y%m%d-%H%M%S"))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{when}: {counted(aside)}")
            back = partial(was_put_back, aside.name)
            st.button("Put back", icon=":material/undo:", on_click=do, args=[back], key=f"back-{aside.name}")
            with st.popover("Delete", icon=":material/delete:"):
                gone = partial(was_deleted, aside.name)
                st.button("Delete it for good", on_click=do, args=[gone], key=f"gone-{aside.name}")


frame.mend_link("pages/teaching/server.py")
frame.header("Server", "Who takes how much of this server?")
if said := st.session_state.pop(SAID, ""):
    st.success(said, icon=":material/check:")
if wrong := st.session_state.pop(WRONG, ""):
    failure(UserError(wrong))
with section("server"):
    require_in_charge()
    taken = usages()
    trainings, upkeep = st.columns([1.5, 1], gap="large")
    with trainings:
        queue(everybodys_runs())
        workspaces(taken)
    with upkeep:
        disk(taken)
        next_class()
        st.button("Look again", icon=":material/refresh:", key="look-again")
st.space("small")
frame.notes(page_text(__file__))
