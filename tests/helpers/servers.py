"""Servers for tests: a free port, and a process that is ended when the test is."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recognizer.system import home

START_SECONDS = 60


@dataclass
class Server:
    """The app, running.

    Attributes:
        url: where.
        home: its RECOGNIZER_HOME.
        said: what it wrote on stderr and stdout.
    """

    url: str
    home: Path
    said: Path

    def log(self) -> list[dict]:
        path = self.home / "logs" / "actions.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def started(
    command: list[str],
    url: str,
    *,
    cwd: Path,
    env: dict[str, str] | None = None,
    said: Path = Path(os.devnull),
) -> Iterator[None]:
    """Start a server, which answers /_stcore/health under `url`, and end it."""
    with said.open("wb") as file:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=file, stderr=file)
    try:
        end = time.monotonic() + START_SECONDS
        while not answers(f"{url}/_stcore/health"):
            assert process.poll() is None, f"the server ended while starting: {said.read_text()}"
            assert time.monotonic() < end, f"no answer within {START_SECONDS} s"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def app_command(script: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "streamlit", "run", script, "--server.headless=true"),
        *(f"--server.port={port}", "--server.maxUploadSize=2"),
    ]


def served(script: str, folder: Path, **environment: str) -> Iterator[Server]:
    """Start the app by a script of it."""
    port = free_port()
    one = Server(f"http://127.0.0.1:{port}", folder / "home", folder / "said")
    env = {**os.environ, "RECOGNIZER_HOME": str(one.home), **environment}
    with started(app_command(script, port), one.url, cwd=home.PROJECT, env=env, said=one.said):
        yield one
