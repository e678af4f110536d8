"""The preview's JavaScript on canvases and images, in Node: Chromium's own engine, no page."""

import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from pages.shared.canvas import live_preview
from recognizer.records import IMAGE_SIZE, LABELS, PIXELS

_SCRIPT = (Path(__file__).parent / "preview.mjs").read_text(encoding="utf-8")
_SECONDS = 600  # for one call


def find_node() -> str | None:
    """Return the path of Node: the one that Playwright brings, or the machine's; None without."""
    spec = find_spec("playwright")
    bundled = Path(spec.origin).parent / "driver" / "node" if spec else None
    return str(bundled) if bundled and bundled.is_file() else shutil.which("node")


def to_mnist(node: str, canvases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make canvases 28 x 28 in JavaScript.

    Args:
        node: the path of Node.
        canvases: array of shape (n, side, side), uint8, grey.

    Returns:
        array of shape (n,), whether anything is drawn, and the images, (n, 28, 28) uint8.
    """
    made = _run(node, "toMnist", canvases.tobytes(), str(canvases.shape[1]))
    rows = np.frombuffer(made, np.uint8).reshape(len(canvases), 1 + PIXELS)
    return rows[:, 0] > 0, rows[:, 1:].reshape(-1, IMAGE_SIZE, IMAGE_SIZE)


def read(node: str, file: bytes, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read images with a preview's network in JavaScript.

    Args:
        node: the path of Node.
        file: the preview's.
        images: array of shape (n, 28, 28), uint8.

    Returns:
        The probabilities of the ten digits, (n, 10) float64, and whether each is one, (n,).
    """
    with tempfile.NamedTemporaryFile(suffix=".bin") as network:
        Path(network.name).write_bytes(file)
        made = _run(node, "read", images.tobytes(), network.name)
    rows = np.frombuffer(made).reshape(len(images), len(LABELS) + 1)
    return rows[:, :-1], rows[:, -1] > 0


def _run(node: str, call: str, content: bytes, argument: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        script, given, made = (Path(folder) / name for name in ("run.mjs", "input", "output"))
        given.write_bytes(content)
        script.write_text(f"{live_preview.NETWORK}\n{_SCRIPT}", encoding="utf-8")
        command = [node, script, call, given, made, argument]
        subprocess.run(command, check=True, timeout=_SECONDS)
        return made.read_bytes()
