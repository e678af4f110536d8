"""Readings and models as JSON: the same from the command line's `--json` and from the API."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recognizer.models import maintenance

if TYPE_CHECKING:
    from recognizer.forms import Form
    from recognizer.models.registry import StoredModel
    from recognizer.numbers import Page
    from recognizer.records import Reading


def reading_entry(file: str, reading: "Reading") -> dict[str, Any]:
    """Return what was read in a picture of one digit; `digit` is None where it is blank."""
    return {
        "file": file,
        "digit": reading.digit,
        "confidence": reading.confidence,
        "probabilities": list(reading.probabilities),
        "is_digit": reading.is_digit,
    }


def page_entry(file: str, page: "Page") -> dict[str, Any]:
    """Return what was read in a picture of several digits: its lines from top to bottom."""
    lines = [
        {
            "text": line.text,
            "confidence": line.confidence,
            "digits": [
                {
                    "digit": digit.reading,
                    "confidence": digit.confidence,
                    "is_digit": digit.is_digit,
                    "box": list(digit.box),
                }
                for digit in line.digits
            ],
        }
        for line in page.lines
    ]
    return {"file": file, "lines": lines}


def form_entry(file: str, form: "Form") -> dict[str, Any]:
    """Return what was read in a form: its table, and each cell from left to right."""
    cells = [
        {
            "name": cell.name,
            "row": cell.row + 1,
            "column": cell.column + 1,
            "text": cell.text,
            "confidence": cell.confidence,
            "is_digit": cell.is_digit,
            "corners": cell.corners.round(1).tolist(),
        }
        for cell in form.cells
    ]
    return {"file": file, "rows": form.rows, "columns": form.columns, "table": form.table,
            "cells": cells}  # fmt: skip


def model_entry(model: "StoredModel") -> dict[str, Any]:
    """Return what there is to know of a model."""
    return {
        "name": model.name,
        "architecture": model.card.architecture,
        "parameters": model.card.parameters,
        "default": model.default,
        "accuracy": model.card.accuracy,
        "n": model.card.n,
        "interval": list(model.card.interval),
        "shipped": model.shipped,
        "trained_on": {"name": model.card.data.name, **asdict(model.card.data)},
        "created": model.card.created,
        "bytes": model.size,
        "sha256": model.card.sha256,
        "note": maintenance.read_note(model),
    }
