"""The ASGI application of the API."""

from pathlib import Path

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from recognizer.api import documents
from recognizer.api.access import Access
from recognizer.api.guard import Guard
from recognizer.api.parameters import Parameters
from recognizer.api.prediction import PredictTable
from recognizer.api.rates import Rates
from recognizer.api.reading import ReadPictures
from recognizer.api.service import Service
from recognizer.models import registry
from recognizer.system import limits

ROOT = "/api/v1"
ASSETS = Path(__file__).parent / "assets"
PAGES = {  # address -> file and its type
    "docs": ("try_it.html", "text/html"),
    "docs.js": ("try_it.js", "text/javascript"),
    "docs.css": ("try_it.css", "text/css"),
    "openapi.json": ("openapi.json", "application/json"),
}
SENT = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def create(*, exposed: bool) -> Starlette:
    """Return the application.

    Args:
        exposed: whether others reach the server: then everyone needs a key.

    Raises:
        SettingError: a limit is no number.
    """
    allowed = limits.current()
    service = Service(allowed)
    guard = Middleware(
        Guard,
        access=Access(exposed=exposed, rates=Rates(allowed.api_minute)),
        at_once=allowed.api_requests,
        few={f"{ROOT}/predict": allowed.uploads},
        free=frozenset({f"{ROOT}/health"}),
        pages=frozenset(f"{ROOT}/{name}" for name in PAGES),
    )
    routes = [
        Route(f"{ROOT}/read", _endpoint(ReadPictures(service)), methods=["POST"]),
        Route(f"{ROOT}/predict", _endpoint(PredictTable(service)), methods=["POST"]),
        Route(f"{ROOT}/models", _models, methods=["GET"]),
        Route(f"{ROOT}/health", _health, methods=["GET"]),
        *(Route(f"{ROOT}/{name}", _page, methods=["GET"], name=name) for name in PAGES),
    ]
    return Starlette(
        routes=routes, middleware=[guard], exception_handlers={HTTPException: _raise_again}
    )


def _endpoint(called):
    """Return an endpoint as a function: Starlette takes other callables for ASGI applications."""

    async def endpoint(request: Request) -> Response:
        return await called(request)

    return endpoint


async def _models(request: Request) -> Response:
    Parameters.of(request, {}, ())
    found = await to_thread.run_sync(registry.list_models)
    entries = await to_thread.run_sync(lambda: list(map(documents.model_entry, found.available)))
    return JSONResponse(entries)


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


async def _page(request: Request) -> Response:
    file, kind = PAGES[request.url.path.rsplit("/", 1)[1]]
    return FileResponse(ASSETS / file, media_type=kind, headers=SENT)


async def _raise_again(request: Request, error: Exception) -> Response:
    raise error  # to the guard, which answers for all errors
