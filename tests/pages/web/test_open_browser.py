import asyncio

import pytest
from streamlit import cli_util, config

from pages.web.open_browser import open_browser


@pytest.mark.parametrize("headless", [True, False])
def test_a_server_opens_a_browser_unless_it_is_headless(headless: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(cli_util, "open_browser", opened.append)
    monkeypatch.setattr(config, "get_option", {"server.headless": headless}.get)
    monkeypatch.setattr(config, "is_manually_set", lambda name: False)
    monkeypatch.setattr("streamlit.web.server.server_util.get_url", lambda host: f"http://{host}:8501")

    async def start() -> None:
        async with open_browser(None):
            pass

    asyncio.run(start())
    assert opened == ([] if headless else ["http://localhost:8501"])
