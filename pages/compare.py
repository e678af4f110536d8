"""Compare models, know which is better, and manage them."""

import streamlit as st

from pages.sections.compare import (
    manage,
    models_table,
    results,
    runs_table,
    selection,
    test_set,
)
from pages.shared import layout, model_list
from pages.shared.components import messages
from recognizer.errors import RecognizerError
from recognizer.models.registry import StoredModel

COMPARE, MANAGE, SETTINGS = WAYS = ("Compare", "Manage a model", "Training settings")


def main() -> None:
    """Lay out the page: the table of all models, and below it one of three ways to go on."""
    layout.guard("compare")
    st.title("Compare models and know which is better", anchor=False)
    try:
        if models := model_list.whole():
            show(models)
    except RecognizerError as error:
        messages.error(error)


def show(models: dict[str, StoredModel]) -> None:
    """Show the models there are."""
    models_table.show(tuple(models.values()))
    way = selection.switch("What to do", WAYS)
    if way == MANAGE:
        manage.show(models)
    elif way == SETTINGS:
        runs_table.show(tuple(models.values()))
    else:
        compare(models)


def compare(models: dict[str, StoredModel]) -> None:
    """Compare some models on some labelled digits."""
    chosen = selection.several(models)
    rows = test_set.choose()
    if len(chosen) < 2:
        messages.info("Pick two models or more to compare them.")
    elif rows is not None:
        results.show([models[name] for name in chosen], rows)


main()
