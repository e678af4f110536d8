"""The confusion matrix as a Plotly figure: better is teal, worse orange, and each cell says it."""

import numpy as np
import plotly.graph_objects as go

from pages.shared.components import markup
from pages.shared.components.markup import INK
from recognizer.records import LABELS

COUNTS, SHARES, CHANGE = WAYS = ("Counts", "Shares", "Change")
TEAL, ORANGE = (15, 118, 110), (234, 88, 12)
PAPER = ("#ffffff", "#101615")  # light, dark
STRONG = 0.85  # from which a colour needs the other ink
CONFIG = {"displayModeBar": False, "scrollZoom": False}  # of the chart


def values(
    way: str, counts: np.ndarray, earlier: np.ndarray | None
) -> tuple[np.ndarray, list[list[str]]]:
    """Return how strong each cell's colour is, -1 to 1, and what stands in it.

    Args:
        way: one of WAYS.
        counts: array of shape (10, 10), int; row = true digit, column = what was read.
        earlier: those of the reading before; only CHANGE needs it.
    """
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    good = np.where(np.eye(len(LABELS), dtype=bool), 1, -1)  # more of it is better, or worse
    if way == CHANGE:
        change = counts - earlier
        strength = good * np.sign(change) * np.sqrt(np.abs(change) / max(1, np.abs(change).max()))
        return strength, [[f"{c:+d}".replace("-", "−") if c else "" for c in r] for r in change]
    shares = counts / totals
    strength = good * np.cbrt(shares)  # the root makes a few mistakes among hundreds visible
    if way == SHARES:
        return strength, [[_share(one) for one in row] for row in shares]
    return strength, [[f"{one:,}" if one else "" for one in row] for row in counts]


def _share(value: float) -> str:
    """Return per cent with no sign: a cell of a phone has room for three characters."""
    if value == 0:
        return ""
    return f"{100 * value:.0f}" if value >= 0.0995 else f"{100 * value:.1f}"


def table(texts: list[list[str]]) -> str:
    """Return in HTML what stands in the cells, for those who do not see the chart."""
    head = ("True digit", *(f"predicted {label}" for label in LABELS))
    body = [(label, *row) for label, row in zip(LABELS, texts, strict=True)]
    return f'<div class="unseen">{markup.table(head, body)}</div>'


def figure(
    strengths: np.ndarray, texts: list[list[str]], picked: tuple, *, dark: bool
) -> go.Figure:
    """Return the matrix: a heatmap, and over it a transparent marker a cell to be clicked.

    A heatmap itself cannot be selected (streamlit/streamlit#8760).

    Args:
        strengths: array of shape (10, 10): a cell's colour, from -1, worst, to 1, best.
        texts: what stands in each cell.
        picked: (true, read) of the cell that is framed; either may be None.
        dark: whether the page is.
    """
    ink = INK[dark]
    chart = go.Figure([_colours(strengths), _markers(strengths, texts, ink, dark=dark)])
    axis = {"tickmode": "array", "tickvals": LABELS, "showgrid": False, "zeroline": False}
    axis |= {"fixedrange": True, "color": ink}
    chart.update_xaxes(**axis, range=(-0.5, 9.5), title="predicted", side="top")
    chart.update_yaxes(**axis, range=(9.5, -0.5), title="true digit")
    margin = {"l": 10, "r": 4, "t": 10, "b": 4}
    chart.update_layout(height=400, margin=margin, dragmode=False, showlegend=False)
    if None not in picked:
        true, read = picked
        box = {"x0": read - 0.48, "x1": read + 0.48, "y0": true - 0.48, "y1": true + 0.48}
        chart.add_shape(type="rect", **box, line={"color": ink, "width": 2.5})
    return chart


def _colours(strengths: np.ndarray) -> go.Heatmap:
    scale = [
        (0, _rgba(ORANGE, 1)),
        (0.5, _rgba(ORANGE, 0)),
        (0.5, _rgba(TEAL, 0)),
        (1, _rgba(TEAL, 1)),
    ]
    limits = {"zmin": -1, "zmax": 1, "colorscale": scale, "showscale": False}
    return go.Heatmap(z=strengths, **limits, hoverinfo="skip", xgap=1, ygap=1)


def _markers(strengths: np.ndarray, texts: list[list[str]], ink: str, *, dark: bool) -> go.Scatter:
    cells = [(true, read) for true in LABELS for read in LABELS]
    other = STRONG if not dark else -STRONG  # strong teal on light, strong orange on dark
    on_colour = [PAPER[dark] if one / other >= 1 else ink for one in strengths.ravel()]
    return go.Scatter(
        x=[read for _, read in cells],
        y=[true for true, _ in cells],
        text=[text for row in texts for text in row],
        mode="markers+text",
        marker={"symbol": "square", "size": 26, "color": "rgba(0,0,0,0)"},
        textfont={"color": on_colour, "size": 11},
        selected={"textfont": {"color": ink}},  # else Plotly pales all others
        hovertemplate="%{y}, predicted %{x}: %{text}<extra></extra>",
    )


def _rgba(colour: tuple[int, int, int], alpha: float) -> str:
    return f"rgba({colour[0]},{colour[1]},{colour[2]},{alpha})"
