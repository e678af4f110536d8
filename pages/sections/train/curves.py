"""Loss and accuracy while a network learns, as lines that differ in colour and in dashes."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from recognizer.jobs import ProgressRow

POINTS = 500  # of a chart, both lines together
HELP = (
    "Training is the mean of the epoch so far, measured on augmented images and with dropout, so "
    "it often looks worse than validation."
)
TRAINING, VALIDATION, EPOCH = "batch", "validation", "epoch"  # kinds of rows


def show(rows: list[ProgressRow], epochs: int) -> None:
    """Draw the two charts, each with its latest values in words.

    Args:
        rows: the training's progress so far.
        epochs: in all: the axis does not move while it trains.
    """
    training = [row for row in rows if row.kind == TRAINING]
    validation = [row for row in rows if row.kind == VALIDATION]
    if not training:
        return
    for column, name in zip(st.columns(2, gap="medium"), ("loss", "accuracy"), strict=True):
        with column:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{name.capitalize()}** by epoch", help=HELP, width="content")
                log = name == "loss" and st.toggle("Log scale", key="train-log-scale")
            drawn = points(training, "training", name)
            drawn += points(validation, "validation", name)
            st.altair_chart(
                _chart(drawn, name, epochs, log=log),
                height=220,
                alt=f"{name.capitalize()} over the epochs; the line below gives the latest values.",
            )
            st.caption(_latest(training, validation, name))


def points(rows: list[ProgressRow], of: str, name: str) -> list[dict]:
    """Return at most half of POINTS points of a line, its first and last among them."""
    known = [row for row in rows if getattr(row, name) is not None]  # a diverged loss is None
    few = np.unique(np.linspace(0, len(known) - 1, min(len(known), POINTS // 2)).astype(int))
    return [
        {
            "epoch": round(known[i].step / known[i].batches, 3),
            name: round(getattr(known[i], name), 5),
            "of": of,
        }
        for i in few
    ]


def _latest(training: list[ProgressRow], validation: list[ProgressRow], name: str) -> str:
    words = f"Training {_formatted(name, getattr(training[-1], name))}"
    if validation:
        values = [value for row in validation if (value := getattr(row, name)) is not None]
        best = (min if name == "loss" else max)(values, default=None)
        last = getattr(validation[-1], name)
        words += f", validation {_formatted(name, last)}, at best {_formatted(name, best)}"
    return words + "."


def _formatted(name: str, value: float | None) -> str:
    if value is None:
        return "not a number: try a lower learning rate"
    return f"{value:.3f}" if name == "loss" else f"{100 * value:.2f} %"


def _chart(rows: list[dict], name: str, epochs: int, *, log: bool) -> alt.Chart:
    if log:  # which has no place for zero
        rows = [row for row in rows if row[name] > 0]
    corner = "top-right" if name == "loss" else "bottom-right"  # where the lines are not
    percent = alt.Axis(format=".0%") if name == "accuracy" else alt.Axis()
    legend = alt.Legend(orient=corner, title=None)
    return (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(tooltip=True)
        .encode(
            x=alt.X("epoch:Q", title=None, scale=alt.Scale(domain=[0, epochs])),
            y=alt.Y(f"{name}:Q", title=None, scale=_scale(log=log), axis=percent),
            color=alt.Color("of:N", legend=legend),
            strokeDash=alt.StrokeDash("of:N", legend=legend),
        )
    )


def _scale(*, log: bool) -> alt.Scale:
    return alt.Scale(type="log") if log else alt.Scale(zero=False)
