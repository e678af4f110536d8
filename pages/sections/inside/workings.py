"""One number of a stage taken apart on the page: what was multiplied, compared and added up."""

import numpy as np
import streamlit as st

from pages.sections.inside import explanations, feature_maps, number_format
from pages.sections.inside.number_format import decimal
from pages.shared.components import bar_chart, markup
from recognizer.explain import arithmetic
from recognizer.explain.activations import Kind, Stage
from recognizer.records import LABELS

MOST = 6  # contributions listed on each side
ROUNDED = "Numbers are rounded, so the last decimal of a sum may be off by one."


def convolution(
    stage: Stage, inputs: np.ndarray, output: np.ndarray, kernel: int, row: int, column: int
) -> None:
    """Show patch, kernel, products and sum of one pixel."""
    one = arithmetic.convolved(stage, inputs, kernel, row, column)
    st.markdown(
        f"#### How this value is computed: row {row + 1}, column {column + 1} of map {kernel + 1}"
    )
    source = _input_map(one.of_maps) if len(one.of_maps) > 1 else 0
    of = f" of map {source + 1}" if len(one.of_maps) > 1 else ""
    st.html(
        number_format.workings(
            number_format.cells(one.patch[:, :, source], f"Input window{of}"),
            "×",
            number_format.cells(one.kernel[:, :, source], f"Kernel {kernel + 1}"),
            "=",
            number_format.cells(one.products[:, :, source], "Products"),
        )
    )
    mine = float(one.of_maps[source])
    rows = [(f"Sum of these {one.products[:, :, source].size} products", mine)]
    if len(one.of_maps) > 1:
        others = float(one.of_maps.sum()) - mine
        rows.append((f"The same for the other {len(one.of_maps) - 1} input maps", others))
    _close(rows, one.bias, one.total, float(output[row, column, kernel]), stage, "the pixel")


def pooling(
    stage: Stage, inputs: np.ndarray, output: np.ndarray, number: int, row: int, column: int
) -> None:
    """Show which pixel of a window won."""
    one = arithmetic.pooled(stage, inputs, number, row, column)
    st.markdown(
        f"#### How this value is computed: row {row + 1}, column {column + 1} of map {number + 1}"
    )
    st.html(number_format.workings(number_format.cells(one.window, "Input window", one.winner)))
    won = (
        f"The largest is **{decimal(output[row, column, number])}**, in row {one.place[0] + 1}, "
        f"column {one.place[1] + 1} of the input map: it goes on."
    )
    if (one.window == one.window.max()).sum() > 1:
        won += " Others are as large: any of them could have gone on."
    st.markdown(won)


def average(inputs: np.ndarray, output: np.ndarray, unit: int) -> None:
    """Show a map and its mean."""
    height, width, _ = inputs.shape
    _title(f"number {unit + 1}")
    st.html(
        number_format.still(feature_maps.tiled(inputs[:, :, [unit]], 1), f"Input map {unit + 1}")
    )
    st.markdown(
        f"Map {unit + 1}: its {height * width} pixels sum up to "
        f"{decimal(float(inputs[:, :, unit].sum(dtype=np.float64)))}; divided by {height * width} "
        f"that is **{decimal(output[unit])}**."
    )


def flatten(stage: Stage, output: np.ndarray, unit: int) -> None:
    """Show where a number of the row comes from, and the largest ones."""
    st.markdown(
        f"Number {unit + 1:,} of the row, **{decimal(output[unit])}**, was {_origin(stage, unit)}."
    )
    if len(stage.input_shape) == 3:
        height, width, count = stage.input_shape
        st.markdown(f"{height} × {width} × {count} = {len(output):,} numbers. The largest of them:")
    largest = np.argsort(-output, kind="stable")[: 2 * MOST]
    rows = [(f"{i + 1:,}", _origin(stage, int(i)), decimal(output[i])) for i in largest]
    st.html(markup.table(("Place in the row", "It was", "Number"), rows, numbers=1))


def dense(
    stage: Stage,
    before: Stage | None,
    inputs: np.ndarray,
    output: np.ndarray,
    unit: int,
    *,
    last: bool,
) -> None:
    """Show what spoke strongest for a neuron and against it."""
    one = arithmetic.summed(stage, inputs, unit)
    name = f"neuron {unit + 1:,}"
    if last:
        name = f"the score of {explanations.classes(len(output))[unit]}"
    _title(name)
    order = np.argsort(one.products, kind="stable")
    sides = {
        "Largest positive products": [i for i in order[::-1][:MOST] if one.products[i] > 0],
        "Largest negative products": [i for i in order[:MOST] if one.products[i] < 0],
    }
    tables = "".join(
        f"<div><b>{words}</b>{_products(one, chosen, before)}</div>"
        for words, chosen in sides.items()
    )
    st.html(f'<div class="beside">{tables}</div>')
    left, right = st.columns(2, gap="medium")
    with left:
        shown = [(words, float(one.products[chosen].sum())) for words, chosen in sides.items()]
        listed = sum(value for _, value in shown)
        rest = len(inputs) - sum(map(len, sides.values()))
        rows = [(f"{words}, together", value) for words, value in shown]
        rows.append((f"The other {rest:,} products", float(one.products.sum()) - listed))
        _close(rows, one.bias, one.total, float(output[unit]), stage, "the number")
    if before is not None and before.kind == Kind.FLATTEN and len(before.input_shape) == 3:
        with right:
            votes = one.products.reshape(before.input_shape).sum(axis=2, keepdims=True)
            st.markdown("**Where in the picture the votes come from**")
            st.html(
                number_format.still(
                    feature_maps.tiled(votes, 1), "Sum of the products at each place"
                )
            )
            st.caption(
                "The products that belong to each place, together: teal speaks for it, orange "
                "against it."
            )


def softmax(scores: np.ndarray, output: np.ndarray) -> None:
    """Show the way from scores to probabilities."""
    one = arithmetic.normalised(scores)
    classes = explanations.classes(len(scores))
    refuses = len(classes) > len(LABELS)
    head = ["Answer", "Score", "score − max", "exp(score − max)", "÷ sum = probability"]
    rows = []
    for i, name in enumerate(classes):
        row = [name, decimal(scores[i]), decimal(scores[i] - scores.max())]
        rows.append([*row, number_format.fine(one.exponentials[i]), _share(output[i])])
    rows.append(
        ["Sum", "", "", number_format.fine(one.total), _share(output.sum(dtype=np.float64))]
    )
    if refuses:
        head.append("Among the ten digits")
        digits = output[: len(LABELS)].astype(np.float64)
        for row, share in zip(rows, digits / max(digits.sum(), 1e-30), strict=False):
            row.append(_share(share))
        rows[-2].append("–")
        rows[-1].append(_share(1.0))
    narrow = [name.replace(" ", "\n") for name in classes]  # a phone has no room for them
    bar_chart.show(narrow, (100 * output).round(), what="Probabilities in per cent")
    with st.expander("From the scores to these probabilities", expanded=True):
        st.html(markup.table(head, rows, numbers=len(head) - 1))
    words = "The shares are the probabilities that the page shows."
    if refuses:
        words = (
            "The eleventh answer is *not a digit*. The probabilities of the ten digits are the "
            "shares without it: each divided by what is left for the ten."
        )
    st.caption(f"{words} {ROUNDED}")


def _input_map(of_maps: np.ndarray) -> int:
    """Ask which of the maps before is looked at; the one that did most comes first."""
    order = [int(i) for i in np.argsort(-np.abs(of_maps), kind="stable")]
    return st.selectbox(
        "Input map",
        order,
        format_func=lambda i: f"Map {i + 1}: its products sum up to {decimal(of_maps[i])}",
        help="The kernel has a window of weights for each input map.",
        width=420,
    )


def _close(
    rows: list[tuple[str, float]],
    bias: float,
    total: float,
    output: float,
    stage: Stage,
    what: str,
) -> None:
    """Show the sum, and what came out of it."""
    rows = [*rows, ("Bias", bias)]
    if stage.relu:
        rows += [("Sum", total), (f"After the ReLU: {what}", output)]
    else:
        rows.append((f"Sum: {what}", output))
    st.html(number_format.adding(rows))
    st.caption(ROUNDED)


def _title(what: str) -> None:
    st.markdown(f"#### How this value is computed: {what}")


def _products(one: arithmetic.Summed, chosen: list[int], before: Stage | None) -> str:
    rows = [
        (
            _origin(before, int(i)),
            decimal(one.inputs[i]),
            decimal(one.weights[i]),
            decimal(one.products[i]),
        )
        for i in chosen
    ]
    if not rows:
        return "<p>Nothing.</p>"
    return markup.table(("From", "Number", "× weight", "= product"), rows, numbers=3)


def _origin(before: Stage | None, i: int) -> str:
    """Say where a number of a row comes from."""
    if before is not None and before.kind == Kind.FLATTEN and len(before.input_shape) == 3:
        row, column, number = np.unravel_index(i, before.input_shape)
        of = f"map {number + 1}, " if before.input_shape[2] > 1 else ""
        return f"{of}row {row + 1}, column {column + 1}"
    if before is not None and before.kind == Kind.AVERAGE:
        return f"mean of map {i + 1}"
    return f"number {i + 1:,}"


def _share(value: float) -> str:
    return f"{number_format.fine(100 * float(value))} %"
