"""Questions to Keras, which the web process never imports: a child process answers.

An answer takes some ten seconds; the page goes on meanwhile, and looks each second whether it is
there. Questions are kept, so that the same one is asked once.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import IO

import streamlit as st

from pages.shared import error_boundary
from pages.shared.components import messages
from recognizer.errors import RecognizerError
from recognizer.system.home import PROJECT

LOOK_SECONDS = 1.0


class Question:
    """A command of `python -m recognizer` under way."""

    def __init__(self, arguments: tuple[str, ...], stdin: bytes) -> None:
        # Files, not pipes: nobody has to stand by and read them.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it has answered)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._said: tuple[bytes, bytes] | None = None
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "recognizer", *arguments],
                cwd=PROJECT,
                stdin=file,
                stdout=self._output,
                stderr=self._errors,
            )

    def is_answered(self) -> bool:
        """Whether the process has ended."""
        if self._said is None and self._process.poll() is not None:
            self._said = _content(self._output), _content(self._errors)
        return self._said is not None

    def answer(self) -> bytes:
        """Return what it wrote, once it is answered.

        Raises:
            RecognizerError: it failed, in its own words when it was a mistake of the user's.
        """
        output, errors = self._said
        status = self._process.returncode
        if status == 0:
            return output
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        if status == 2 and lines:
            raise RecognizerError(lines[-1])
        raise RecognizerError(
            f"Keras did not answer (exit status {status}): try again; if it stays so, "
            "run `make setup`."
        )


def ask(words: str, show: Callable[[bytes], None], *arguments: str, stdin: bytes = b"") -> None:
    """Ask, and show the answer here as soon as it is there.

    Args:
        words: what is going on, shown until then.
        show: shows what the command wrote.
        arguments: of `python -m recognizer`.
        stdin: its standard input.
    """
    question = _question(arguments, stdin)
    waiting = not question.is_answered()
    part = error_boundary.fragment(_part, run_every=LOOK_SECONDS if waiting else None)
    part(question, waiting, words, show, arguments, stdin)


def begin(*arguments: str, stdin: bytes = b"") -> None:
    """Ask anew, and show nothing yet."""
    forget(*arguments, stdin=stdin)
    _question(arguments, stdin)


def forget(*arguments: str, stdin: bytes = b"") -> None:
    """Ask anew the next time."""
    _question.clear(arguments, stdin)


@st.cache_resource(show_spinner=False, max_entries=64)
def _question(arguments: tuple[str, ...], stdin: bytes) -> Question:
    return Question(arguments, stdin)


def _part(
    question: Question,
    waiting: bool,
    words: str,
    show: Callable[[bytes], None],
    arguments: tuple[str, ...],
    stdin: bytes,
) -> None:
    if not question.is_answered():
        st.status(words, state="running")
        return
    if waiting:
        st.rerun()  # the whole page: its next run looks no more
    try:
        answer = question.answer()
    except RecognizerError as error:
        messages.error(error)
        st.button("Try again", key=f"again-{arguments}", on_click=_again, args=(arguments, stdin))
    else:
        show(answer)


def _again(arguments: tuple[str, ...], stdin: bytes) -> None:
    forget(*arguments, stdin=stdin)


def _content(file: IO[bytes]) -> bytes:
    with file:
        file.seek(0)
        return file.read()
