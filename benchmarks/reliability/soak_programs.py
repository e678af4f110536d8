"""Programs that take part in a soak: each sends drawings to the HTTP API, with a key of its own."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from time import perf_counter
from urllib.parse import urlsplit

import cv2

from benchmarks.helpers.streamlit_client import picture
from benchmarks.reliability.soak_people import Notes, Script, Someone, default_recognizer
from recognizer.api import documents, keys

PATH = "/api/v1/read"
PATIENCE = 60.0  # seconds for an answer


class Program(Someone):
    """A client of the API: each answer must be what the library reads in that very picture."""

    kind = "program"

    def __init__(self, address: str, key: str, script: Script, notes: Notes) -> None:
        self.address, self.key, self.script, self.notes = address, key, script, notes
        self.recognizer = default_recognizer()

    @classmethod
    @asynccontextmanager
    async def arrived(cls, address: str, script: Script, notes: Notes) -> AsyncIterator["Program"]:
        """Get a key, as the operator makes one in the server's home."""
        yield cls(address, keys.add(f"soak-{script.number}"), script, notes)

    async def draw_one(self) -> None:
        """Send a drawing, and check the answer."""
        image = picture(self.script.drawing())
        expected = [documents.reading_entry("", self.recognizer.read(image))]
        started = perf_counter()
        status, body = await asyncio.to_thread(self._post, cv2.imencode(".png", image)[1].tobytes())
        seconds = perf_counter() - started
        if status != 200 or json.loads(body) != expected:
            self.notes.errors.append(f"expected {expected}: {status} {body[:500]!r}")
            return
        self.notes.times["api"].append(1000 * seconds)

    def _post(self, png: bytes) -> tuple[int, bytes]:
        """Return an answer's status and body."""
        host = urlsplit(self.address).netloc
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "image/png"}
        with closing(http.client.HTTPConnection(host, timeout=PATIENCE)) as connection:
            connection.request("POST", PATH, png, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
