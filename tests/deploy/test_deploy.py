"""What the files for a container and for a proxy promise."""

import re
import urllib.request
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.dockerfile import build_context, instructions
from tests.deploy.proxied import NGINX, proxied
from training.system.folders import PROJECT

DOCKERFILE = instructions((PROJECT / "Dockerfile").read_text())


def test_the_image_runs_without_root_and_says_how_it_is() -> None:
    words = dict(DOCKERFILE)
    assert int(words["USER"].split(":")[0]) > 0
    assert "/_stcore/health" in words["HEALTHCHECK"]
    assert [word for word, _ in DOCKERFILE].index("USER") > max(
        position for position, (word, _) in enumerate(DOCKERFILE) if word == "RUN"
    )


def test_the_image_has_what_the_app_needs_and_nothing_else() -> None:
    names = {path.name for path in build_context()}
    assert all(path.exists() for path in build_context())
    assert {"app.py", "pages", "models", "training", "pretrained", "assets", ".streamlit"} <= names
    assert not names & {"data", "runs", "tests", ".git", ".venv"}


def test_every_process_of_the_class_is_read_only_but_for_runs_and_data() -> None:
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert {volume.split(":")[1] for volume in services["app"]["volumes"]} == {"/app/runs", "/app/data"}


def test_the_proxies_let_in_what_the_app_takes() -> None:
    limit = int(re.findall(r"maxUploadSize = (\d+)", (PROJECT / ".streamlit" / "config.toml").read_text())[0])
    for name, pattern in (("nginx.conf", r"client_max_body_size (\d+)m;"), ("Caddyfile", r"max_size (\d+)MB")):
        allowed = int(re.findall(pattern, (PROJECT / "deploy" / name).read_text())[0])
        assert limit < allowed <= limit + 4, name


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_a_browser_stays_with_its_process_and_both_serve(tmp_path: Path) -> None:
    def get(path: str, cookie: str) -> Any:
        asked = urllib.request.Request(f"{address}{path}", headers={"Accept": "text/html", "Cookie": cookie})
        return urllib.request.urlopen(asked)

    with proxied(tmp_path, spread=True) as (address, servers):
        met = set[str]()
        for visitors in range(60):
            if visitors >= 3 and len(met) == 2:
                break
            with get("/", "") as first:
                cookies = SimpleCookie(first.headers["Set-Cookie"])
            cookie = "; ".join(f"{name}={each.value}" for name, each in cookies.items())
            assert cookie.startswith("elbo-lab-")
            processes = {get(path, cookie).headers["X-Process"] for path in ("/", "/train", "/", "/samples")}
            assert len(processes) == 1
            met |= processes
        assert met == {f"127.0.0.1:{server.port}" for server in servers}
