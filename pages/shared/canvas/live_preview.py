"""The preview of a reading that follows the pen: two components that run in the browser.

One brings the network, once a visit; Streamlit sends large messages that the browser has had as
their hash only. The other listens to the pen and lays the preview over the reading.
"""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from pages.shared.canvas.drawing import Sketch
from recognizer.errors import ModelError
from recognizer.models.registry import TFLITE_FILE, StoredModel
from recognizer.preview import preview_of

_HERE = Path(__file__).parent
_PREVIEWED = "previewed-model"  # in the session
_ANNOUNCED = "While you draw, a preview of the reading is shown."  # to screen readers, once
_HTML = f"""
<div class="live-preview" data-live-digit="">
  <p class="spoken" role="status" data-text="{_ANNOUNCED}"></p>
</div>
"""


def _read(*names: str) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


NETWORK = _read("to_mnist.js", "network.js", "preview_network.js")
_PREVIEW = _read("live_preview.js")
_STYLE = _read("live_preview.css")


def previewed(models: Mapping[str, StoredModel]) -> StoredModel | None:
    """Return the model whose readings are previewed: the first that has a preview, mostly the
    default one; None where none has. It is what `load` brings to the browser.
    """
    found = next((model for model in models.values() if _file(model)), None)
    st.session_state[_PREVIEWED] = found
    return found


def load() -> None:
    """Bring the preview's network to the browser; the page's last element, so that none waits."""
    if model := st.session_state.get(_PREVIEWED):
        component = st.components.v2.component("preview-network", js=NETWORK)
        component(key="preview-network", height=0, data=_file(model))


def follow(sketch: Sketch, *, is_on: bool) -> None:
    """Have the preview follow the pen; called in a container with key "answer" and the reading.

    Args:
        sketch: what the reading on the page is of.
        is_on: whether a preview is wanted.
    """
    component = st.components.v2.component(
        "live-preview", html=_HTML, css=_STYLE, js=_PREVIEW, isolate_styles=False
    )
    runs = st.session_state["preview-runs"] = st.session_state.get("preview-runs", 0) + 1
    strokes = len(sketch.objects)
    data = {"isOn": is_on, "strokes": strokes, "revision": sketch.revision, "run": runs}
    component(key="live-preview", height=0, data=data)


def _file(model: StoredModel) -> bytes | None:
    """Return the file of a model's preview, None where it has none."""
    return _cached(model.card.sha256[TFLITE_FILE], model)


@st.cache_resource(show_spinner=False, max_entries=32)
def _cached(sha256: str, _model: StoredModel) -> bytes | None:
    try:
        return preview_of(_model)
    except ModelError:  # the page says so where it reads with the model
        return None
