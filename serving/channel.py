"""The messages of one session, on their way between the browser and Streamlit."""

from collections.abc import Callable

from serving.headers import Message, Receive, Send
from serving.streamlit_internals import is_taken, session_of

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
            data = message.get("bytes")
            taken = None if data is None else is_taken(data)
            if taken is None:  # Streamlit would log a traceback of each
                code = NO_TEXT if data is None else NO_MESSAGE
                await self._send({"type": "websocket.close", "code": code})
                return {"type": "websocket.disconnect", "code": code}
            if taken:
                return message

    async def send(self, message: Message) -> None:
        """Send to the browser."""
        looked_at = not self._is_open and message["type"] == "websocket.send"
        if looked_at and (session := session_of(message["bytes"])):
            self._is_open = True
            self._opened(session)
        await self._send(message)
