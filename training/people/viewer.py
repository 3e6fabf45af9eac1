"""Who asks: the command line, a visitor of a page, or the teacher.

Pages say it once, for every thread that runs a page (`ask_viewer`): whatever such a thread calls of `training` sees and
touches only what its visitor may. Anything else, a command or a worker's process, is the machine itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["MACHINE", "Role", "Viewer", "ask_viewer", "viewer", "viewing"]

Role = Literal["machine", "teacher", "visitor"]


@dataclass(frozen=True)
class Viewer:
    """Somebody who looks at runs.

    Attributes:
        owner: the name of the folder of the own runs, in the runs folder; "" is the runs folder itself.
        role: the machine itself and the teacher may do everything.
        local: sits at the machine that the server runs on, so the machine's runs are own ones too.
        links: of the runs that share links opened, as "owner/id", the token of each.
    """

    owner: str
    role: Role = "visitor"
    local: bool = False
    links: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def may_do_everything(self) -> bool:
        return self.role != "visitor"


MACHINE = Viewer("", "machine", local=True)
_said: ContextVar[Viewer | None] = ContextVar("viewer", default=None)
_askers: list[Callable[[], Viewer | None]] = []


def viewer() -> Viewer:
    """Who asks in this thread."""
    if (said := _said.get()) is not None:
        return said
    return next((found for ask in _askers if (found := ask()) is not None), MACHINE)


def ask_viewer(asker: Callable[[], Viewer | None]) -> None:
    """Let a function say who asks: called in the thread that asks, None where it does not know."""
    _askers[:] = [asker]


@contextmanager
def viewing(somebody: Viewer) -> Iterator[None]:
    """Ask as somebody, in this thread, for as long as the block lasts."""
    token = _said.set(somebody)
    try:
        yield
    finally:
        _said.reset(token)
