"""The stages of a network: the row of them, and the one that is open, taken apart."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.sections.inside import (
    explanations,
    feature_maps,
    number_format,
    pixel_picker,
    windows,
    workings,
)
from pages.shared.components import markup
from recognizer.explain.activations import Kind, OpenNetwork, Stage

_OPEN = "inside-open"  # number of the stage that is open; 0 is the picture
_PICKED = "inside-picked"  # (number of a stage, shape of its output) -> pixel picked there
GRID, ZOOM = 480, 340  # pixels of the page, at most
MAPS = (Kind.CONVOLUTION, Kind.POOLING)  # whose pixels are taken apart


@dataclass(frozen=True, eq=False)
class Seen:
    """A stage with its input and its output for the picture."""

    number: int
    name: str
    stage: Stage
    inputs: np.ndarray
    output: np.ndarray
    before: Stage | None  # the stage that made its input; None where that is the picture
    last: bool  # whether its outputs are the scores of the digits


def show_row(network: OpenNetwork, values: tuple[np.ndarray, ...], trained: int) -> None:
    """Show the row of stages at work on the picture; a click opens one.

    Args:
        network: the network.
        values: what `look` returned.
        trained: parameters by the model's card.
    """
    names = explanations.names(network.stages)
    cards = _cards(network, values, names)
    st.header("The network, stage by stage", anchor=False)
    pixel_picker.row(cards, _opened(network), _open, key="inside-row")
    st.caption(_parameters(network, trained))


def show_open(network: OpenNetwork, values: tuple[np.ndarray, ...]) -> None:
    """Show the stage that is open, taken apart; arguments as `show_row`."""
    open_ = _opened(network)
    if open_ == 0:
        _show_picture(values[0])
    else:
        _show_stage(
            network, _seen(network, values, explanations.names(network.stages), open_), values[0]
        )


def _opened(network: OpenNetwork) -> int:
    return min(st.session_state.get(_OPEN, 1), len(network.stages))


def _seen(network: OpenNetwork, values: tuple, names: list[str], number: int) -> Seen:
    stages = network.stages
    stage = stages[number - 1]
    before = stages[stage.source - 1] if stage.source else None
    last = any(one.kind == Kind.SOFTMAX and one.source == number for one in stages)
    inputs, output = values[stage.source], values[number]
    return Seen(number, names[number - 1], stage, inputs, output, before, last)


def _cards(network: OpenNetwork, values: tuple, names: list[str]) -> list[pixel_picker.Card]:
    cards = [
        pixel_picker.Card(
            markup.source(feature_maps.tiled(values[0], 1)), "The picture", "28 × 28", ""
        )
    ]
    for name, stage, output in zip(names, network.stages, values[1:], strict=True):
        strongest = output.max(axis=(0, 1)).argmax() if output.ndim == 3 else 0
        shown = (
            output[:, :, [strongest]] if output.ndim == 3 else feature_maps.sheet(output.ravel())
        )
        cards.append(
            pixel_picker.Card(
                markup.source(feature_maps.tiled(shown, 1)),
                name,
                explanations.shape(stage.output_shape),
                _weights(stage),
            )
        )
    return cards


def _weights(stage: Stage) -> str:
    if stage.kind == Kind.OTHER:
        return ""  # not known
    return f"{stage.parameters:,} weights" if stage.parameters else "no weights"


def _parameters(network: OpenNetwork, trained: int) -> str:
    count = sum(stage.parameters for stage in network.stages)
    words = (
        "Click a stage to open it. Below its name: the shape of its output, and how many "
        f"weights it has (biases included), {count:,} in all. Training has set them; all else is "
        "arithmetic."
    )
    if any(stage.normalised for stage in network.stages):
        words += (
            f" (In training there were {trained:,}: the batch normalisations are multiplied into "
            "the stages before them.)"
        )
    return words


def _show_picture(picture: np.ndarray) -> None:
    st.markdown("### The picture")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(explanations.PICTURE)
    with right:
        _picker(0, picture, "The picture that the network gets")


def _show_stage(network: OpenNetwork, seen: Seen, picture: np.ndarray) -> None:
    stage = seen.stage
    st.markdown(f"### {seen.name}")
    words = explanations.explanation(stage, first=stage.source == 0, last=seen.last)
    if stage.kind == Kind.SOFTMAX:
        st.markdown(words)
        workings.softmax(seen.inputs, seen.output)
    elif seen.output.ndim == 3:
        _show_maps(network, seen, picture, words)
    else:
        _show_row(seen, words)


def _show_maps(network: OpenNetwork, seen: Seen, picture: np.ndarray, words: str) -> None:
    """Show all maps, one of them larger, and how a pixel of it came about."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(words)
        number, row, column = _at(seen.number, seen.output)
        st.markdown(f"**Map {number + 1}**: click a pixel, or move with the arrow keys.")
        one = seen.output[:, :, [number]]

        def picked(place: pixel_picker.Place) -> None:
            _pick(seen.number, seen.output, (number, *place[1:]))

        label = f"Map {number + 1} of {seen.name}"
        key = f"inside-zoom-{seen.number}-{number}"
        pixel_picker.picker(one, (0, row, column), picked, key=key, label=label, size=ZOOM)
    with right:
        hint = "Click a map to see it larger. " + (
            "Teal is above zero, orange below; black is zero."
            if seen.output.min() < 0
            else "Black is zero, white the largest number of the stage."
        )
        st.markdown(f"**All {seen.output.shape[2]} maps**")
        each = st.toggle("Contrast of each map by itself", key="inside-contrast")
        if each:
            hint = hint.replace("the stage", "its map")
        _picker(seen.number, seen.output, f"The maps of {seen.name}", hint, GRID, each=each)
        _show_window(network, seen, picture, row, column)
    if seen.stage.kind == Kind.CONVOLUTION:
        workings.convolution(seen.stage, seen.inputs, seen.output, number, row, column)
    elif seen.stage.kind == Kind.POOLING:
        workings.pooling(seen.stage, seen.inputs, seen.output, number, row, column)


def _show_window(
    network: OpenNetwork, seen: Seen, picture: np.ndarray, row: int, column: int
) -> None:
    """Mark on the drawing what the chosen pixel follows from."""
    top, left, bottom, right = windows.in_picture(network.stages, seen.number, row, column)
    words = (
        f"Of the drawing, rows {top + 1} to {bottom + 1} and columns {left + 1} to {right + 1} "
        "decide about this pixel."
    )
    st.markdown("**Its window in the drawing**")
    st.html(number_format.still(windows.marked(picture, (top, left, bottom, right)), words))
    st.caption(words)


def _show_row(seen: Seen, words: str) -> None:
    """Show a row of numbers, and how one of them came about."""
    count = len(seen.output)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(words)
    if seen.last:
        with right:
            unit = _choose_class(seen)
    else:
        with right:
            st.markdown(
                f"**The row of {count:,} numbers**, in lines of {feature_maps.columns(count)}"
            )
            _picker(
                seen.number,
                feature_maps.sheet(seen.output),
                f"The numbers of {seen.name}",
                line=count,
            )
        _, row, column = _at(seen.number, feature_maps.sheet(seen.output))
        unit = min(row * feature_maps.columns(count) + column, count - 1)
    match seen.stage.kind:
        case Kind.DENSE:
            workings.dense(seen.stage, seen.before, seen.inputs, seen.output, unit, last=seen.last)
        case Kind.FLATTEN:
            workings.flatten(seen.stage, seen.output, unit)
        case Kind.AVERAGE:
            workings.average(seen.inputs, seen.output, unit)


def _choose_class(seen: Seen) -> int:
    """Return which of the answers is taken apart."""
    classes = explanations.classes(len(seen.output))
    best = int(seen.output.argmax())
    chosen = st.segmented_control(
        "Score of",
        range(len(seen.output)),
        default=best,
        required=True,
        format_func=lambda i: classes[i],
        key=f"inside-class-{best}-{len(seen.output)}",
    )
    scores = [(classes[i], number_format.decimal(one)) for i, one in enumerate(seen.output)]
    st.html(markup.table(("Digit", "Score"), scores, numbers=1))
    return chosen


def _picker(
    number: int,
    output: np.ndarray,
    label: str,
    hint: str = "",
    size: int = ZOOM,
    line: int = 0,
    *,
    each: bool = False,
) -> None:
    def picked(place: pixel_picker.Place) -> None:
        _pick(number, output, place)

    key = f"inside-pick-{number}"
    at = _at(number, output)
    pixel_picker.picker(
        output, at, picked, key=key, label=label, size=size, hint=hint, line=line, each=each
    )


def _at(number: int, output: np.ndarray) -> pixel_picker.Place:
    """Return the pixel that is picked; while none is, the one with the largest number."""
    picked = st.session_state.get(_PICKED, {}).get((number, output.shape))
    if picked is not None:
        return picked
    row, column, map_ = np.unravel_index(int(output.argmax()), output.shape)
    return int(map_), int(row), int(column)


def _pick(number: int, output: np.ndarray, place: pixel_picker.Place) -> None:
    st.session_state.setdefault(_PICKED, {})[number, output.shape] = place


def _open(number: int) -> None:
    st.session_state[_OPEN] = number
