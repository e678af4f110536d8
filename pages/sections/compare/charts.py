"""Charts that lay several models over each other, each in a colour of its own."""

from collections.abc import Mapping

import numpy as np
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
    across = {"type": "quantitative", "scale": {"zero": False}, "title": "read right, %"}
    models = _models(measured)
    spec = {
        "encoding": {"y": {**models, "axis": {"title": None}}},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "x": {"field": "low", **across},
                    "x2": {"field": "high"},
                    "color": {**models, "legend": None},
                },
            },
            {
                "mark": {
                    "type": "point",
                    "filled": True,
                    "size": 90,
                    "opacity": 1,
                    "tooltip": True,
                },
                "encoding": {
                    "x": {"field": "right", **across},
                    "color": {**models, "legend": None},
                },
            },
        ],
    }
    told = "; ".join(f"{row['model']} {row['low']} to {row['high']} %" for row in rows)
    st.vega_lite_chart(rows, spec, height=70 + ROW * len(rows), alt=f"95 % intervals: {told}.")


def calibration(
    probabilities: Mapping[str, np.ndarray],
    measured: Mapping[str, Evaluation],
    labels: np.ndarray,
) -> None:
    """Draw how often a model is right when it is so sure; the diagonal is honesty."""
    st.subheader("How far their confidence can be trusted", anchor=False)
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
        st.vega_lite_chart(
            rows,
            _calibration(measured, max(0.0, np.floor(10 * lowest) / 10)),
            height=HEIGHT,
            alt="Share read right by confidence, of each model; the text beside it tells the gaps.",
        )
    with right:
        for name, one in probabilities.items():
            st.markdown(_trust(name, float(one.max(axis=1).mean()), measured[name]))
        st.caption(
            "A dot is the digits read with about one confidence, the bigger the more. Below the "
            "dashed line the model is surer than it is right. Small dots mean little."
        )


def learning(cards: Mapping[str, ModelCard]) -> None:
    """Draw loss and accuracy over the epochs of each model's training."""
    for column, name in zip(st.columns(2, gap="medium"), ("loss", "accuracy"), strict=True):
        with column:
            st.markdown(f"**{name.capitalize()}** by epoch")
            rows = [row for model, card in cards.items() for row in _curve(model, card, name)]
            st.vega_lite_chart(
                rows,
                _curves(cards, name),
                height=HEIGHT,
                alt=f"{name.capitalize()} over the epochs of "
                + ", ".join(f"{model} ({len(card.history)})" for model, card in cards.items()),
            )
    st.caption(
        "Solid: validation; dashed: training, which is told on changed images and with dropout at "
        "work, so that it often looks worse. Older cards have no validation."
    )


def _models(names: Mapping[str, object]) -> dict:
    """Return the models in their order, which gives each the same colour in every chart."""
    return {
        "field": "model",
        "type": "nominal",
        "sort": list(names),
        "scale": {"domain": list(names)},
    }


def _calibration(names: Mapping[str, object], low: float) -> dict:
    shares = {"type": "quantitative", "scale": {"domain": [low, 1]}, "axis": {"format": ".0%"}}
    diagonal = [{"at": low}, {"at": 1}]
    at = {"field": "at", "type": "quantitative"}
    return {
        "layer": [
            {
                "data": {"values": diagonal},
                "mark": {
                    "type": "line",
                    "strokeDash": [4, 4],
                    "color": markup.ink(),
                    "opacity": 0.6,
                },
                "encoding": {"x": at, "y": at},
            },
            {
                "mark": {"type": "line"},
                "encoding": _calibrated(names, shares),
            },
            {
                "mark": {"type": "point", "filled": True, "tooltip": True, "opacity": 1},
                "encoding": {
                    **_calibrated(names, shares),
                    "size": {
                        "field": "digits",
                        "type": "quantitative",
                        "scale": {"type": "sqrt", "range": [15, 250]},
                        "legend": None,
                    },
                },
            },
        ]
    }


def _calibrated(names: Mapping[str, object], shares: dict) -> dict:
    return {
        "x": {"field": "sure", "title": "how sure it is", **shares},
        "y": {"field": "right", "title": "read right", **shares},
        "color": {**_models(names), "legend": {"orient": "top", "title": None}},
    }


def _trust(name: str, confidence: float, measured: Evaluation) -> str:
    gap = 100 * (confidence - measured.accuracy)
    way = "surer than it is right" if gap > 0 else "less sure than it could be"
    return (
        f"**{markup.plain(name)}**: {abs(gap):.2f} points {way}; calibration error "
        f"{100 * measured.calibration_error:.2f}\N{NO-BREAK SPACE}%."
    )


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


def _curves(names: Mapping[str, object], name: str) -> dict:
    value = {"field": name, "type": "quantitative", "title": None, "scale": {"zero": False}}
    if name == "accuracy":
        value["axis"] = {"format": ".0%"}
    encoding = {
        "x": {"field": "epoch", "type": "quantitative", "title": None},
        "y": value,
        "color": {**_models(names), "legend": {"orient": "top", "title": None}},
    }
    dashes = {
        "field": "of",
        "type": "nominal",
        "scale": {"domain": ["validation", "training"], "range": [[1, 0], [4, 3]]},
        "legend": None,
    }
    dots = {"type": "point", "filled": True, "size": 14, "opacity": 1, "tooltip": True}
    return {
        "encoding": encoding,
        "layer": [{"mark": "line", "encoding": {"strokeDash": dashes}}, {"mark": dots}],
    }
