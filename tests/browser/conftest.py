"""A real server and a real Chromium. Nothing here reaches outside the machine."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.patience import PATIENCE
from training.system.folders import PROJECT

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have little of it, and Chromium dies without
    "--disable-background-networking",
    "--disable-component-update",
]
PATIENCE_MS = 240_000.0  # a page that is not there in four minutes will not come
SHOTS = Path(__file__).parent / "shots"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: the one that `make test` found, the system's, or Playwright's own."""
    script = Path(__file__).with_name("ensure_chromium.sh")
    found = (
        os.environ.get("ELBO_LAB_CHROMIUM")
        or subprocess.run(["sh", str(script)], capture_output=True, text=True, check=True).stdout.strip()
    )
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


class Server:
    """The app on a free port, with folders of its own and only the embedded sample."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.runs = folder / "runs"
        self.log = folder / "server.log"
        self.start()

    def start(self) -> None:
        """Start it, or start it again on the same folders and the same port."""
        folder = self.runs.parent
        environment = os.environ | {"ELBO_LAB_RUNS": str(self.runs), "ELBO_LAB_DATA": str(folder / "data")}
        options = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", str(self.port)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", *options],
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # with its trainings, and with nothing else
            )
        self._await_health()

    def _await_health(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(self.log.read_text())

    def cut_power(self) -> None:
        """Kill it and all its trainings in one moment."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has visited yet."""
    server = Server(tmp_path)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not mind each other."""
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a new, clean browser profile; it must not ask anything outside for anything."""
    with opener(browser) as open_:
        yield open_


@contextmanager
def opener(browser: Browser) -> Iterator[Callable[..., Page]]:
    """The same for fixtures that live longer than a test."""
    contexts = []
    strangers: list[str] = []

    def open_(url: str, *, width: int = 1440, height: int = 1000, dark: bool = False, still: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: strangers.append(request.url) if outside(request.url) else None)
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert strangers == []


STILL = """patience => new Promise((resolve, reject) => {
    let timer
    const wait = () => { clearTimeout(timer); timer = setTimeout(look, 300) }
    const watch = new MutationObserver(wait)
    const busy = () => document.querySelector("[data-testid=stStatusWidget], [data-testid=stSkeleton]")
        || document.getAnimations().some(each => each.playState === "running")
    const look = () => { if (busy()) { wait() } else { watch.disconnect(); resolve() } }
    watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true})
    setTimeout(() => reject(new Error("the page never came to rest")), patience)
    wait()
})"""


def await_rest(page: Page) -> None:
    """Wait until a page has run to its end and nothing on it has moved or changed for 0.3 seconds."""
    page.locator("h1").wait_for()
    page.evaluate(STILL, PATIENCE_MS)


def outside(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
