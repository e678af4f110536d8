"""Servers for measurements and tests: a free port, loopback, ended by their process id."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

from recognizer.system.home import PROJECT

START_SECONDS = 60
_HOST = "127.0.0.1"


@contextmanager
def serve(script: Path, home: Path, *arguments: str) -> Iterator[tuple[str, int]]:
    """Run a script as a web app; yield its address and its process id.

    Args:
        script: given to `streamlit run`, with the project's settings.
        home: the folder that the app may write to.
        arguments: of the script.
    """
    port = free_port()
    command = [*app_command(script, port), f"--server.address={_HOST}", "--", *arguments]
    environment = os.environ | {"RECOGNIZER_HOME": str(home)}
    log = home / f"{script.stem}.log"
    with started(command, address(port), cwd=PROJECT, env=environment, log=log) as process:
        yield address(port), process


@contextmanager
def started(
    command: list[str],
    url: str,
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    log: Path = Path(os.devnull),
) -> Iterator[int]:
    """Start a server that answers /_stcore/health under an address, and end it; yield its id.

    Args:
        command: that starts it.
        url: without a slash at its end.
        cwd: the folder it is started in.
        env: its environment; None: this process's.
        log: file for what it writes.

    Raises:
        RuntimeError: it ended, or did not answer within START_SECONDS.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=file, stderr=file)
    try:
        _wait(url, process, log)
        yield process.pid
    finally:
        end(process)


def app_command(script: str | Path, port: int, *options: str) -> list[str]:
    """Return the command that runs a script as a web app."""
    return [
        *(sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"),
        *(f"--server.port={port}", *options),
    ]


def address(port: int) -> str:
    """Return where a server of this machine is."""
    return f"http://{_HOST}:{port}"


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]


def end_when_asked() -> None:
    """Have SIGTERM end this program as Ctrl-C does, so that the servers it started end too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def end(process: subprocess.Popen) -> None:
    """End a process that we started."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    """Return when the server answers; raise when it ended or takes too long."""
    until = monotonic() + START_SECONDS
    while monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except (URLError, OSError):
            sleep(0.1)
    told = log.read_text(encoding="utf-8")[-2000:]
    raise RuntimeError(f"The server at {url} did not start:\n{told}")
