"""Compare models, know which is better, and look after them."""

import streamlit as st

from pages.shared import (
    charts,
    comparing_results,
    comparing_rows,
    comparing_table,
    frame,
    model_care,
    model_choice,
    sheets,
)
from recognizer import store
from recognizer.errors import RecognizerError

COMPARE, CARE = WAYS = ("Compare", "Look after a model")


def main() -> None:
    """Lay out the page: the table of all models, and below it one of two ways to go on."""
    frame.guard("compare")
    st.html(charts.style() + sheets.STYLE + comparing_results.STYLE + model_care.STYLE)
    st.title("Compare models and know which is better", anchor=False)
    try:
        found = store.list_models()
        if not found.whole:
            store.find()  # says how to get one
        show(found)
    except RecognizerError as error:
        st.error(sheets.plain(str(error)), icon=":material/error:")


def show(found: store.Models) -> None:
    """Show the models there are."""
    models = {model.name: model for model in found.whole}
    comparing_table.show(found.whole)
    for reason in found.broken.values():
        st.warning(f"A model is left out. {sheets.plain(reason)}", icon=":material/warning:")
    way = model_choice.switch("What to do", WAYS)
    if way == CARE:
        model_care.show(models)
    else:
        compare(models)


def compare(models: dict[str, store.StoredModel]) -> None:
    """Compare some models on some labelled digits."""
    chosen = model_choice.several(models)
    rows = comparing_rows.choose()
    if len(chosen) < 2:
        st.info("Pick two models or more to compare them.", icon=":material/info:")
    elif rows is not None:
        comparing_results.show([models[name] for name in chosen], rows)


main()
