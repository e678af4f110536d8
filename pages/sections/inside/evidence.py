"""Why this digit? What spoke for it and against it, and the smallest change that flips it."""

import math

import numpy as np
import streamlit as st

from pages.sections.inside import feature_maps
from pages.shared.components import markup, messages
from recognizer.evaluation import percent
from recognizer.explain import occlusion
from recognizer.inference import Recognizer
from recognizer.records import IMAGE_SIZE, LABELS, Reading

THIRDS = (("top left", "top", "top right"), ("left", "middle", "right"))
THIRDS += (("bottom left", "bottom", "bottom right"),)
MUCH = 1_000  # from which odds are shown as "more than"


def show(recognizer: Recognizer, content: str, reading: Reading) -> None:
    """Answer why a picture was read as it was, or why not as another digit.

    Args:
        recognizer: what read it.
        content: the SHA-256 of its file.
        reading: what it read.
    """
    st.header(f"Why {reading.digit}?", anchor=False)
    read = reading.digit
    asked = st.pills(
        "Ask about",
        LABELS,
        default=read,
        required=True,
        format_func=lambda digit: f"Why {digit}?" if digit == read else f"Why not {digit}?",
        key=f"inside-asked-{read}",
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _evidence(recognizer, content, reading, asked)
    with right:
        _flips(recognizer, content, reading, asked)


def _evidence(recognizer: Recognizer, content: str, reading: Reading, asked: int) -> None:
    found = _found(content, reading.image.tobytes(), recognizer)
    heat = found.maps[asked]
    share = percent(reading.probabilities[asked]).replace(" ", "\N{NO-BREAK SPACE}")
    st.markdown(f"**What spoke for {markup.article(asked)} and against it** (probability {share})")
    alt = (
        f"The digit with what spoke for {markup.article(asked)} in teal and what spoke against it "
        "in orange."
    )
    source = markup.source(feature_maps.marked(reading.image, heat))
    st.html(f'<img class="still" src="{source}" alt="{alt}">')
    st.caption(
        "Teal spoke for it, orange against it, be it ink or empty paper. "
        f"{_strongest(heat, reading.image, asked)}"
    )
    with st.popover("How this is found"):
        st.markdown(
            "**Occlusion.** At one place after the other, the ink in a square of 5 × 5 pixels is "
            "wiped out, or a dab of ink is put on the empty paper, and the network reads the "
            "changed picture. Where the odds of the digit fall, what was there spoke for it; where "
            "they rise, against it. The changes overlap: the value of a pixel is the average of "
            "those that cover it. Occlusion shows what matters to the reading, not how the network "
            "computes it."
        )


def _strongest(heat: np.ndarray, image: np.ndarray, asked: int) -> str:
    """Say in words where the strongest evidence is."""
    words = []
    for sign, speaks, turns in ((1, "for", "smaller"), (-1, "against", "larger")):
        place = np.unravel_index(int((sign * heat).argmax()), heat.shape)
        strength = sign * float(heat[place])
        if strength <= 0.05:
            continue
        is_ink = image[place] >= occlusion.INK
        what, changed = ("ink", "without it") if is_ink else ("empty paper", "with ink there")
        words.append(
            f"Strongest {speaks} {markup.article(asked)}: the {what} at the {_where(place)}; "
            f"{changed}, its odds are {_times(strength)} times {turns} on average."
        )
    return " ".join(words)


def _where(place: tuple) -> str:
    row, column = (min(2, int(3 * one / IMAGE_SIZE)) for one in place)
    return THIRDS[row][column]


def _times(strength: float) -> str:
    times = math.exp(min(strength, 50))
    if times > MUCH:
        return f"more than {MUCH:,}"
    return f"about {times:.0f}" if times > 9 else f"about {times:.1f}"


def _flips(recognizer: Recognizer, content: str, reading: Reading, asked: int) -> None:
    target = None if asked == reading.digit else asked
    aim = "another digit" if target is None else markup.article(target)
    st.markdown(f"**What would make it {aim}?**")
    if not st.toggle("Look for the smallest change", key="inside-flip"):
        st.caption("Wiping out as little ink as possible, or putting down as little as possible.")
        return
    image = reading.image
    with st.spinner("Trying changes …", show_time=True):
        flips = {
            add: _flip(content, image.tobytes(), target, add=add, _recognizer=recognizer)
            for add in (False, True)
        }
    found = {add: flip for add, flip in flips.items() if flip is not None}
    if not found:
        messages.info(
            f"No small change makes it {aim}: 40 dabs, or half of the ink, were not enough."
        )
        return
    least = min(flip.ink for flip in found.values())
    captions = []
    for add, flip in found.items():
        done = "Ink put down" if add else "Ink wiped out"
        mark = ", the smaller change" if flip.ink == least and len(found) > 1 else ""
        captions.append(
            f"{done}: {flip.ink:.1f} pixels' worth{mark}. Read as {flip.digit}, "
            f"{percent(flip.confidence)}."
        )
    pictures = (_changed(image, flip) for flip in found.values())
    st.html(f'<div class="flips">{markup.figures(pictures, captions)}</div>')
    for add in flips.keys() - found.keys():
        st.caption(f"{'Putting ink down' if add else 'Wiping ink out'} alone did not do it.")
    st.caption(
        "Teal is new ink, orange is where ink was. These are the smallest that we found, dab by "
        "dab, each time the one that helps most; there may be smaller ones."
    )


def _changed(image: np.ndarray, flip: occlusion.Flip) -> np.ndarray:
    """Return the changed picture with the changes in colour, (28, 28, 3)."""
    change = flip.image.astype(np.float64) - image
    colours = np.repeat(np.minimum(image, flip.image)[..., np.newaxis], 3, axis=-1) * 0.75
    for sign, colour in ((1, feature_maps.FOR), (-1, feature_maps.AGAINST)):
        strength = np.maximum(sign * change, 0)[..., np.newaxis] / 255
        colours = colours + strength * np.array(colour)
    return np.clip(colours, 0, 255).round().astype(np.uint8)


@st.cache_data(show_spinner=False, max_entries=64)
def _found(content: str, image: bytes, _recognizer: Recognizer) -> occlusion.Evidence:
    return occlusion.evidence(_recognizer.predict, _picture(image))


@st.cache_data(show_spinner=False, max_entries=256)
def _flip(
    content: str, image: bytes, target: int | None, *, add: bool, _recognizer: Recognizer
) -> occlusion.Flip | None:
    return occlusion.smallest_flip(_recognizer.predict, _picture(image), target, add=add)


def _picture(pixels: bytes) -> np.ndarray:
    return np.frombuffer(pixels, np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
