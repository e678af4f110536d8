"""What went wrong, as application/problem+json (RFC 9457) with the sentence that people read."""

import json
import math
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from recognizer.errors import (
    DataError,
    ModelError,
    PictureError,
    RecognizerError,
    SettingError,
)
from recognizer.system import action_log, home

TYPE = "application/problem+json"
STATUS = {PictureError: 422, DataError: 422, SettingError: 400, ModelError: 500}


class ProblemError(Exception):
    """A request that is refused.

    Args:
        status: of HTTP.
        detail: why, in one sentence.
        retry_after: seconds after which it may be tried again.
    """

    def __init__(self, status: int, detail: str, retry_after: float | None = None) -> None:
        super().__init__(status, detail)
        self.status, self.detail, self.retry_after = status, detail, retry_after


def response(error: Exception) -> Response:
    """Return the answer for whatever was raised. Of a fault of ours, only a reference is shown."""
    if isinstance(error, ProblemError):
        headers = {} if error.status != 401 else {"www-authenticate": "Bearer"}
        if error.retry_after is not None:
            headers["retry-after"] = str(math.ceil(error.retry_after))
        return _problem(error.status, error.detail, headers)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, ClientDisconnect):
        return _problem(400, "The request was cut off: send it again.")
    for kind, status in STATUS.items():
        if isinstance(error, kind):
            return _problem(status, home.without_paths(str(error)))
    reference = action_log.write_fault("program", "api", "request", "", error)
    what = "files cannot be used" if isinstance(error, RecognizerError) else "internal error"
    return _problem(500, f"This server has an error ({what}): tell its operator {reference}.")


def _of_http(error: HTTPException) -> Response:
    detail = error.detail
    if error.status_code == 404:
        detail = "There is nothing at this address: see /api/v1/docs for what there is."
    elif error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        detail = f"This address takes {' or '.join(allowed.split(', '))} only."
    return _problem(error.status_code, detail, dict(error.headers or {}))


def _problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    headers = {"cache-control": "no-store", **(headers or {})}
    return Response(json.dumps(document), status, headers, media_type=TYPE)
