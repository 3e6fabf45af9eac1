import asyncio
from typing import Any

import pytest

from pages.web.security_headers import FRAMED_BY, SecurityHeaders, headers


def policy() -> dict[str, str]:
    return dict(part.split(" ", 1) for part in headers()["Content-Security-Policy"].split("; "))


def test_nothing_comes_from_another_host() -> None:
    allowed = {word for value in policy().values() for word in value.split()}
    assert allowed == {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
    assert "data:" not in policy()["script-src"]


def test_the_app_is_framed_where_it_is_allowed_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert policy()["frame-ancestors"] == "'self'"
    assert headers()["X-Frame-Options"] == "SAMEORIGIN"
    monkeypatch.setenv(FRAMED_BY, "https://moodle.school.example https://*.uni.example:8443")
    assert policy()["frame-ancestors"] == "'self' https://moodle.school.example https://*.uni.example:8443"
    assert "X-Frame-Options" not in headers()


@pytest.mark.parametrize("wrong", ["*", "https://a.example;script-src", "moodle.school.example", "'unsafe-inline'"])
def test_what_is_no_host_frames_nothing(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FRAMED_BY, wrong)
    assert policy()["frame-ancestors"] == "'self'"


def test_every_answer_has_them_once() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        theirs = [(b"x-content-type-options", b"other"), (b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 404, "headers": theirs})

    async def take(message: Any) -> None:
        sent.append(message)

    asyncio.run(SecurityHeaders(app)({"type": "http"}, None, take))  # type: ignore[arg-type]
    found = sent[0]["headers"]
    assert len({name for name, _ in found}) == len(found)
    assert dict(found)[b"x-content-type-options"] == b"nosniff"
    assert dict(found)[b"content-type"] == b"text/html"
