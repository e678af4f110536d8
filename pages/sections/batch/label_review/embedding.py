"""A map of the rows of a labelled table: like ones lie together, as the network sees them."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.sections.batch.records import Result
from pages.shared import error_boundary, model_cache
from pages.shared.components import markup, messages
from recognizer.audit import principal_components
from recognizer.errors import ModelError
from recognizer.evaluation import percent
from recognizer.models.registry import StoredModel
from recognizer.records import LABELS

MOST = 3_000  # points: more are one blot, and slow in a browser
SHOWN = 60  # images of those that are selected
BY_LABEL, BY_MISTAKE = WAYS = ("Label", "Right or wrong")
COLOURS = (  # a digit each; Tol's muted set, and one more
    "#332288", "#88ccee", "#44aa99", "#117733", "#999933",
    "#ddcc77", "#cc6677", "#882255", "#aa4499", "#7f7f7f",
)  # fmt: skip
RIGHT, WRONG = "#7f9c99", "#d1495b"
_INK = ("#1c2524", "#e6eceb")


@dataclass(frozen=True, eq=False)
class Map:
    """Where rows lie.

    Attributes:
        rows: array of shape (k,), int, from 0: those that are shown.
        places: array of shape (k, 2).
        shares: of the variance, of each axis.
    """

    rows: np.ndarray
    places: np.ndarray
    shares: np.ndarray


@error_boundary.fragment
def show(result: Result) -> None:
    """Offer the map, and show the images of what is selected on it."""
    st.header("Map of the rows", anchor=False)
    if not st.toggle(
        "Show how the network arranges them",
        key=f"map-{result.id}",
        help="Principal components of the features that the last layer reads. A row amid those of "
        "another digit may be mislabelled, or hard to read.",
    ):
        return
    try:
        found = _map(result.table.id, result.model.sha256, result, result.model)
    except ModelError as error:
        messages.info(error)
        return
    way = st.segmented_control(
        "Colour", WAYS, default=BY_LABEL, required=True, key=f"map-way-{result.id}"
    )
    event = st.plotly_chart(
        figure(result, found, way, dark=markup.is_dark()),
        key=f"map-chart-{result.id}-{way}",
        on_select="rerun",
        selection_mode=("box", "lasso"),
        config={"displaylogo": False, "scrollZoom": False},
        alt="Each point is a row. Draw a box around some to see their images.",
    )
    st.caption(_about(result, found))
    _selected(result, _picked(event))


def figure(result: Result, found: Map, way: str, *, dark: bool) -> go.Figure:
    """Return the map, a trace for each colour; each point brings its row."""
    labels, wrong = result.table.digits.labels, result.read != result.table.digits.labels
    if way == BY_LABEL:
        groups = [(str(one), labels[found.rows] == one, COLOURS[one]) for one in LABELS]
    else:
        is_wrong = wrong[found.rows]
        groups = [("read as labelled", ~is_wrong, RIGHT), ("read otherwise", is_wrong, WRONG)]
    chart = go.Figure()
    for name, chosen, colour in groups:
        if not chosen.any():
            continue
        rows = found.rows[chosen]
        chart.add_scatter(
            x=found.places[chosen, 0],
            y=found.places[chosen, 1],
            mode="markers",
            name=name,
            customdata=rows.tolist(),  # as plain numbers they come back from the browser
            marker={"size": 6, "color": colour, "opacity": 0.8},
            text=[f"row {row + 1:,}: label {labels[row]}, read {result.read[row]}" for row in rows],
            hovertemplate="%{text}<extra></extra>",
        )
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False, "color": _INK[dark]}
    chart.update_xaxes(**axis, title="first component")
    chart.update_yaxes(**axis, title="second component")
    margin = {"l": 10, "r": 4, "t": 10, "b": 4}
    legend = {"font": {"color": _INK[dark]}, "itemsizing": "constant"}
    chart.update_layout(height=460, margin=margin, dragmode="select", legend=legend)
    return chart


def _about(result: Result, found: Map) -> str:
    n, shown = len(result.read), len(found.rows)
    words = f"{shown:,} rows" if shown == n else f"{shown:,} of the {n:,} rows, chosen at random"
    return (
        f"{words}. The two axes have {percent(found.shares.sum())} of the variance of what "
        f"{markup.plain(result.model.name)} makes of them. Draw a box around some to see them."
    )


def _picked(event) -> np.ndarray:
    """Return the rows that are selected, in their order."""
    points = event.selection.points if event else []
    rows = {int(np.ravel(point["customdata"])[0]) for point in points if "customdata" in point}
    return np.array(sorted(rows), dtype=int)


def _selected(result: Result, rows: np.ndarray) -> None:
    if not len(rows):
        return
    labels = result.table.digits.labels
    wrong = rows[result.read[rows] != labels[rows]]
    first = np.concatenate([wrong, rows[result.read[rows] == labels[rows]]])[:SHOWN]
    st.caption(
        f"{len(rows):,} selected, {len(wrong):,} of them read otherwise than labelled"
        f"{f'; the first {SHOWN} are shown' if len(rows) > SHOWN else ''}. Below each image: the "
        "row's number, its label, and what was read."
    )
    captions = [f"{row + 1:,}\nlabel {labels[row]}\nread {result.read[row]}" for row in first]
    st.html(markup.figures(result.table.digits.images[first], captions))


@st.cache_resource(show_spinner="Arranging the rows …", max_entries=4)
def _map(table: str, content: str, _result: Result, _model: StoredModel) -> Map:
    """Lay out the rows of a table as a model sees them.

    Raises:
        ModelError: the model's file gives no features.
    """
    n = len(_result.read)
    rows = np.sort(np.random.default_rng(0).permutation(n)[:MOST])
    features = model_cache.recognizer(_model).features(_result.table.digits.images[rows])
    return Map(rows, *principal_components(features))
