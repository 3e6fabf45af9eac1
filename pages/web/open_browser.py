"""Opening the app in a browser when its server starts, as `streamlit run` does by itself for a plain script."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamlit import cli_util, config
from streamlit.web.server import server_util

__all__ = ["open_browser"]


@asynccontextmanager
async def open_browser(_app: object) -> AsyncIterator[None]:
    """For `st.App`'s lifespan: unless the server is asked to be headless, open its first page."""
    if not config.get_option("server.headless"):
        by_name = config.is_manually_set("browser.serverAddress")
        host = config.get_option("browser.serverAddress") if by_name else "localhost"
        cli_util.open_browser(server_util.get_url(host))
    yield
