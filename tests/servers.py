"""Servers for tests: a free port, and a process that is ended when the test is."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def started(
    command: list[str], url: str, *, cwd: Path, env: dict[str, str] | None = None
) -> Iterator[None]:
    """Start a server, which answers /_stcore/health under `url`, and end it."""
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + START_SECONDS
        while not answers(f"{url}/_stcore/health"):
            assert process.poll() is None, "the server ended while starting"
            assert time.monotonic() < end, f"no answer within {START_SECONDS} s"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
