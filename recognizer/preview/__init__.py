"""What the browser reads with while the pen moves: a network that says what a model would.

file = preview_of(model)  # for the browser; None where the model is none that it could run
"""

from recognizer.models.registry import StoredModel
from recognizer.preview.export import exported
from recognizer.preview.network import is_made_for

DISTILLED_FILE = "preview.bin"  # in a model's folder, where one was distilled for it
MAX_BYTES = 1_000_000  # of a file: each first visit loads it


def preview_of(model: StoredModel) -> bytes | None:
    """Return the file of a model's preview: one that was distilled for it, or its own weights.

    Returns:
        None where it has none: it is too large, or no plain chain of convolutions.

    Raises:
        ModelError: the model's `.tflite` is damaged.
    """
    distilled = _distilled(model)
    file = exported(model) if distilled is None else distilled
    return None if file is None or len(file) > MAX_BYTES else file


def _distilled(model: StoredModel) -> bytes | None:
    try:
        file = (model.folder / DISTILLED_FILE).read_bytes()
    except OSError:
        return None
    return file if is_made_for(file, model) else None
