"""Servers for tests: a process that is ended when the test is, or an application without one."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recognizer.system import home

START_SECONDS = 60
ASK_SECONDS = 30
LOOPBACK = ("127.0.0.1", 50_000)
BOUNDARY = "a-boundary"


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


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: Callable,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    *,
    method: str | None = None,
    client: tuple[str, int] = LOOPBACK,
    **headers: str,
) -> Answer:
    """Send one request; a body makes it a POST. Headers are written with _ for -."""
    place, _, query = path.partition("?")
    chunks = [body or b""] if isinstance(body, bytes | None) else list(body)
    sent = {"host": "localhost:8602"} | {name.replace("_", "-"): v for name, v in headers.items()}
    if isinstance(body, bytes):
        sent.setdefault("content-length", str(len(body)))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method or ("GET" if body is None else "POST"),
        "path": place,
        "raw_path": place.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": client,
        "server": ("localhost", 8602),
        "scheme": "http",
    }
    messages: list[dict] = []

    async def running() -> None:
        left = list(chunks)

        async def receive() -> dict:
            if not left:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        async def send(message: dict) -> None:
            messages.append(message)

        async with asyncio.timeout(ASK_SECONDS):
            await app(scope, receive, send)

    asyncio.run(running())
    pairs = messages[0]["headers"]
    bodies = [message["body"] for message in messages[1:] if message.get("body")]
    return Answer(
        messages[0]["status"],
        {name.decode().lower(): value.decode("latin-1") for name, value in pairs},
        b"".join(bodies),
        len(bodies),
    )


def form(*files: tuple[str, bytes], **fields: str) -> tuple[bytes, str]:
    """Return the body and the type of a form with these files and fields."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ] + [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return body, f"multipart/form-data; boundary={BOUNDARY}"
