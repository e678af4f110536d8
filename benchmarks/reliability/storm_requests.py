"""Requests that nobody's browser makes, with the answers that are polite to them."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.reliability.http_requests import BOUNDARY, body, upload

REFUSED = frozenset({0, 400, 403, 404, 405, 411, 413, 414, 415, 422, 429, 431, 501, 503})
FINE = frozenset({200, 204, 304})
_FORM = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"
_PARTS, _LENGTH = upload(100)
_PUT = "PUT /_stcore/upload_file/{session}/f HTTP/1.1\n"
_FILE = [b"".join(body(_PARTS, 100))]


@dataclass(frozen=True)
class Way:
    """What a request needs to be let in."""

    session: str
    token: str

    def filled(self, head: str, pieces: list[bytes]) -> tuple[str, list[bytes]]:
        """Return a request with its blanks filled in."""
        both = f"Cookie: _streamlit_xsrf={self.token}\nX-Xsrftoken: {self.token}"
        return head.replace("{session}", self.session).replace("{let in}", both), pieces


Request = tuple[Iterable[int], str, list[bytes]]


def _put(*headers: str, content: list[bytes] = _FILE, expected: Iterable[int] = REFUSED) -> Request:
    length = sum(map(len, content))
    if not any(one.startswith("Content-Length") for one in headers):
        headers = (*headers, f"Content-Length: {length}")
    return expected, _PUT + "\n".join(headers), content


def _form(*parts: bytes) -> list[bytes]:
    start = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    return [*(start + part + b"\r\n" for part in parts), f"--{BOUNDARY}--\r\n".encode()]


UPLOADS: dict[str, Request] = {  # those over the limit are in the storm itself
    "a right one": _put(_FORM, "{let in}", expected=FINE),
    "no token": _put(_FORM),
    "another's token": _put(_FORM, "{let in}X"),
    "a token without the cookie": _put(_FORM, "X-Xsrftoken: 2|aaaaaaaa|bbbb|1700000000"),
    "no form": _put("Content-Type: text/csv", "{let in}"),
    "no kind": _put("{let in}"),
    "no boundary": _put("Content-Type: multipart/form-data", "{let in}"),
    "no file": _put(_FORM, "{let in}", content=_form(b'name="a"\r\n\r\nb')),
    "two files": _put(
        _FORM, "{let in}",
        content=_form(*(b'name="%d"; filename="a"\r\n\r\nb' % i for i in range(2))),
    ),
    "very many fields": _put(_FORM, "{let in}", content=_form(*[b'name="a"\r\n\r\nb'] * 5_000)),
    "a very long header in the form": _put(
        _FORM, "{let in}",
        content=_form(b'name="a"; filename="a"\r\nX: ' + b"x" * 5_000_000 + b"\r\n\r\nb"),
    ),
    "a field of megabytes": _put(
        _FORM, "{let in}", content=_form(b'name="a"\r\n\r\n' + b"x" * 5_000_000)
    ),
    "a name that is a path": _put(
        _FORM, "{let in}", expected=FINE | REFUSED,
        content=_form(b'name="a"; filename="../../../etc/passwd"\r\n\r\nb'),
    ),
    "junk for a form": _put(_FORM, "{let in}", content=[b"\0\xff" * 5_000]),
    "a form cut short": _put(_FORM, "{let in}", content=[_FILE[0][:90]]),
    "longer than it says": _put(_FORM, "{let in}", "Content-Length: 50", content=_FILE),
    "shorter than it says": _put(_FORM, "{let in}", "Content-Length: 5000", content=_FILE),
    "a length that is no number": _put(_FORM, "{let in}", "Content-Length: abc"),
    "a length below nothing": _put(_FORM, "{let in}", "Content-Length: -5"),
    "a length beyond all": _put(_FORM, "{let in}", "Content-Length: " + "9" * 30),
    "a length over the limit": _put(_FORM, "{let in}", "Content-Length: 900000000000"),
    "two lengths": _put(_FORM, "{let in}", f"Content-Length: {_LENGTH}\nContent-Length: 5"),
    "chunks that are none": _put(
        _FORM, "{let in}", "Transfer-Encoding: chunked", "Content-Length: 5", content=[b"zz\r\n"]
    ),
    "a header of 200 KB": _put(_FORM, "{let in}", "X-Long: " + "x" * 200_000),
    "10,000 headers": _put(
        _FORM, "{let in}", *(f"X-{i}: x" for i in range(10_000)), expected=FINE | REFUSED
    ),
}  # fmt: skip


CUT_SHORT = ("shorter than it says",)  # the server would wait for the rest


SHOWN = FINE | REFUSED  # for an address that it does not know, Streamlit shows the app's page


def _plain(request: str, expected: Iterable[int] = REFUSED) -> Request:
    return expected, request + " HTTP/1.1", []


_UPLOAD = "/_stcore/upload_file"
ROUTES: dict[str, Request] = {
    "health": _plain("GET /_stcore/health", FINE),
    "health, posted to": _plain("POST /_stcore/health"),
    "settings for hosts": _plain("GET /_stcore/host-config", FINE),
    "figures": _plain("GET /_stcore/metrics", SHOWN),
    "a check of the script": _plain("GET /_stcore/script-health-check", SHOWN),
    "the stream, without a WebSocket": _plain("GET /_stcore/stream", SHOWN),
    "an upload asked for": _plain(f"GET {_UPLOAD}/{{session}}/f", SHOWN),
    "an upload posted": _plain(f"POST {_UPLOAD}/{{session}}/f"),
    "an upload of no session": (
        REFUSED,
        f"PUT {_UPLOAD}/none/f HTTP/1.1\n{_FORM}\n{{let in}}\nContent-Length: {_LENGTH}",
        _FILE,
    ),
    "another's upload deleted without a token": _plain(f"DELETE {_UPLOAD}/{{session}}/f"),
    "an upload's path that climbs": _plain(f"GET {_UPLOAD}/../../../etc/passwd", SHOWN),
    "static files, climbing": _plain("GET /static/../../../../etc/passwd", SHOWN),
    "static files, climbing in disguise": _plain(
        "GET /static/..%2f..%2f..%2fetc/passwd", SHOWN
    ),
    "static files that are not there": _plain("GET /static/none.js", SHOWN),
    "media that is not there": _plain("GET /media/none.png"),
    "media, climbing": _plain("GET /media/..%2f..%2fapp.py"),
    "a component that is not there": _plain("GET /component/none/x.js"),
    "a component, climbing": _plain("GET /_stcore/bidi-components/x/..%2f..%2f..%2fapp.py"),
    "the app's own files": _plain("GET /app/static/app.py", SHOWN),
    "a method of our own": _plain("BREW /_stcore/health"),
    "a path of 100 KB": _plain("GET /" + "x" * 100_000, SHOWN),
    "no HTTP": (REFUSED, "\0\1\2 hello", []),
}  # fmt: skip
