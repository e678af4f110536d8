"""Who may ask: on this machine anyone; from elsewhere who sends a key that the operator made."""

from starlette.requests import Request

from recognizer.api import keys
from recognizer.api.problems import ProblemError
from recognizer.api.rates import Rates
from recognizer.system.origin import came_from_here

HOW = "send the header `Authorization: Bearer KEY`"
_LONGEST = 200  # characters of a token
_SINGLE = ("host", "origin")  # headers that no honest request has twice


class Access:
    """Decides on each request."""

    def __init__(self, *, exposed: bool, rates: Rates) -> None:
        """Set up who may ask.

        Args:
            exposed: whether others reach this server: then everyone needs a key.
            rates: how many requests a minute a key may make.
        """
        self._exposed, self._rates = exposed, rates

    def check(self, request: Request) -> None:
        """Let a request pass, or raise.

        Raises:
            ProblemError: 401 without a key or with a wrong one, 403 where there are no keys, 429
                where a key has made too many requests.
            StorageError: the keys cannot be read.
        """
        header = request.headers.get("authorization")
        if header is None and self._is_local(request):
            return
        if header is None:
            _check_keys()
            raise ProblemError(401, f"This server asks for an API key: {HOW}.")
        scheme, _, token = header.partition(" ")
        key = keys.find(token.strip()[:_LONGEST]) if scheme.lower() == "bearer" else None
        if key is None:
            raise ProblemError(
                401, f"The API key is not known here, or was revoked: {HOW}, with a key that holds."
            )
        if wait := self._rates.take(key.name):
            raise ProblemError(
                429, f"The key {key.name} has made its requests of this minute: wait.", wait
            )

    def check_open(self, request: Request) -> None:
        """Let those pass who may look at the page and at the description of the API.

        Raises:
            ProblemError: 403 from elsewhere where there are no keys: the API is off.
            StorageError: the keys cannot be read.
        """
        if not self._came_from_here(request):
            _check_keys()

    def _is_local(self, request: Request) -> bool:
        """Whether who sits at this machine asks, and no page of another site by their browser."""
        site = request.headers.get("sec-fetch-site", "none")
        return site in ("none", "same-origin") and self._came_from_here(request)

    def _came_from_here(self, request: Request) -> bool:
        if self._exposed or any(len(request.headers.getlist(one)) > 1 for one in _SINGLE):
            return False
        headers = {name.title(): value for name, value in request.headers.items()}
        return came_from_here(headers, request.client.host if request.client else "")


def _check_keys() -> None:
    """Refuse in words where nobody can have a key."""
    if not keys.all_keys():
        raise ProblemError(
            403,
            "The API is off for others: its operator makes a key with `python -m recognizer "
            "api-keys add NAME`.",
        )
