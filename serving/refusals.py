"""Requests that are refused: the answer, in one sentence, and the end of the connection."""

import asyncio
from contextlib import suppress

from serving.headers import Receive, Scope, Send

TRY_LATER = 1013  # of WebSockets
RETRY_SECONDS = 30
LINGER_SECONDS = 10.0  # for a refused request to end by itself


class RefusedError(Exception):
    """A request that is refused.

    Args:
        status: of HTTP.
        message: why, in one sentence.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message


async def refuse(scope: Scope, receive: Receive, send: Send, refused: RefusedError) -> None:
    """Answer a request that is refused, and end its connection."""
    kind = "http.response"
    if scope["type"] == "websocket":
        kind = "websocket.http.response"
        if kind not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": TRY_LATER, "reason": refused.message})
            return
    body = refused.message.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
    ]
    if refused.status in (429, 503):
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    await send({"type": f"{kind}.start", "status": refused.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body, "more_body": True})
    if scope["type"] == "http":
        await _let_it_end(receive)
    await send({"type": f"{kind}.body", "body": b""})


async def _let_it_end(receive: Receive) -> None:
    """Throw away what still comes, for a while: closed at once, a client loses the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body"):
                pass
