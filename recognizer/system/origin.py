"""Where a request came from: this machine, or elsewhere. When in doubt, elsewhere.

There is no login on localhost, so whoever asks has to come straight from there. A proxy on the
same machine betrays itself by the address that it was asked for or by the headers that it adds.
"""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

EXPOSED = "RECOGNIZER_EXPOSED"  # set by serve.py, or by hand before opening a tunnel
TOKEN, TOKEN_FILE = "RECOGNIZER_OPERATOR_TOKEN", "RECOGNIZER_OPERATOR_TOKEN_FILE"
OPERATORS = "RECOGNIZER_OPERATORS"
_PROXIES_ADD = (  # starts of headers
    *("Forwarded", "Via", "X-Forwarded-", "X-Real-", "X-Client-", "X-Original-"),
    *("True-Client-", "Cf-", "Cdn-", "Fly-", "Fastly-", "Ngrok-", "X-Amzn-", "X-Azure-", "X-Arr-"),
    *("X-Cluster-", "X-Envoy-", "X-Cloud-", "X-Request-Id", "X-Github-", "X-Vercel-", "X-Nginx-"),
    *("X-Proxy", "Proxy-", "Traceparent", "Tailscale-"),
)


def is_exposed() -> bool:
    """Whether the environment says that others reach this server, or that it tells people apart."""
    return any(os.environ.get(name) for name in (EXPOSED, TOKEN, TOKEN_FILE, OPERATORS))


def came_from_here(headers: Mapping[str, str], peer: str | None) -> bool:
    """Whether a browser or a program on this machine asked this server itself.

    Args:
        headers: of the request; names in Http-Header-Case.
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


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
