"""The messages of one session, on their way between the browser and Streamlit."""

from collections.abc import Callable

from serving.headers import Message, Receive, Send
from serving.streamlit_internals import session_of, taken

NO_TEXT, NO_MESSAGE = 1003, 1002  # why a WebSocket is closed


class Channel:
    """Hands on what pages send; drops messages of other kinds, and ends at what is no message."""

    def __init__(self, receive: Receive, send: Send, opened: Callable[[str], None]) -> None:
        """Stand between both.

        Args:
            receive: gives what the browser sent.
            send: to the browser.
            opened: is told the session's id, once.
        """
        self._receive, self._send, self._opened = receive, send, opened
        self._is_open = False

    async def receive(self) -> Message:
        """Return the next message that is Streamlit's to read."""
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return message
            if message.get("bytes") is None:
                return await self._end(NO_TEXT)
            try:
                data = taken(message["bytes"])
            except ValueError:
                return await self._end(NO_MESSAGE)
            if data is not None:
                return {**message, "bytes": data}

    async def _end(self, code: int) -> Message:
        """Close the session: Streamlit would log a traceback."""
        await self._send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}

    async def send(self, message: Message) -> None:
        """Send to the browser."""
        looked_at = not self._is_open and message["type"] == "websocket.send"
        if looked_at and (session := session_of(message["bytes"])):
            self._is_open = True
            self._opened(session)
        await self._send(message)
