"""Bodies of requests: counted while they arrive, kept on disk where they are large."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from recognizer.api.problems import ProblemError

MEGABYTE = 1024 * 1024
PICTURE_MB = 20  # all pictures of a request
MOST_FILES = 16  # of a form
MOST_FIELDS = 16
FIELD_BYTES = 4096
STALLED_SECONDS = 30.0  # without a byte
BODY_SECONDS = 600.0  # for all of it
_IN_MEMORY = MEGABYTE  # bytes; more go to a file that has no name
_FORM = "multipart/form-data"


@asynccontextmanager
async def files(request: Request, most: int) -> AsyncIterator[tuple[list, dict[str, str]]]:
    """Take the files of a request: the body itself, or the files of a form.

    Args:
        request: whose body nobody has read.
        most: megabytes that it may have.

    Yields:
        Pairs of a file's name and its bytes as an open file, which is closed at the end; and the
        other fields of the form.

    Raises:
        ProblemError: too large, too slow, encoded, empty, or a form that cannot be read.
    """
    _check_encoding(request)
    counted = Request(request.scope, _counted(request, most * MEGABYTE))
    if request.headers.get("content-type", "").lower().startswith(_FORM):
        form = await _form(counted)
        try:
            parts = form.multi_items()
            found = [(one.filename or "", one.file) for _, one in parts if _is_file(one)]
            yield _some(found), {name: one for name, one in parts if not _is_file(one)}
        finally:
            await form.close()
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        async for chunk in counted.stream():
            await asyncio.to_thread(file.write, chunk)
        found = [("", file)] if file.tell() else []
        file.seek(0)
        yield _some(found), {}


async def _form(request: Request) -> FormData:
    try:
        return await request.form(
            max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES
        )
    except HTTPException as error:  # as Starlette passes on what its parser raises
        raise ProblemError(
            400, f"The form cannot be read ({error.detail.rstrip('.')}): expected files and fields."
        ) from error


def _is_file(part: UploadFile | str) -> bool:
    return isinstance(part, UploadFile)


def _some(found: list[tuple[str, IO[bytes]]]) -> list[tuple[str, IO[bytes]]]:
    if not found:
        raise ProblemError(
            400, "The request has no file: send it as the body, or as a file of a form."
        )
    return found


def _check_encoding(request: Request) -> None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(
            415, "The body has a Content-Encoding: send the file as it is, without that header."
        )


def _counted(request: Request, most: int) -> Receive:
    """Return what hands on the body, up to what it may hold and take."""
    too_large = ProblemError(
        413, f"The request is too large: expected {most // MEGABYTE} MB at most."
    )
    stated = request.headers.get("content-length", "0")
    if not (stated.isascii() and stated.isdigit()):
        raise ProblemError(400, "The Content-Length is no number.")
    if len(stated) > 18 or int(stated) > most:
        raise too_large
    received, ends = 0, asyncio.get_running_loop().time() + BODY_SECONDS

    async def receive() -> Message:
        nonlocal received
        left = ends - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(STALLED_SECONDS, left)):
                message = await request.receive()
        except TimeoutError as error:
            raise ProblemError(408, "The body took too long: send it again.") from error
        received += len(message.get("body", b""))
        if received > most:
            raise too_large
        return message

    return receive
