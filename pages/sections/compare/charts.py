"""Charts that lay several models over each other, each in a colour of its own."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.components import markup
from recognizer import evaluation
from recognizer.evaluation import Evaluation
from recognizer.models.card import ModelCard

HEIGHT = 270
ROW = 34  # pixels of a model in the chart of intervals


def intervals(measured: Mapping[str, Evaluation]) -> None:
    """Draw each model's accuracy with its interval."""
    rows = [
        {
            "model": name,
            "right": round(100 * one.accuracy, 3),
            "low": round(100 * one.interval[0], 3),
            "high": round(100 * one.interval[1], 3),
        }
        for name, one in measured.items()
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("model:N", sort=list(measured), axis=alt.Axis(title=None)),
        color=_models(measured, legend=None),
    )
    across = {"scale": alt.Scale(zero=False), "title": "accuracy, %"}
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", **across), x2="high:Q")
    dots = base.mark_point(filled=True, size=90, opacity=1, tooltip=True).encode(
        x=alt.X("right:Q", **across)
    )
    ranges = "; ".join(f"{row['model']} {row['low']} to {row['high']} %" for row in rows)
    st.altair_chart(lines + dots, height=70 + ROW * len(rows), alt=f"95 % intervals: {ranges}.")


def calibration(
    probabilities: Mapping[str, np.ndarray],
    measured: Mapping[str, Evaluation],
    labels: np.ndarray,
) -> None:
    """Draw how often a model is right when it is so sure; the diagonal is honesty."""
    st.header("Calibration", anchor=False)
    rows = []
    for name, one in probabilities.items():
        bins = zip(*evaluation.calibration(one, labels), strict=True)
        rows += [
            {"model": name, "sure": float(sure), "right": float(right), "digits": int(count)}
            for sure, right, count in bins
        ]
    lowest = min(min(row["sure"], row["right"]) for row in rows)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.altair_chart(
            _calibration(rows, measured, max(0.0, np.floor(10 * lowest) / 10)),
            height=HEIGHT,
            alt="Accuracy by confidence, of each model; the text beside it gives the gaps.",
        )
    with right:
        for name, one in probabilities.items():
            st.markdown(_trust(name, float(one.max(axis=1).mean()), measured[name]))
        st.caption(
            "Each dot is one confidence bin; its size is the number of digits. Below the dashed "
            "line the model is overconfident, above it underconfident. Small dots are uncertain."
        )


def learning(cards: Mapping[str, ModelCard]) -> None:
    """Draw loss and accuracy over the epochs of each model's training, where its card has them."""
    if without := [name for name, card in cards.items() if not card.history]:
        st.caption(f"No learning curves are recorded of {markup.plain(', '.join(without))}.")
    cards = {name: card for name, card in cards.items() if card.history}
    if not cards:
        return
    for column, name in zip(st.columns(2, gap="medium"), ("loss", "accuracy"), strict=True):
        with column:
            st.markdown(f"**{name.capitalize()}** by epoch")
            rows = [row for model, card in cards.items() for row in _curve(model, card, name)]
            st.altair_chart(
                _curves(rows, cards, name),
                height=HEIGHT,
                alt=f"{name.capitalize()} over the epochs of "
                + ", ".join(f"{model} ({len(card.history)})" for model, card in cards.items()),
            )
    words = (
        "Solid: validation. Dashed: training, measured on augmented images and with dropout, so it "
        "often looks worse."
    )
    if without := [name for name, card in cards.items() if not _is_validated(card)]:
        words += f" No validation is recorded of {markup.plain(', '.join(without))}."
    st.caption(words)


def _models(names: Mapping[str, object], legend: alt.Legend | None) -> alt.Color:
    """Return the models in their order, which gives each the same colour in every chart."""
    scale = alt.Scale(domain=list(names))
    return alt.Color("model:N", sort=list(names), scale=scale, legend=legend)


def _on_top() -> alt.Legend:
    return alt.Legend(orient="top", title=None)


def _calibration(rows: list[dict], names: Mapping[str, object], low: float) -> alt.LayerChart:
    shares = {"scale": alt.Scale(domain=[low, 1]), "axis": alt.Axis(format=".0%")}
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("sure:Q", title="confidence", **shares),
        y=alt.Y("right:Q", title="accuracy", **shares),
        color=_models(names, _on_top()),
    )
    sizes = alt.Scale(type="sqrt", range=[15, 250])
    dots = base.mark_point(filled=True, tooltip=True, opacity=1).encode(
        size=alt.Size("digits:Q", scale=sizes, legend=None)
    )
    diagonal = (
        alt.Chart(pd.DataFrame([{"at": low}, {"at": 1}]))
        .mark_line(strokeDash=[4, 4], color=markup.ink(), opacity=0.6)
        .encode(x="at:Q", y="at:Q")
    )
    return alt.layer(diagonal, base.mark_line(), dots)


def _trust(name: str, confidence: float, measured: Evaluation) -> str:
    gap = 100 * (confidence - measured.accuracy)
    way = "overconfident" if gap > 0 else "underconfident"
    return (
        f"**{markup.plain(name)}**: {abs(gap):.2f} points {way}; calibration error "
        f"{100 * measured.calibration_error:.2f}\N{NO-BREAK SPACE}%."
    )


def _is_validated(card: ModelCard) -> bool:
    """Whether a card tells what was read after each epoch; those of older trainings do not."""
    return any(log.validation_loss is not None for log in card.history)


def _curve(model: str, card: ModelCard, name: str) -> list[dict]:
    rows = []
    for log in card.history:
        for of, value in (
            ("training", getattr(log, name)),
            ("validation", getattr(log, f"validation_{name}")),
        ):
            if value is not None:
                rows.append({"model": model, "epoch": log.epoch, name: round(value, 5), "of": of})
    return rows


def _curves(rows: list[dict], names: Mapping[str, object], name: str) -> alt.LayerChart:
    axis = alt.Axis(format=".0%") if name == "accuracy" else alt.Axis()
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("epoch:Q", title=None),
        y=alt.Y(f"{name}:Q", title=None, scale=alt.Scale(zero=False), axis=axis),
        color=_models(names, _on_top()),
    )
    dashes = alt.Scale(domain=["validation", "training"], range=[[1, 0], [4, 3]])
    lines = base.mark_line().encode(strokeDash=alt.StrokeDash("of:N", scale=dashes, legend=None))
    return lines + base.mark_point(filled=True, size=14, opacity=1, tooltip=True)
