"""Two components of our own: a picture whose pixels can be picked, and the row of stages.

Both are worked with a pointer or the keyboard, and take their colours from the page's theme.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.sections.inside import feature_maps
from pages.sections.inside.number_format import told
from pages.shared.components import markup

Place = tuple[int, int, int]  # map, row, column; from 0

_PICTURE = """
<div class="sheet" tabindex="0" role="application">
  <img alt=""><span class="map"></span><span class="pixel"></span>
</div>
<div class="words" aria-live="polite"></div>
"""

_PICTURE_STYLE = """
.sheet { position: relative; width: 100%; cursor: crosshair; line-height: 0; }
.sheet:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
img { width: 100%; image-rendering: pixelated; border-radius: .3rem; }
.map, .pixel { position: absolute; box-sizing: border-box; pointer-events: none; }
.map { border: 2px solid #2dd4bf; }
.pixel { outline: 2px solid #fff; box-shadow: 0 0 0 3px #0f766e; }
.words { min-height: 1.4em; font-size: .85rem; opacity: .8; padding-top: .2rem;
  font-variant-numeric: tabular-nums; }
"""

# The kept place is the one picked last, also while the app has not yet answered.
_PICTURE_MANNERS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(name);
  const sheet = find(".sheet"), image = find("img"), words = find(".words");
  const { across, maps, height, width, numbers, values } = data;
  const cell = { wide: width + data.gap, high: height + data.gap };
  const wide = across * cell.wide, high = Math.ceil(maps / across) * cell.high;
  image.src = data.source;
  image.alt = "";
  sheet.setAttribute("aria-label", data.label);
  sheet.style.maxWidth = data.size + "px";
  const box = (one, x, y, w, h) => Object.assign(one.style, {
    left: `${100 * x / wide}%`, top: `${100 * y / high}%`,
    width: `${100 * w / wide}%`, height: `${100 * h / high}%` });
  const tell = ([map, row, column]) => {
    if (!values) { words.textContent = data.hint; return; }
    const number = values[row * width + column];
    words.textContent = number === undefined ? "" : data.line
      ? `number ${row * width + column + 1}: ${number}`
      : `row ${row + 1}, column ${column + 1}: ${number}`;
  };
  const show = (place) => {
    const [map, row, column] = place;
    const x = (map % across) * cell.wide, y = Math.floor(map / across) * cell.high;
    box(find(".map"), x, y, width, height);
    box(find(".pixel"), x + column, y + row, 1, 1);
    find(".map").hidden = maps === 1;
    tell(place);
  };
  const isThere = ([map, row, column]) =>
    map >= 0 && map < maps && row >= 0 && row < height && column >= 0 && column < width &&
    row * width + column < numbers;
  const under = (event) => {
    const frame = image.getBoundingClientRect();
    const x = Math.floor((event.clientX - frame.left) / frame.width * wide);
    const y = Math.floor((event.clientY - frame.top) / frame.height * high);
    const inside = (value, length) => Math.min(value, length - 1);
    const map = Math.floor(y / cell.high) * across + Math.floor(x / cell.wide);
    return [map, inside(y % cell.high, height), inside(x % cell.wide, width)];
  };
  const pick = (place, wait) => {
    sheet.at = place;
    show(place);
    clearTimeout(sheet.waiting);
    sheet.waiting = setTimeout(() => {
      sheet.waiting = null;
      setTriggerValue("picked", place);
    }, wait);
  };
  if (!sheet.waiting) { sheet.at = data.at; show(data.at); }
  sheet.onclick = (event) => { const to = under(event); if (isThere(to)) pick(to, 0); };
  sheet.onpointermove = (event) => { const to = under(event); if (isThere(to)) tell(to); };
  sheet.onpointerleave = () => tell(sheet.at);
  sheet.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!(event.key in step)) return;
    event.preventDefault();
    const [map, row, column] = sheet.at, [down, right] = step[event.key];
    const to = [map, row + down, column + right];
    if (isThere(to)) pick(to, 250);
  };
}
"""

_ROW = """<div class="row" role="group" aria-label="The stages of the network"></div>"""

_ROW_STYLE = """
.row { display: flex; gap: .35rem; overflow-x: auto; padding: 2px 2px .6rem; }
button { flex: 1 0 5.9rem; max-width: 8rem; padding: .5rem .3rem; cursor: pointer; font: inherit;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 2px solid transparent; border-radius: .5rem; text-align: center;
  display: flex; flex-direction: column; align-items: center; }
button:hover { border-color: color-mix(in srgb, var(--st-primary-color) 50%, transparent); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
button[aria-pressed="true"] { border-color: var(--st-primary-color); }
img { display: block; width: 3.4rem; height: 3.4rem; object-fit: contain; margin: 0 auto .35rem;
  background: #000; border-radius: .3rem; image-rendering: pixelated; }
b { display: block; font-size: .82rem; font-weight: 600; }
span { display: block; font-size: .74rem; opacity: .8; font-variant-numeric: tabular-nums; }
"""

_ROW_MANNERS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const row = parentElement.querySelector(".row");
  while (row.children.length > data.cards.length) row.lastChild.remove();
  data.cards.forEach((card, i) => {
    let button = row.children[i];
    if (!button) {
      button = document.createElement("button");
      for (const kind of ["img", "b", "span", "span"]) {
        button.append(document.createElement(kind));
      }
      row.append(button);
    }
    const [image, title, shape, note] = button.children;
    image.src = card.source;
    image.alt = "";
    title.textContent = card.title;
    shape.textContent = card.shape;
    note.textContent = card.note;
    button.setAttribute("aria-pressed", i === data.open);
    button.onclick = () => setTriggerValue("opened", i);
  });
  const open = row.children[data.open];
  if (open && row.shown !== data.open) {
    row.scrollLeft = open.offsetLeft - row.offsetLeft - row.clientWidth / 2 + open.offsetWidth / 2;
    row.shown = data.open;
  }
}
"""

_picture = st.components.v2.component(
    "pick-a-pixel", html=_PICTURE, css=_PICTURE_STYLE, js=_PICTURE_MANNERS
)
_row = st.components.v2.component("row-of-stages", html=_ROW, css=_ROW_STYLE, js=_ROW_MANNERS)


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
) -> None:
    """Show (height, width, maps) numbers as a picture; a click or the arrow keys pick a pixel.

    Args:
        values: the numbers.
        at: the pixel that is picked now.
        picked: is called with another one, before the next run.
        key: of the component.
        label: what a screen reader says.
        size: pixels of the page that it is wide, at most.
        hint: told below it, where there is more than one map. Below one, it tells each number.
        line: how many of the numbers there are where they are a row, laid out in lines; else 0.
    """
    height, width, count = values.shape
    across = feature_maps.across(count)
    numbers = line or height * width

    def take() -> None:
        place = st.session_state[key].get("picked")
        if is_place(place, values.shape, numbers):
            picked(tuple(place))

    _picture(
        key=key,
        data={
            "source": markup.source(feature_maps.tiled(values, across)),
            "across": across,
            "gap": feature_maps.gap_after(count),
            "maps": count,
            "height": height,
            "width": width,
            "numbers": numbers,
            "line": bool(line),
            "at": list(at),
            "values": [told(one) for one in values.ravel()] if count == 1 else None,
            "label": label,
            "hint": hint,
            "size": size,
        },
        on_picked_change=take,
    )


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
