"""Pages as a browser's visitor sees them."""

from collections.abc import Callable

import pytest
from streamlit.runtime.session_manager import ClientContext

from pages.people import visitor
from training.people.cookies import cookie_name, cookie_value, owner_of_id


class Browser(ClientContext):
    """A browser's connection, as the web server knows it."""

    def __init__(self, cookies: dict[str, str], headers: dict[str, str], remote_ip: str) -> None:
        self._cookies, self._headers, self._remote_ip = cookies, headers, remote_ip

    @property
    def headers(self) -> list[tuple[str, str]]:
        return list(self._headers.items())

    @property
    def cookies(self) -> dict[str, str]:
        return self._cookies

    @property
    def remote_ip(self) -> str:
        return self._remote_ip


@pytest.fixture
def browse_as(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Let the app's next runs be a browser's: `browse_as("a" * 22)` is one with that workspace; its owner."""

    def browse(workspace_id: str, *, remote_ip: str = "10.0.0.7", cookie: str | None = None, **headers: str) -> str:
        value = cookie_value(workspace_id) if cookie is None else cookie
        sent = {"Host": "lab.example.org", **{name.replace("_", "-"): each for name, each in headers.items()}}
        browser = Browser({cookie_name(): value} if value else {}, sent, remote_ip)
        monkeypatch.setattr(visitor, "_client", lambda: browser)
        return owner_of_id(workspace_id)

    return browse
