import asyncio
from http.cookies import SimpleCookie
from typing import Any

import pytest
from streamlit import config

from pages.web.workspace_cookie import WorkspaceCookie
from training.people.cookies import RENEWED_SECONDS, cookie_name, cookie_value, read_cookie

ID = "aIhpvk44MPUM7z3XqZC2_g"
PAGE = "text/html,application/xhtml+xml"


@pytest.fixture(autouse=True)
def _own_folder(runs_folder: object) -> None:
    pass


def answer(cookie: str = "", *, accept: str = PAGE, method: str = "GET", scheme: str = "http") -> SimpleCookie:
    """The cookies that the answer to a request sets."""
    sent: list[dict[str, Any]] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<html>"})

    async def take(message: Any) -> None:
        sent.append(message)

    headers = [(b"accept", accept.encode()), (b"cookie", cookie.encode("latin-1"))]
    scope = {"type": "http", "method": method, "scheme": scheme, "path": "/", "headers": headers}
    asyncio.run(WorkspaceCookie(page)(scope, None, take))  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    found = SimpleCookie()
    for name, value in sent[0]["headers"]:
        if name == b"set-cookie":
            found.load(value.decode())
    return found


def test_a_first_page_gives_a_workspace() -> None:
    one, other = answer()[cookie_name()], answer()[cookie_name()]
    assert read_cookie(one.value) is not None
    assert one.value != other.value
    assert (one["httponly"], one["samesite"], one["path"], one["secure"]) == (True, "Lax", "/", "")
    assert int(one["max-age"]) > 300 * 86_400


def test_a_good_cookie_stays_as_it_is() -> None:
    assert not answer(f"other=1; {cookie_name()}={cookie_value(ID)}")


def test_an_old_one_is_given_anew_with_the_same_workspace() -> None:
    import time

    old = cookie_value(ID, now=time.time() - RENEWED_SECONDS - 1)
    read = read_cookie(answer(f"{cookie_name()}={old}")[cookie_name()].value)
    assert read is not None
    assert read[0] == ID


@pytest.mark.parametrize(
    "forged", [f"{ID}.1795792376.{'0' * 32}", "", "x", f"{ID}.1.2", "é", "; ;=", f"{ID}..{'f' * 32}"]
)
def test_a_forged_one_is_replaced(forged: str) -> None:
    read = read_cookie(answer(f"{cookie_name()}={forged}")[cookie_name()].value)
    assert read is not None
    assert read[0] != ID


def test_over_https_it_never_travels_without() -> None:
    assert answer(scheme="https")[cookie_name()]["secure"] is True


def test_it_goes_to_the_servers_own_path_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "get_option", {"server.baseUrlPath": "class/vae/"}.get)
    assert answer()[cookie_name()]["path"] == "/class/vae"


@pytest.mark.parametrize("asked", [{"accept": "*/*"}, {"method": "POST"}, {"method": "HEAD"}])
def test_what_is_no_page_gives_none(asked: dict[str, str]) -> None:
    assert not answer(**asked)
