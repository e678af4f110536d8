"""Who may open sessions, how many there may be, and how much of uploads: the rest is refused.

Everything here runs in the server's one event loop, so that counting needs no lock.

What arrives is counted against the limits before it is read: by what the request says it holds, or
by the most that may come where it does not say.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from recognizer.system.limits import Limits
from serving.browsers import Browsers
from serving.channel import Channel
from serving.headers import App, Message, Receive, Scope, Send
from serving.origins import Origins
from serving.refusals import RefusedError, refuse
from serving.streamlit_internals import (
    Files,
    free_closed_sessions,
    hosts_allowed,
    other_origins,
)

UPLOAD = "/_stcore/upload_file/"  # Streamlit's route, and then the session's id
MEGABYTE = 1024 * 1024
FRAMING = MEGABYTE  # bytes that a form may add to its file, as Streamlit allows it
SMALL_BODY = 64 * 1024  # bytes of any request that is no upload
STALLED_SECONDS = 30.0  # without a byte of an upload
UPLOAD_SECONDS = 600.0  # for all of it
REMEMBERED = 10  # sessions, for each that may be open, whose browser is known: closed ones too


class Gate:
    """Lets requests through to Streamlit as far as the limits allow."""

    def __init__(self, app: App, allowed: Limits, files: Files | None = None) -> None:
        """Stand before an app.

        Args:
            app: Streamlit's.
            allowed: the limits.
            files: where Streamlit keeps uploads; None for the running one's.
        """
        self._app, self._allowed, self._files = app, allowed, files or Files()
        self._origins = Origins(hosts_allowed, other_origins)
        self._browsers = Browsers(REMEMBERED * allowed.sessions)
        self.sessions = 0
        self._arriving: Counter[str] = Counter()  # files, by session
        self._reserved: Counter[str] = Counter()  # bytes of them, by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if scope["type"] == "websocket":
                await self._session(scope, receive, sending)
            elif scope["type"] != "http":
                await self._lifespan(scope, receive, sending)
            elif scope["method"] == "PUT" and UPLOAD in scope["path"]:
                await self._upload(scope, receive, sending)
            else:
                await self._other(scope, receive, sending)
        except RefusedError as refused:
            if not begun:
                await refuse(scope, receive, send, refused)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        freeing = asyncio.create_task(free_closed_sessions())
        try:
            await self._app(scope, receive, send)
        finally:
            freeing.cancel()

    async def _session(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._origins.check(scope)
        self._check_room()
        scope = self._browsers.without_others(scope)
        channel = Channel(receive, send, lambda session: self._browsers.note(session, scope))
        self.sessions += 1
        try:
            await self._app(scope, channel.receive, channel.send)
        finally:
            self.sessions -= 1

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _wants_page(scope):  # the page itself could not say why it does not connect
            self._check_room()
            send = self._browsers.known(scope, send)
        await self._app(scope, _Counted(receive, _said(scope), SMALL_BODY), send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = scope["path"].split(UPLOAD, 1)[1].split("/", 1)[0]
        self._browsers.check(session, scope)
        said, largest = _said(scope), self._files.largest_mb()
        if said is not None and said > largest * MEGABYTE:  # as Streamlit, which just hangs up
            raise RefusedError(413, f"The file is too large: expected {largest} MB at most.")
        most = largest * MEGABYTE + FRAMING if said is None else said
        with self._place(session, most):
            counted = _Counted(receive, said, most, STALLED_SECONDS)
            try:
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await self._app(scope, counted, send)
            except TimeoutError as error:
                raise RefusedError(408, "The file took too long: try again.") from error
            finally:
                self._files.forget_if_gone(session)

    def _check_room(self) -> None:
        if self.sessions >= self._allowed.sessions:
            raise RefusedError(
                503,
                f"All {self._allowed.sessions} places of this server are taken. Please come back "
                "in a minute.",
            )

    @contextmanager
    def _place(self, session: str, size: int) -> Iterator[None]:
        """Reserve room for an upload of so many bytes, while it arrives."""
        self._check_place(session, size)
        self._arriving[session] += 1
        self._reserved[session] += size
        try:
            yield
        finally:
            self._arriving[session] -= 1
            self._reserved[session] -= size
            if not self._arriving[session]:
                del self._arriving[session], self._reserved[session]

    def _check_place(self, session: str, size: int) -> None:
        allowed = self._allowed
        if self._arriving[session] >= allowed.session_uploads:
            raise RefusedError(429, "Your other files are still on their way: wait for them.")
        if self._arriving.total() >= allowed.uploads:
            raise RefusedError(503, "Others are sending files just now: try again in a minute.")
        kept = self._files.kept()
        if kept.get(session, 0) + self._reserved[session] + size > (
            allowed.session_upload_mb * MEGABYTE
        ):
            raise RefusedError(
                413,
                f"Your files are more than {allowed.session_upload_mb} MB together: remove one, or "
                "reload the page.",
            )
        together = sum(kept.values()) + self._reserved.total() + size
        if together > allowed.upload_mb * MEGABYTE:
            raise RefusedError(503, "This server's room for files is used up: try again later.")


class _Counted:
    """Hands on the body of a request, up to what it may hold."""

    def __init__(
        self, receive: Receive, said: int | None, most: int, timeout: float | None = None
    ) -> None:
        if said is not None and said > most:
            raise RefusedError(413, f"The request is too large: expected {most:,} bytes at most.")
        self._receive, self._most, self._timeout = receive, most, timeout
        self._bytes = 0

    async def __call__(self) -> Message:
        try:
            message = await asyncio.wait_for(self._receive(), self._timeout)
        except TimeoutError as error:
            raise RefusedError(408, "The file stopped arriving: try again.") from error
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            raise RefusedError(413, f"The request is too large: expected {self._most:,} bytes.")
        return message


def _said(scope: Scope) -> int | None:
    """Return how long the request says its body is; None where it says nothing."""
    text = dict(scope["headers"]).get(b"content-length", b"")
    if not text:
        chunked = dict(scope["headers"]).get(b"transfer-encoding")
        return None if chunked else 0
    if not text.isdigit() or len(text) > 18:
        raise RefusedError(400, "The request says no length that is a number.")
    return int(text)


def _wants_page(scope: Scope) -> bool:
    accepted = dict(scope["headers"]).get(b"accept", b"")
    return scope["method"] == "GET" and accepted.startswith(b"text/html")
