"""How one becomes the operator of a server that others reach: by its token, or by st.login."""

import hashlib
import hmac
import os
from pathlib import Path

import streamlit as st

from pages.shared.access import exposure
from recognizer.errors import SettingError

TOKEN_LENGTH = 20  # characters, at least
_SIGNED_IN = "access-signed-in"  # in the session's state: digests of the token and the connection
_CONNECTION = "Sec-Websocket-Key"  # a header: random bytes that a browser makes for each connection


def how_to_become() -> str:
    """Say how one becomes the operator, as the end of a sentence."""
    if can_sign_in():
        return "sign in under “Operator” at the foot of the page."
    return (
        "nobody can sign in yet, as this server is open to others and has neither an operator's "
        "token nor a login set up (docs/exposing.md)."
    )


def can_sign_in() -> bool:
    """Whether there is a way to become the operator."""
    try:
        return bool(token()) or can_log_in()
    except SettingError:
        return False


def can_log_in() -> bool:
    """Whether st.login is set up, and somebody listed who may be the operator."""
    return exposure.has_login() and bool(_listed())


def token() -> str:
    """Return the operator's token; empty where there is none.

    Raises:
        SettingError: it is too short to be one, or its file cannot be read.
    """
    text = os.environ.get(exposure.TOKEN, "")
    if not text and (file := os.environ.get(exposure.TOKEN_FILE)):
        try:
            text = Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(
                f"{exposure.TOKEN_FILE} names {file}, which cannot be read ({error}): name a file "
                "that holds the operator's token."
            ) from error
        text = text or " "  # an empty file is a mistake, not a server without a token
    if text and len(text.strip()) < TOKEN_LENGTH:
        raise SettingError(
            f"The operator's token has {len(text.strip())} characters: expected {TOKEN_LENGTH} or "
            "more, as `openssl rand -hex 32` gives."
        )
    return text.strip()


def keep_signed_in(entered: str) -> bool:
    """Remember that this connection entered the operator's token, if it is that; return whether.

    Not the session: its id stands in the addresses of uploads, and who knows it can go on with the
    session. What a browser says in the handshake stands in no address and no log.
    """
    wanted = token()
    right = hmac.compare_digest(_digest(entered.strip()), _digest(wanted)) and bool(wanted)
    if right:
        st.session_state[_SIGNED_IN] = current() + _connection()
    return right


def sign_out() -> None:
    """Forget that this session entered the token."""
    st.session_state.pop(_SIGNED_IN, None)


def knows_token() -> bool:
    """Whether this very connection entered the token, and it is still that one."""
    kept = st.session_state.get(_SIGNED_IN)
    mark = current()
    return bool(kept and mark) and hmac.compare_digest(kept, mark + _connection())


def current() -> bytes:
    """Return what tells the token from another, but not the token; empty where there is none."""
    try:
        wanted = token()
    except SettingError:  # the foot of the page says so
        return b""
    return _digest(wanted) if wanted else b""


def is_still(mark: bytes) -> bool:
    """Whether the token is the one that `current` returned this for."""
    return bool(mark) and hmac.compare_digest(mark, current())


def can_change() -> bool:
    """Whether the token may be another one while the server runs: it is read from a file."""
    return not os.environ.get(exposure.TOKEN) and bool(os.environ.get(exposure.TOKEN_FILE))


def _connection() -> bytes:
    headers, _ = exposure.connection()
    return _digest(headers.get(_CONNECTION, ""))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def address() -> str | None:
    """Return the address that signed in with st.login, if it is verified and an operator's."""
    user = st.user.to_dict()
    email = user.get("email")
    signed_in = user.get("is_logged_in") is True and user.get("email_verified") is True
    if signed_in and isinstance(email, str) and email.strip().casefold() in _listed():
        return email.strip()
    return None


def _listed() -> set[str]:
    """Return the operators' addresses."""
    listed = os.environ.get(exposure.OPERATORS, "").split(",")
    return {one.strip().casefold() for one in listed} - {""}
