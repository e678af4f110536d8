"""A table to try the pages with: digits drawn from the app's own examples, each in many ways."""

import numpy as np
import streamlit as st

from pages.shared.canvas.examples import EXAMPLES, example
from recognizer.datasets.rendering import rewrite_drawings
from recognizer.imaging.strokes import Drawing
from recognizer.records import Digits

TIMES = 200  # drawings of each example
SIDE = 1000.0  # of a drawing: as `Drawing` says
NAME = "sample drawings"
WORDS = (
    f"{TIMES * len(EXAMPLES):,} digits that the app draws from its {len(EXAMPLES)} examples, each "
    "time a little differently. They show how the page works; as all come from so few originals, "
    "accuracy on them says little about other people's handwriting, intervals come out too narrow "
    "and p-values too small."
)


@st.cache_resource(show_spinner=f"Drawing {TIMES * len(EXAMPLES):,} digits …", max_entries=1)
def digits() -> Digits:
    """Return the labelled digits, in random order; the same ones each time."""
    rendered = rewrite_drawings([_drawing(name) for name in EXAMPLES], seed=0, times=TIMES)
    return rendered.take(np.random.default_rng(0).permutation(len(rendered)))


def _drawing(name: str) -> Drawing:
    strokes = [np.array(stroke) for stroke in example(name, 1.0)]
    points = np.concatenate(strokes)
    low, length = points.min(axis=0), np.ptp(points, axis=0).max()
    scaled = tuple(((one - low) * SIDE / length).astype(np.float32) for one in strokes)
    label = next(character for character in name if character.isdigit())
    return Drawing(label=label, writer="app", source="examples", strokes=scaled)
