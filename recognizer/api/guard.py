"""What each request passes first: who asks, how many at once; and what becomes of errors."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recognizer.api import problems
from recognizer.api.access import Access
from recognizer.api.problems import ProblemError

RETRY_SECONDS = 5.0
LINGER_SECONDS = 10.0  # for a refused request to end by itself


class Guard:
    """ASGI middleware: lets requests through, and answers for those that raise."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        at_once: int,
        few: dict[str, int],
        free: frozenset[str],
        pages: frozenset[str],
    ) -> None:
        """Stand before an app.

        Args:
            app: which serves.
            access: who may ask.
            at_once: requests of all kinds.
            few: likewise of single paths.
            free: paths that ask nobody who they are.
            pages: paths that are the same for everyone, to be seen where the API is on.
        """
        self._app, self._access = app, access
        self._at_once, self._few, self._free, self._pages = at_once, few, free, pages
        self.serving: Counter[str] = Counter()  # requests, by path; "" for all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, whole = False, False

        async def receiving() -> Message:
            nonlocal whole
            message = await receive()
            whole = not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            self._check(Request(scope))
            with self._place(scope["path"]):
                await self._app(scope, receiving, sending)
        except Exception as error:
            if begun:  # too late for words: the server cuts the answer off, which clients notice
                raise
            await _refuse(error, scope, receive, send, whole=whole)

    def _check(self, request: Request) -> None:
        path = request.scope["path"]
        if path in self._pages:
            self._access.check_open(request)
        elif path not in self._free:
            self._access.check(request)

    @contextmanager
    def _place(self, path: str) -> Iterator[None]:
        most = self._few.get(path, self._at_once)
        if self.serving[""] >= self._at_once or self.serving[path] >= most:
            raise ProblemError(
                503, "This server has all the requests that it can serve at once.", RETRY_SECONDS
            )
        counted = ("", path) if path in self._few else ("",)
        self.serving.update(counted)
        try:
            yield
        finally:
            self.serving.subtract(counted)


async def _refuse(
    error: Exception, scope: Scope, receive: Receive, send: Send, *, whole: bool
) -> None:
    """Answer, and throw away what still comes for a while: cut off, a client loses the answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body" and not whole:
            await send({**message, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER_SECONDS):
                    while (await receive()).get("more_body"):
                        pass
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    answer = problems.response(error)
    if not whole:
        answer.headers["connection"] = "close"
    await answer(scope, receive, sending)
