"""The app as a process for tests, which ends with them, or an application without a server."""

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.helpers.servers import address, app_command, free_port, started
from recognizer.system import home

SMALL_UPLOADS = "--server.maxUploadSize=2"  # megabytes; quick to exceed
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
        pid: of its process.
    """

    url: str
    home: Path
    said: Path
    pid: int

    def log(self) -> list[dict]:
        path = self.home / "logs" / "actions.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def served(script: str, folder: Path, *options: str, **environment: str) -> Iterator[Server]:
    """Start the app by a script of it, with options of Streamlit."""
    port, said = free_port(), folder / "said"
    env = {**os.environ, "RECOGNIZER_HOME": str(folder / "home"), **environment}
    command = app_command(script, port, *options)
    with started(command, address(port), cwd=home.PROJECT, env=env, log=said) as pid:
        yield Server(address(port), folder / "home", said, pid)


def get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


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
    sent = {"host": "localhost:8602"} | {name.replace("_", "-"): v for name, v in headers.items()}
    if isinstance(body, bytes):
        sent.setdefault("content-length", str(len(body)))
    place, _, query = path.partition("?")
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
    chunks = [body or b""] if isinstance(body, bytes | None) else list(body)
    messages = asyncio.run(_messages(app, scope, chunks))
    pairs = messages[0]["headers"]
    bodies = [message["body"] for message in messages[1:] if message.get("body")]
    return Answer(
        messages[0]["status"],
        {name.decode().lower(): value.decode("latin-1") for name, value in pairs},
        b"".join(bodies),
        len(bodies),
    )


async def _messages(app: Callable, scope: dict, chunks: list[bytes]) -> list[dict]:
    """Return what an application sends for a request."""
    messages, left = [], list(chunks)

    async def receive() -> dict:
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict) -> None:
        messages.append(message)

    async with asyncio.timeout(ASK_SECONDS):
        await app(scope, receive, send)
    return messages


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
