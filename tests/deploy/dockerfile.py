"""The Dockerfile without a container engine: every line carried out in a fresh folder, then the app started from it.

    python -m tests.deploy.dockerfile

Each RUN line is executed where its WORKDIR lies in the fresh folder, with a fresh Python environment as the image's;
then the image's command, as its user if this is root: it can write nothing but its volumes. Takes some minutes.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.system.folders import PROJECT

__all__ = ["build_context", "instructions"]

# The image's user, who may read everything here, where Python itself may lie in root's home, and write nothing.
AS_USER = (
    "setpriv --reuid 10001 --regid 10001 --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
)
TRIED = (
    "python -m training train vae --data mnist-sample --steps 20",
    "python -m training runs list",
    "python -m training evaluate pretrained/vae --sets homework --bounds 1",
)


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile: word and rest, in order."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(line.split(None, 1)[0].upper(), line.split(None, 1)[1].strip()) for line in joined]


def build_context(project: Path = PROJECT) -> list[Path]:
    """The files and folders at the top of the project that .dockerignore lets in."""
    lines = (project / ".dockerignore").read_text().splitlines()
    assert "*" in lines, "everything is left out but what is named"
    return [project / line[1:] for line in lines if line.startswith("!")]


def main() -> None:
    """Carry out the Dockerfile, start the app, train and measure in it; prints what was done.

    Raises:
        subprocess.CalledProcessError: an instruction or a command failed.
        AssertionError: something was written beside the volumes.
    """
    steps = instructions((PROJECT / "Dockerfile").read_text())
    port = _free_port()
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        root.chmod(0o755)
        subprocess.run([sys.executable, "-m", "venv", str(root / "python")], check=True)
        environment = os.environ | {"PATH": f"{root}/python/bin:{os.environ['PATH']}"}
        where, command, health = root, [""], [""]
        for word, rest in steps:
            say(f"{word} {rest}")
            if word == "ENV":
                environment |= dict(pair.split("=", 1) for pair in rest.split())
            elif word == "WORKDIR":
                where = root / rest.lstrip("/")
                where.mkdir(parents=True, exist_ok=True)
            elif word == "COPY":
                _copy(rest.split()[:-1], where / rest.split()[-1])
            elif word == "RUN":
                subprocess.run(["sh", "-ec", rest], cwd=where, env=environment, check=True)
            elif word == "HEALTHCHECK":
                health = json.loads(rest[rest.index("CMD") + 3 :])
            elif word == "CMD":
                command = json.loads(rest)
        options: dict[str, Any] = {"cwd": where, "env": environment}
        user = AS_USER.split() if os.getuid() == 0 else []
        before = _files(where)
        server = subprocess.Popen(user + [part.replace("8501", str(port)) for part in command], **options)
        try:
            checked = user + [part.replace("8501", str(port)) for part in health]
            while subprocess.run(checked, stderr=subprocess.DEVNULL, **options).returncode:
                assert server.poll() is None, "the app ended"
                time.sleep(1)
            for line in TRIED:
                say(f"$ {line}")
                subprocess.run(user + line.split(), check=True, **options)
        finally:
            server.terminate()
            server.wait(30)
        written = {file.relative_to(where).parts[0] for file in _files(where) - before}
        assert written == {"runs"}, f"written beside the volumes: {written}"
        say("The image's lines work, and its app runs as a user who can write nothing but runs and data.")


def say(text: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _copy(sources: Sequence[str], to: Path) -> None:
    for name in sources:
        for source in build_context() if name == "." else [PROJECT / name]:
            if source.is_dir():
                shutil.copytree(source, to / source.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, to)


def _files(folder: Path) -> set[Path]:
    return {file for file in folder.rglob("*") if file.is_file()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
