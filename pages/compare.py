"""Compare models, know which is better, and look after them."""

import streamlit as st

from pages.shared import (
    catalogue,
    charts,
    comparing_results,
    comparing_rows,
    comparing_table,
    frame,
    model_care,
    model_choice,
    sheets,
)
from recognizer.errors import RecognizerError
from recognizer.store import StoredModel

COMPARE, CARE = WAYS = ("Compare", "Look after a model")


def main() -> None:
    """Lay out the page: the table of all models, and below it one of two ways to go on."""
    frame.guard("compare")
    st.html(charts.style() + sheets.STYLE + comparing_results.STYLE + model_care.STYLE)
    st.title("Compare models and know which is better", anchor=False)
    try:
        if models := catalogue.whole():
            show(models)
    except RecognizerError as error:
        st.error(sheets.plain(str(error)), icon=":material/error:")


def show(models: dict[str, StoredModel]) -> None:
    """Show the models there are."""
    comparing_table.show(tuple(models.values()))
    way = model_choice.switch("What to do", WAYS)
    if way == CARE:
        model_care.show(models)
    else:
        compare(models)


def compare(models: dict[str, StoredModel]) -> None:
    """Compare some models on some labelled digits."""
    chosen = model_choice.several(models)
    rows = comparing_rows.choose()
    if len(chosen) < 2:
        st.info("Pick two models or more to compare them.", icon=":material/info:")
    elif rows is not None:
        comparing_results.show([models[name] for name in chosen], rows)


main()
