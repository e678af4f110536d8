"""Watch it learn: what the networks that a training kept read in the same picture."""

from pathlib import Path

import numpy as np
import streamlit as st

from pages.shared import layout
from pages.shared.components import messages, reading
from recognizer import jobs
from recognizer.errors import RecognizerError
from recognizer.evaluation import percent
from recognizer.inference import Recognizer
from recognizer.jobs import provenance
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.records import IMAGE_SIZE, LABELS, Reading

Epochs = list[tuple[int, Path]]


def epochs(model: registry.StoredModel) -> Epochs:
    """Return the networks that the model's training kept, one an epoch; none without a training."""
    try:
        job = provenance.training(model.card)
    except RecognizerError:  # the list of trainings cannot be read: the Train page says so
        return []
    return jobs.epochs(job.id) if job else []


def chosen(model: registry.StoredModel, kept: Epochs) -> tuple[int, Path] | None:
    """Return the epoch whose network the whole page opens; None for the finished one."""
    if not st.session_state.get(_keys(model)[1]):
        return None
    epoch = st.session_state.get(_keys(model)[0])
    return next((one for one in kept if one[0] == epoch), None)


def close(model: registry.StoredModel) -> None:
    """Open the finished network again; only in a callback."""
    st.session_state[_keys(model)[1]] = False


def show(model: registry.StoredModel, kept: Epochs, image: np.ndarray) -> None:
    """Show what the network read in the picture after each epoch."""
    st.header("Watch it learn", anchor=False)
    if not kept:
        st.markdown(
            f"Of the training of {model.name} only the finished network is here. Of a network "
            "trained in this app, those of its epochs are kept: you see what it read in your "
            "drawing after each."
        )
        st.page_link(layout.train(), label="Train a network", icon=":material/model_training:")
        return
    at, whole = _keys(model)
    numbers = [epoch for epoch, _ in kept]
    try:
        readings = _readings(tuple(map(_named, kept)), image.tobytes(), model.card)
    except RecognizerError as error:
        messages.error(error)
        return
    best = best_epoch(model)
    epoch = st.select_slider(
        "After epoch",
        numbers,
        best if best in numbers else numbers[-1],
        format_func=lambda one: f"{one} (kept)" if one == best else str(one),
        key=at,
    )
    probabilities = readings[numbers.index(epoch)]
    left, right = st.columns(2, gap="medium")
    with left:
        digit = int(probabilities.argmax())
        share = float(probabilities[digit])
        st.markdown(f"After epoch {epoch} it reads **{digit}**, {percent(share)}.")
        shares = tuple(map(float, probabilities))
        st.html(reading.bars(Reading(digit, share, shares, image, is_digit=True)))
        st.caption(_why_they_differ(model.card, best))
    with right:
        st.html(_strip(numbers, np.array(readings), epoch))
        st.caption(
            "Each column is an epoch, each row a digit; a stronger colour is a higher probability."
        )
    st.toggle(
        "Open the network of this epoch above",
        key=whole,
        help="The whole page then shows the network as it was after that epoch.",
    )


def best_epoch(model: registry.StoredModel) -> int | None:
    """Return the epoch whose best validation reading the finished network keeps, if it is known."""
    try:
        job = provenance.training(model.card)
        rows = jobs.progress(job.id) if job else []
    except RecognizerError:
        return None
    return next((row.epoch for row in reversed(rows) if row.best), None)


def _why_they_differ(card: ModelCard, best: int | None) -> str:
    """Say why the finished network's confidence is not quite that of any epoch."""
    kept = "of its best validation reading" + (f", in epoch {best}" if best else "")
    words = f"The finished network has the weights {kept}; that may be in the middle of an epoch."
    if card.temperature != 1:
        words += (
            f" Its confidence is calibrated with the temperature {card.temperature:.2f}, which is "
            "applied here to every epoch as well."
        )
    return words


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities, (n,), whose logits are divided by a temperature (Guo et al., 2017)."""
    if temperature == 1:
        return probabilities
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / temperature
    powers = np.exp(logits - logits.max())
    return (powers / powers.sum()).astype(np.float32)


def _keys(model: registry.StoredModel) -> tuple[str, str]:
    """Return the keys of the slider and of the switch."""
    return f"inside-epoch-{model.name}", f"inside-epoch-above-{model.name}"


def _strip(numbers: list[int], readings: np.ndarray, now: int) -> str:
    """Return the probabilities of all epochs as shaded cells."""
    labels = (one if _is_labelled(one, numbers) else "" for one in numbers)
    head = "".join(f'<th scope="col">{one}</th>' for one in labels)
    rows = []
    for digit in LABELS:
        cells = "".join(
            f'<td{" class=now" * (epoch == now)} title="epoch {epoch}: {percent(float(share))}" '
            f'style="background:color-mix(in srgb, var(--accent) {100 * share:.0f}%, '
            'color-mix(in srgb, currentColor 8%, transparent))"></td>'
            for epoch, share in zip(numbers, readings[:, digit], strict=True)
        )
        rows.append(f'<tr><th scope="row">{digit}</th>{cells}</tr>')
    return (
        '<div class="wide" tabindex="0" role="group" aria-label="Probabilities by epoch">'
        f'<table class="epochs"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _is_labelled(epoch: int, numbers: list[int]) -> bool:
    return len(numbers) <= 12 or epoch % 5 == 0 or epoch == numbers[0]


def _named(kept: tuple[int, Path]) -> tuple[str, str]:
    """Return the file and its SHA-256: a training begun anew writes the same names again."""
    return str(kept[1]), registry.sha256(kept[1])


@st.cache_data(show_spinner="Reading with the network of each epoch …", max_entries=64)
def _readings(
    files: tuple[tuple[str, str], ...], image: bytes, _card: ModelCard
) -> list[np.ndarray]:
    picture = np.frombuffer(image, np.uint8).reshape(1, IMAGE_SIZE, IMAGE_SIZE)
    return [
        # Not kept: thirty networks are many, and only what they read is shown.
        tempered(Recognizer(Path(path), _card).predict(picture)[0], _card.temperature)
        for path, _ in files
    ]
