"""A browser's side of Streamlit 1.67's protocol, so that a test can send what no browser would."""

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

PATIENCE = 60.0  # seconds for one message of a busy machine's server


class Session:
    """One tab.

    Attributes:
        id: Streamlit's of the session.
        elements: what the last run put on the page.
        config: what the server told the browser of its settings.
    """

    def __init__(self, url: str, cookie: str = "", resume: str = "", **headers: str) -> None:
        self.url, self.id, self.elements, self.config = url, "", [], None
        with urllib.request.urlopen(f"{url}/_stcore/health") as answer:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.token = self.cookie.split("=", 1)[1]
        self._opened = ExitStack()
        stream = connect(
            f"ws://{urlsplit(url).netloc}/_stcore/stream",
            origin=headers.pop("origin", url),
            subprotocols=["streamlit", self.token, *([resume] if resume else [])],
            additional_headers={"Cookie": f"{self.cookie}; {cookie}", **headers},
            max_size=None,
        )
        self._socket = self._opened.enter_context(stream)
        self._page, self._query = "", ""

    def close(self) -> None:
        self._opened.close()

    def visit(self, page: str, query: str = "") -> "Session":
        self._page, self._query = page, query
        return self.send()

    def send(self, *states: WidgetState) -> "Session":
        """Send the state of some widgets, and take in the run that follows."""
        message = BackMsg()
        message.rerun_script.page_name = self._page
        message.rerun_script.query_string = self._query
        message.rerun_script.widget_states.widgets.extend(states)
        self._socket.send(message.SerializeToString())
        self.elements = list(self._run())
        return self

    def press(self, label: str, *states: WidgetState) -> "Session":
        return self.send(*states, pressed(self.button(label)))

    def button(self, label: str) -> str:
        """Return the id of a button."""
        return next(one.button.id for one in self.of("button") if one.button.label == label)

    def has(self, label: str) -> bool:
        return any(one.button.label == label for one in self.of("button"))

    def of(self, kind: str) -> list:
        return [one for one in self.elements if one.WhichOneof("type") == kind]

    def said(self) -> str:
        texts = [one.markdown.body for one in self.of("markdown")]
        return "\n".join(texts + [one.alert.body for one in self.of("alert")]).replace("\\", "")

    def upload(self, content: bytes, name: str = "digits.csv", **headers: str) -> tuple[int, str]:
        """Send a file past every widget; return the status and what is said."""
        edge = secrets.token_hex(8)
        about = f'Content-Disposition: form-data; name="file"; filename={json.dumps(name)}'
        body = f"--{edge}\r\n{about}\r\n\r\n".encode() + content + f"\r\n--{edge}--\r\n".encode()
        session = headers.pop("session", self.id)
        request = urllib.request.Request(
            f"{self.url}/_stcore/upload_file/{session}/{secrets.token_hex(8)}",
            data=body,
            method="PUT",
            headers={
                "Content-Type": f"multipart/form-data; boundary={edge}",
                "Cookie": self.cookie,
                "X-Xsrftoken": self.token,
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def _run(self) -> Iterator:
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(timeout=PATIENCE))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.id = message.new_session.initialize.session_id or self.id
                self.config = message.new_session.config
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                yield message.delta.new_element
            elif kind == "script_finished":
                return


def pressed(widget: str) -> WidgetState:
    return WidgetState(id=widget, trigger_value=True)


def typed(widget: str, text: str) -> WidgetState:
    return WidgetState(id=widget, string_value=text)
