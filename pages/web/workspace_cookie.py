"""The middleware that gives each browser a workspace: a cookie with the first page that it loads.

The page's own connection comes after the page, so it has the cookie already. Scripts never see it, other sites' pages
do not send it, and it goes to this server's path alone.
"""

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from streamlit import config
from streamlit.logger import get_logger

from training.people.cookies import (
    LONGEST_SECONDS,
    RENEWED_SECONDS,
    cookie_name,
    cookie_value,
    new_workspace_id,
    read_cookie,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["WorkspaceCookie"]

_LOG = get_logger(__name__)


class WorkspaceCookie:
    """ASGI middleware; see the module."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass a request on; the answer to one for a page sets the cookie, where there is no good one."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _asks_for_a_page(scope):
            await self._app(scope, receive, send)
            return
        given = _cookie_to_give(scope)

        async def with_cookie(message: "Message") -> None:
            if message["type"] == "http.response.start" and given:
                message = {**message, "headers": [*message.get("headers", []), (b"set-cookie", given.encode())]}
            await send(message)

        await self._app(scope, receive, with_cookie)


def _header(scope: "Scope", wanted: bytes) -> str:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
    return "; ".join(values) if wanted == b"cookie" else next(iter(values), "")


def _asks_for_a_page(scope: "Scope") -> bool:
    """Whether a browser navigates there: pages, and no part of one."""
    return "text/html" in _header(scope, b"accept")


def _cookie_to_give(scope: "Scope") -> str:
    """The header's value; "" where the browser has a good cookie that is not old."""
    name = cookie_name()
    try:
        sent = SimpleCookie(_header(scope, b"cookie")).get(name)
    except CookieError:
        sent = None
    known = read_cookie(sent.value) if sent is not None else None
    if known is not None and known[1] < RENEWED_SECONDS:
        return ""
    value = cookie_value(known[0] if known is not None else new_workspace_id())
    path = f"/{str(config.get_option('server.baseUrlPath') or '').strip('/')}"
    secure = "; Secure" if scope["scheme"] == "https" else ""
    return f"{name}={value}; Path={path}; Max-Age={LONGEST_SECONDS}; HttpOnly; SameSite=Lax{secure}"
