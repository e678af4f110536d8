"""Two components: a picture whose pixels can be picked, and the row of stages.

Both are worked with a pointer or the keyboard, and take their colours from the page's theme.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from pages.sections.inside import feature_maps
from pages.sections.inside.number_format import decimal
from pages.shared.components import markup

Place = tuple[int, int, int]  # map, row, column; from 0

_PICTURE = """
<div class="sheet" tabindex="0" role="application">
  <img alt=""><span class="map"></span><span class="pixel"></span>
</div>
<div class="words" aria-live="polite"></div>
"""

_ROW = """<div class="row" role="group" aria-label="The stages of the network"></div>"""


def _source(file: str) -> str:
    return (Path(__file__).parent / file).read_text(encoding="utf-8")


_picture = st.components.v2.component(
    "pixel-picker", html=_PICTURE, css=_source("pixel_picker.css"), js=_source("pixel_picker.js")
)
_row = st.components.v2.component(
    "stage-row", html=_ROW, css=_source("stage_row.css"), js=_source("stage_row.js")
)


@dataclass(frozen=True)
class Card:
    """A stage in the row: a picture's address, and what stands below it."""

    source: str
    title: str
    shape: str
    note: str


def picker(
    values: np.ndarray,
    at: Place,
    picked: Callable[[Place], None],
    *,
    key: str,
    label: str,
    size: int,
    hint: str = "",
    line: int = 0,
    each: bool = False,
) -> None:
    """Show (height, width, maps) numbers as a picture; a click or the arrow keys pick a pixel.

    Args:
        values: the numbers.
        at: the pixel that is picked now.
        picked: is called with another one, before the next run.
        key: of the component.
        label: what a screen reader says.
        size: pixels of the page that it is wide, at most.
        hint: shown below several maps; below a single one stands the number at the pointer.
        each: whether each map's largest number is white, not that of all.
        line: number of values where they are a vector, laid out in lines; else 0.
    """
    height, width, count = values.shape
    shown = feature_maps.stretched(values) if each else values
    numbers = line or height * width

    def take() -> None:
        place = st.session_state[key].get("picked")
        if is_place(place, values.shape, numbers):
            picked(tuple(place))

    _picture(
        key=key,
        data={
            **_layout(shown),
            "numbers": numbers,
            "line": bool(line),
            "at": list(at),
            "values": [decimal(one) for one in values.ravel()] if count == 1 else None,
            "label": label,
            "hint": hint,
            "size": size,
        },
        on_picked_change=take,
    )


def _layout(values: np.ndarray) -> dict[str, str | int]:
    """Return the picture of (height, width, maps) numbers, and where which of them lie on it."""
    height, width, count = values.shape
    across = feature_maps.across(count)
    sizes = {"maps": count, "height": height, "width": width, "across": across}
    source = markup.source(feature_maps.tiled(values, across))
    return {**sizes, "gap": feature_maps.gap_after(count), "source": source}


def row(cards: list[Card], open_: int, opened: Callable[[int], None], *, key: str) -> None:
    """Show the stages side by side; a click opens one.

    Args:
        cards: the stages.
        open_: the one that is open.
        opened: is called with the number of another one, before the next run.
        key: of the component.
    """

    def take() -> None:
        number = st.session_state[key].get("opened")
        if isinstance(number, int) and 0 <= number < len(cards):
            opened(number)

    data = {"cards": [vars(card) for card in cards], "open": open_}
    _row(key=key, data=data, on_opened_change=take)


def is_place(place: object, shape: tuple[int, int, int], numbers: int) -> bool:
    """Whether what a browser sent is a pixel of these maps: it can send anything."""
    if not isinstance(place, list) or len(place) != 3:
        return False
    if not all(isinstance(one, int) for one in place):
        return False
    height, width, count = shape
    map_, row, column = place
    inside = 0 <= map_ < count and 0 <= row < height and 0 <= column < width
    return inside and row * width + column < numbers
