"""Which pages may open a session: this server's own. Decided from the request, without a network.

Streamlit itself would compare a foreign origin with this machine's public address, which it fetches
from a server outside, and hold everyone up meanwhile.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from serving.headers import Scope
from serving.refusals import RefusedError

_LONGEST = 300  # characters of a header


class Origins:
    """Tells this server's own pages from others'."""

    def __init__(self, is_host: Callable[[str], bool], others: Callable[[], set[str]]) -> None:
        """Set up what is allowed.

        Args:
            is_host: whether this server may be asked for under a name.
            others: names of hosts, or whole origins, whose pages may open sessions too.
        """
        self._is_host, self._others = is_host, others

    def check(self, scope: Scope) -> None:
        """Raise for a session that another site's page opens, or one under another name.

        Raises:
            RefusedError: 403.
        """
        hosts, origins = (_header(scope, name) for name in (b"host", b"origin"))
        if len(hosts) != 1 or not self._is_host(hosts[0]):
            raise RefusedError(403, "This server is not known by that name.")
        if not origins:  # no browser's page
            return
        if len(origins) > 1 or not self._is_own(origins[0].lower(), hosts[0].lower()):
            raise RefusedError(403, "Pages of other sites cannot open a session here.")

    def _is_own(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
            name = parts.hostname
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or not name or len(origin) > _LONGEST:
            return False
        if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            return False
        return parts.netloc == host or bool({name, origin} & self._others())


def _header(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]
