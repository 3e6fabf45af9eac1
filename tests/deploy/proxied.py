"""Two processes of the app behind nginx, with the project's own configuration, on this machine.

    python -m tests.deploy.proxied [PORT]

starts them and waits for Ctrl-C. There visitors are spread by request in place of by address, so that many of one
machine (a measuring script's) do not all meet the same process.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.conftest import Server
from training.system.folders import PROJECT

__all__ = ["NGINX", "proxied"]

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    add_header X-Process $upstream_addr always;
{ours}
}}
"""


@contextmanager
def proxied(folder: Path, *, port: int = 0, spread: bool = False) -> Iterator[tuple[str, list[Server]]]:
    """The address of a proxy and the two servers behind it, which share the runs in `folder`.

    Every answer says in its header X-Process which of them gave it.

    Arguments:
        port: of the proxy; a free one if 0.
        spread: a visitor without a cookie is led by chance, not by its address.
    """
    servers = [Server(folder), Server(folder)]
    port = port or _free_port()
    ours = (PROJECT / "deploy" / "nginx.conf").read_text()
    ours = _replaced(r"server app:8501;.*", " ".join(f"server 127.0.0.1:{each.port};" for each in servers), ours)
    ours = _replaced(r"listen 8080;", f"listen 127.0.0.1:{port};", ours)
    if spread:
        ours = _replaced(r"\$remote_addr;", "$request_id;", ours)
    settings = folder / "nginx.conf"
    settings.write_text(AROUND.format(folder=folder, ours=ours))
    proxy = subprocess.Popen([NGINX or "nginx", "-c", str(settings), "-p", str(folder), "-e", f"{folder}/early.log"])
    try:
        _await(port)
        yield f"http://127.0.0.1:{port}", servers
    finally:
        proxy.send_signal(signal.SIGTERM)
        proxy.wait(10)
        for server in servers:
            server.stop()


def _replaced(pattern: str, by: str, text: str) -> str:
    text, count = re.subn(pattern, by, text)
    assert count == 1, f"{pattern!r} stands {count} times in deploy/nginx.conf"
    return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nginx does not answer")


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as made,
        proxied(Path(made), port=int(sys.argv[1]) if sys.argv[1:] else 0, spread=True) as (address, behind),
    ):
        sys.stdout.write(f"{address} before {' '.join(str(each.port) for each in behind)}\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
