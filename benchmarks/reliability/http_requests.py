"""HTTP by hand, so that it can lie: a request's bytes as they are, its body from a generator."""

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

BOUNDARY = "----storm"
CHUNK = 256 * 1024  # bytes
PATIENCE = 120.0  # seconds for an answer


@dataclass(frozen=True)
class Answer:
    """What a server said; status 0 where it only closed the connection."""

    status: int
    head: str
    body: str

    @property
    def tells_of_the_inside(self) -> bool:
        """Whether it shows a traceback or a path of the server's."""
        return bool(re.search(r"Traceback|File \"|\.py\b|site-packages", self.body))


async def send(
    address: str, head: str, body: Iterable[bytes] = (), *, hang_up: bool = False
) -> Answer:
    """Send a request and return the answer, also where it comes before all is sent.

    Args:
        address: of the server, http://host:port.
        head: from the method to the last header, lines joined by newlines.
        body: sent as it is.
        hang_up: whether to say after it that nothing more will come.
    """
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        answer = asyncio.create_task(_answer(reader))
        with suppress(OSError):
            lines = [*head.split("\n"), f"Host: {parts.netloc}", "Connection: close", "", ""]
            writer.write("\r\n".join(lines).encode("latin-1"))
            for piece in body:
                if answer.done():
                    break
                writer.write(piece)
                await writer.drain()
            if hang_up:
                writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            return await answer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    content = b""
    with suppress(OSError):
        while piece := await reader.read(CHUNK):
            content += piece
    head, _, body = content.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.\d (\d{3})", head)
    return Answer(
        int(status[1]) if status else 0, head.decode("latin-1"), body.decode("utf-8", "replace")
    )


def upload(size: int, name: str = "train.csv", headers: str = "") -> tuple[list[bytes], int]:
    """Return start and end of a form with one file of so many bytes, and its length in all."""
    start = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: text/csv\r\n{headers}\r\n"
    ).encode()
    end = f"\r\n--{BOUNDARY}--\r\n".encode()
    return [start, end], len(start) + size + len(end)


def body(parts: list[bytes], size: int) -> Iterable[bytes]:
    """Yield a form's bytes; the file in it is never in memory as a whole."""
    yield parts[0]
    piece = b"7," * (CHUNK // 2)
    for at in range(0, size, CHUNK):
        yield piece[: size - at]
    yield parts[1]


def chunked(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Yield bytes as chunks, for a request that does not say how long it is."""
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"
