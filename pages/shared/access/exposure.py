"""Whether only the one who runs the app can reach it. When in doubt, others can.

There is no login on localhost, so two things have to hold there: the server is set up for this
machine only, and whoever asks came straight from it. A proxy on the same machine betrays itself by
the address that it was asked for or by the headers that it adds. Once anyone came from elsewhere,
the server counts as exposed until it is started again.
"""

import ipaddress
import os
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

EXPOSED = "RECOGNIZER_EXPOSED"  # set by serve.py, or by hand before opening a tunnel
TOKEN, TOKEN_FILE = "RECOGNIZER_OPERATOR_TOKEN", "RECOGNIZER_OPERATOR_TOKEN_FILE"
OPERATORS = "RECOGNIZER_OPERATORS"
# What nobody sets who opens the app on their own machine, and its value there.
_AT_HOME = {
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.corsAllowedOrigins": [],
    "server.baseUrlPath": "",
    "server.trustedUserHeaders": {},
}
_PROXIES_ADD = (  # starts of headers
    *("Forwarded", "Via", "X-Forwarded-", "X-Real-", "X-Client-", "X-Original-"),
    *("True-Client-", "Cf-"),
)
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
    if any(os.environ.get(name) for name in (EXPOSED, TOKEN, TOKEN_FILE, OPERATORS)):
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


def came_from_here(headers: Mapping[str, str], peer: str | None) -> bool:
    """Whether a browser on this machine asked this server itself.

    Args:
        headers: of the request that opened the session; names in Http-Header-Case.
        peer: the address it came from; None for a loopback one.
    """
    if any(name.startswith(_PROXIES_ADD) for name in headers):
        return False
    if peer is not None and not is_local_name(peer):
        return False
    origin = headers.get("Origin")
    return is_local_name(_host(f"//{headers.get('Host', '')}")) and (
        origin is None or is_local_name(_host(origin))
    )


def is_local_name(name: str) -> bool:
    """Whether a host's name or address can only mean this machine."""
    name = name.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def connection() -> tuple[Mapping[str, str], str | None]:
    """Return the headers that opened this session, and the address that it came from."""
    return st.context.headers, st.context.ip_address


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
