"""A server of our own, as people start it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recognizer import store

START_SECONDS = 60


@dataclass
class Server:
    """A running one.

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


def start(script: str, home: Path, port: int, said: Path, **environment: str) -> subprocess.Popen:
    with said.open("wb") as file:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "streamlit", "run", script, "--server.headless=true"),
                *(f"--server.port={port}", "--server.maxUploadSize=2"),
            ],
            cwd=store.PROJECT,
            env={**os.environ, "RECOGNIZER_HOME": str(home), **environment},
            stdout=file,
            stderr=subprocess.STDOUT,
        )


def served(script: str, folder: Path, **environment: str) -> Iterator[Server]:
    port = free_port()
    process = start(script, folder / "home", port, folder / "said", **environment)
    one = Server(f"http://127.0.0.1:{port}", folder / "home", folder / "said")
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            assert process.poll() is None, one.said.read_text()
            try:
                urllib.request.urlopen(f"{one.url}/_stcore/health", timeout=2).close()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert time.monotonic() < end, "the server did not answer"
                time.sleep(0.1)
        yield one
    finally:
        process.terminate()
        process.wait(timeout=20)
