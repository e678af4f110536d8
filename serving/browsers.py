"""Which browser opened which session, by a cookie that no script reads and no address holds.

A session's id stands in the addresses of its uploads. Streamlit hands the session to whoever names
it; here only to the browser that opened it.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict

from starlette.requests import cookie_parser

from serving.headers import Message, Scope, Send
from serving.refusals import RefusedError

COOKIE = "recognizer_browser"
_PROTOCOLS = b"sec-websocket-protocol"  # "streamlit", the XSRF token, and a session to go on with
_LONGEST = 100  # characters of the cookie


class Browsers:
    """Remembers the browser of each session."""

    def __init__(self, most: int) -> None:
        self._most = most  # sessions; the earliest are forgotten
        self._opened_by: OrderedDict[str, bytes] = OrderedDict()

    def known(self, scope: Scope, send: Send) -> Send:
        """Return what sends a page, with a cookie for a browser that has none."""
        if _cookie(scope):
            return send
        secure = "; Secure" if _is_https(scope) else ""
        value = f"{COOKIE}={secrets.token_hex(16)}; Path=/; HttpOnly; SameSite=Lax{secure}"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"set-cookie", value.encode())]
                message = {**message, "headers": headers}
            await send(message)

        return sending

    def note(self, session: str, scope: Scope) -> None:
        """Remember which browser opened a session."""
        if cookie := _cookie(scope):
            self._opened_by[session] = _digest(cookie)
            self._opened_by.move_to_end(session)
            if len(self._opened_by) > self._most:
                self._opened_by.popitem(last=False)

    def without_others(self, scope: Scope) -> Scope:
        """Return a handshake that names no session but one that this browser opened.

        Raises:
            RefusedError: 400 for a handshake that says it twice.
        """
        said = [value for name, value in scope["headers"] if name.lower() == _PROTOCOLS]
        if len(said) > 1:
            raise RefusedError(400, "The request names its protocols twice.")
        parts = [part.strip() for part in said[0].decode("latin-1").split(",")] if said else []
        if len(parts) < 3 or self._is_own(parts[2], scope):
            return scope
        kept = [pair for pair in scope["headers"] if pair[0].lower() != _PROTOCOLS]
        own = ", ".join(parts[:2]).encode("latin-1")
        return {**scope, "headers": [*kept, (_PROTOCOLS, own)], "subprotocols": parts[:2]}

    def check(self, session: str, scope: Scope) -> None:
        """Raise where a browser sends a file into the session of another.

        Raises:
            RefusedError: 403.
        """
        if session in self._opened_by and not self._is_own(session, scope):
            raise RefusedError(403, "This session is another browser's: reload the page.")

    def _is_own(self, session: str, scope: Scope) -> bool:
        known = self._opened_by.get(session, b"")
        return hmac.compare_digest(known, _digest(_cookie(scope)))


def _cookie(scope: Scope) -> str:
    said = b"; ".join(value for name, value in scope["headers"] if name.lower() == b"cookie")
    found = cookie_parser(said.decode("latin-1")).get(COOKIE, "")
    return found if len(found) <= _LONGEST else ""


def _is_https(scope: Scope) -> bool:
    passed_on = dict(scope["headers"]).get(b"x-forwarded-proto")  # by a proxy with TLS
    return scope.get("scheme") == "https" or passed_on == b"https"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
