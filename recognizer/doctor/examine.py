"""Examine the installation, the settings, the disk, the databases and the models.

Nothing is changed by it. A check that breaks off becomes a finding itself, so that the others
are made whatever is broken.
"""

from collections.abc import Callable, Iterator
from functools import partial

from recognizer.doctor import installation, models, settings, storage
from recognizer.doctor.report import Finding, fault
from recognizer.errors import reason
from recognizer.system import home

Check = Callable[[], Iterator[Finding]]


def checks(*, quick: bool = False) -> dict[str, tuple[Check, ...]]:
    """Return the checks by subject, in the order of the report.

    Args:
        quick: leave out what takes more than a second: Keras.
    """
    return {
        "installation": (
            installation.python,
            partial(installation.packages, home.PROJECT),
            installation.litert,
            installation.pictures,
            installation.training,
        ),
        "settings": (
            settings.home,
            settings.data,
            settings.misspelt,
            settings.server,
        ),
        "disk": (storage.writable, storage.room, storage.leftovers),
        "databases": (storage.jobs, storage.corrected, storage.classes),
        "models": (partial(models.kept, quick=quick), models.default),
    }


def examine(*, quick: bool = False) -> Iterator[tuple[str, Finding]]:
    """Yield subject and finding, one after the other as they are found."""
    for subject, of_subject in checks(quick=quick).items():
        for check in of_subject:
            yield from ((subject, finding) for finding in _whatever_happens(check))


def _whatever_happens(check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:
        yield fault(
            f"A check broke off ({type(error).__name__}: {reason(error)})",
            "fix what else is reported here and check again; if nothing is, it is an internal "
            "error",
        )
