"""Whether only the one who runs the app can reach it. When in doubt, others can.

There is no login on localhost, so two things have to hold there: the server is set up for this
machine only, and whoever asks came straight from it. A proxy on the same machine betrays itself by
the address that it was asked for or by the headers that it adds. Once anyone came from elsewhere,
the server counts as exposed until it is started again.
"""

import threading
from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from recognizer.system.origin import (
    EXPOSED,
    OPERATORS,
    TOKEN,
    TOKEN_FILE,
    came_from_here,
    is_exposed,
    is_local_name,
)

# What nobody sets who opens the app on their own machine, and its value there.
_AT_HOME = {
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.corsAllowedOrigins": [],
    "server.baseUrlPath": "",
    "server.trustedUserHeaders": {},
}
_came_from_elsewhere = threading.Event()


def is_local() -> bool:
    """Whether this session is the one's who runs the app, and nobody else can reach it."""
    headers, peer = connection()
    if not headers:  # it has just closed its tab: nothing is known of it
        return False
    if not came_from_here(headers, peer):
        _came_from_elsewhere.set()
    return not _came_from_elsewhere.is_set() and not is_set_up_for_others()


def is_set_up_for_others() -> bool:
    """Whether the settings are those of a server that others reach, or that tells people apart."""
    if is_exposed():
        return True
    if any((st.get_option(name) or type(own)()) != own for name, own in _AT_HOME.items()):
        return True
    if not is_local_name(st.get_option("server.address") or ""):  # unset: every interface
        return True
    return not is_local_name(st.get_option("browser.serverAddress")) or has_login()


def has_login() -> bool:
    """Whether st.login is set up, in .streamlit/secrets.toml."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def connection() -> tuple[Mapping[str, str], str | None]:
    """Return the headers that opened this session, and the address that it came from."""
    return st.context.headers, st.context.ip_address


__all__ = [
    "EXPOSED", "OPERATORS", "TOKEN", "TOKEN_FILE", "came_from_here", "connection", "has_login",
    "is_local", "is_local_name", "is_set_up_for_others",
]  # fmt: skip
