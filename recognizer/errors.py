"""What can go wrong that a user can mend.

RecognizerError
├── PictureError   a picture or a canvas message that cannot be read
├── DataError      a file of digits or drawings that is not in its format
├── ModelError     a model that is missing, damaged, or of another kind
├── SettingError   a setting or a name that is not allowed
└── StorageError   something of the user's that cannot be written or read back

A message is one sentence: what was received, what was expected, how to mend it. The library
raises; pages show the message, the command line prints it and exits with 2.
"""


class RecognizerError(Exception):
    """A mistake in what was given to us, told in one sentence."""


class PictureError(RecognizerError):
    """A picture that cannot be read."""


class DataError(RecognizerError):
    """A file of digits or drawings that is not in its format."""


class ModelError(RecognizerError):
    """A model that is missing, damaged or not ours."""


class SettingError(RecognizerError):
    """A setting or a name that is not allowed."""


class StorageError(RecognizerError):
    """Something of the user's that cannot be written or read back."""
