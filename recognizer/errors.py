"""What can go wrong that a user can fix.

RecognizerError
├── PictureError   a picture or a canvas message that cannot be read
├── DataError      a file of digits or drawings that is not in its format
│   └── RowError   one row of it, which it names
├── ModelError     a model that is missing, damaged, or of another kind
├── SettingError   a setting or a name that is not allowed
├── StorageError   something of the user's that cannot be written or read back
└── ClusterError   a cluster that cannot be reached, or whose workers are lost

A message is one sentence: what was received, what was expected, how to fix it. The library
raises; pages show the message, the command line prints it and exits with 2.
"""

_LONGEST_REASON = 99  # characters


def reason(error: BaseException) -> str:
    """Return why something went wrong for the brackets in a message, short and on one line.

    What libraries raise quotes the file at any length, as it is.
    """
    said = " ".join(str(getattr(error, "strerror", None) or error).split())
    short = said[:_LONGEST_REASON] + "…" * (len(said) > _LONGEST_REASON)
    return "".join(c if c.isprintable() else "?" for c in short) or type(error).__name__


class RecognizerError(Exception):
    """An error that a user can fix; its message is one sentence."""


class PictureError(RecognizerError):
    """A picture that cannot be read."""


class DataError(RecognizerError):
    """A file of digits or drawings that is not in its format."""


class RowError(DataError):
    """A row of a table that is not in its format.

    Args:
        row: its number, from 1 below the header.
        message: what is wrong with it, as the sentence goes on after "Row 7".
    """

    def __init__(self, row: int, message: str) -> None:
        super().__init__(row, message)  # both, so that it can travel between processes

    def __str__(self) -> str:
        row, message = self.args
        return f"Row {row}{message}"

    def moved(self, rows: int) -> "RowError":
        """Return the same of a table that has so many rows before this one's first."""
        row, message = self.args
        return RowError(row + rows, message)


class ModelError(RecognizerError):
    """A model that is missing, damaged or not ours."""


class SettingError(RecognizerError):
    """A setting or a name that is not allowed."""


class StorageError(RecognizerError):
    """Something of the user's that cannot be written or read back."""


class ClusterError(RecognizerError):
    """A cluster that cannot be reached, or whose workers are lost."""


def newer_version_error(path: object, version: int, known: int) -> StorageError:
    """Return the error for a file whose tables are of a version that only a newer app knows."""
    return StorageError(
        f"{path} is of version {version}, written by a newer app; this one knows up to {known}: "
        "update the app, or set RECOGNIZER_HOME to another folder."
    )
