"""The middleware that lets a browser hold the app to what it promises: nothing from other hosts, framed by nobody else.

Streamlit's frontend needs inline styles and scripts. No page makes code out of text; that it may is for the tools by
which people test pages and make them accessible, which do, and costs nothing where inline scripts are allowed. No code
comes from elsewhere.
"""

import os
import re
from typing import TYPE_CHECKING

from streamlit.logger import get_logger

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SecurityHeaders", "headers"]

POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
FRAMED_BY = "ELBO_LAB_FRAME_ANCESTORS"  # hosts with spaces between them, such as https://moodle.school.example
_HOST = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?")
_LOG = get_logger(__name__)


def headers() -> dict[str, str]:
    """What every answer says; hosts that may frame the app stand in the environment."""
    wanted = os.environ.get(FRAMED_BY, "").split()
    hosts = [host for host in wanted if _HOST.fullmatch(host)]
    if len(hosts) < len(wanted):
        _LOG.warning("%s holds something that is no host such as https://moodle.school.example", FRAMED_BY)
    policy = {**POLICY, "frame-ancestors": " ".join(["'self'", *hosts])}
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        **({} if hosts else {"X-Frame-Options": "SAMEORIGIN"}),
    }


class SecurityHeaders:
    """ASGI middleware; see the module."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers().items()]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass a request on, and add the headers to its answer."""

        async def with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in self._headers}
                theirs = [each for each in message.get("headers", []) if each[0].lower() not in ours]
                message = {**message, "headers": [*theirs, *self._headers]}
            await send(message)

        await self._app(scope, receive, with_headers)
