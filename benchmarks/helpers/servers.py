"""A Streamlit server of its own for a measurement: free port, loopback, ended by its process id."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

from recognizer.system.home import PROJECT

_PATIENCE = 60  # seconds to start
_HOST = "127.0.0.1"


@contextmanager
def serve(script: Path, home: Path, *arguments: str) -> Iterator[tuple[str, int]]:
    """Run a script as a web app; yield its address and its process id.

    Args:
        script: given to `streamlit run`, with the project's settings.
        home: the folder that the app may write to.
        arguments: of the script.
    """
    port = _free_port()
    address = f"http://{_HOST}:{port}"
    command = [
        sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}",
        f"--server.address={_HOST}", "--server.headless=true", "--", *arguments,
    ]  # fmt: skip
    environment = os.environ | {"RECOGNIZER_HOME": str(home)}
    with (home / f"{script.stem}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    try:
        _wait(address, process, Path(log.name))
        yield address, process.pid
    finally:
        end(process)


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]


def _wait(address: str, process: subprocess.Popen, log: Path) -> None:
    """Return when the server answers; raise when it ended or takes too long."""
    end = monotonic() + _PATIENCE
    while monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except (URLError, OSError):
            sleep(0.1)
    raise RuntimeError(f"The server of {process.args[4]} did not start:\n{log.read_text()[-2000:]}")
