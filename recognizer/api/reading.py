"""`POST /api/v1/read`: pictures in, what is written in them out."""

from typing import IO, Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from recognizer.api import bodies, documents
from recognizer.api.parameters import Parameters
from recognizer.api.service import Service
from recognizer.errors import PictureError, SettingError

PARAMETERS = ("model", "several", "length", "pattern", "hand")
AT_ONCE = 4  # readings; the interpreter serves one at a time, preprocessing can run beside it
NOTE = "recognizer-note"  # a header: what the command line says on stderr


class ReadPictures:
    """The endpoint."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._threads = CapacityLimiter(AT_ONCE)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        async with bodies.files(request, bodies.PICTURE_MB) as (files, form):
            wanted = Parameters.of(request, form, PARAMETERS)
            _check(wanted)
            entries, notes = await to_thread.run_sync(
                self._read, files, wanted, limiter=self._threads
            )
        note = " ".join(dict.fromkeys(notes)).encode("latin-1", "replace").decode("latin-1")
        return JSONResponse(entries, headers={NOTE: note} if note else None)

    def _read(
        self, files: list[tuple[str, IO[bytes]]], wanted: Parameters
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """Return an entry for each picture, and what people should know of them."""
        recognizer, notes = self._recognizer(wanted)
        read = _read_page if wanted.truth("several") else _read_digit
        entries = []
        for name, file in files:
            try:
                entry, said = read(recognizer, name, file.read(), wanted)
            except PictureError as error:
                raise PictureError(f"{name[:80]}: {error}" if name else str(error)) from error
            entries.append(entry)
            notes += [one for one in said if one]
        return entries, notes

    def _recognizer(self, wanted: Parameters) -> tuple[Any, list[str]]:
        """Return what reads: with a person's handwriting where one is named and it helps."""
        model, hand = wanted.text("model"), wanted.text("hand")
        if hand is None:
            return self._service.recognizer(model), []
        tried = self._service.recognizer_of_hand(model, hand)
        if tried.trial.helps:
            return tried.recognizer, []
        return self._service.recognizer(model), [tried.trial.words]


def _check(wanted: Parameters) -> None:
    """Refuse parameters that do not go together.

    Raises:
        SettingError: in one sentence.
    """
    several, length = wanted.truth("several"), wanted.count("length")
    if several and wanted.text("hand") is not None:
        raise SettingError(
            "hand is for pictures of one digit each: leave out several, or leave out hand."
        )
    if not several and (length is not None or wanted.text("pattern") is not None):
        raise SettingError(
            "length and pattern are for numbers of several digits: add several=true."
        )


def _read_digit(
    recognizer, name: str, data: bytes, wanted: Parameters
) -> tuple[dict[str, Any], list[str]]:
    from recognizer.imaging.decoding import open_picture

    picture = open_picture(data)
    return documents.reading_entry(name, recognizer.read(picture.pixels)), [picture.note]


def _read_page(
    recognizer, name: str, data: bytes, wanted: Parameters
) -> tuple[dict[str, Any], list[str]]:
    from recognizer.imaging.decoding import open_picture
    from recognizer.numbers import read_numbers

    length, pattern = wanted.count("length"), wanted.text("pattern")
    picture = open_picture(data)
    page = read_numbers(recognizer, picture.pixels, length=length, pattern=pattern)
    return documents.page_entry(name, page), [picture.note, page.warning]
