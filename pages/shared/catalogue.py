"""The models that there are, for the pages that let one choose."""

import streamlit as st

from pages.shared import sheets
from recognizer import store
from recognizer.errors import RecognizerError
from recognizer.store import StoredModel


def whole() -> dict[str, StoredModel]:
    """Return the models by name, the default one first; say on the page what is wrong with any.

    They are looked up each time: a model trained or deleted elsewhere shows at once.
    """
    try:
        found = store.list_models()
        for reason in found.broken.values():
            st.warning(f"A model is left out. {sheets.plain(reason)}", icon=":material/warning:")
        if not found.whole:
            store.find()  # says how to get one
    except RecognizerError as error:
        st.error(sheets.plain(str(error)), icon=":material/error:")
        return {}
    return {model.name: model for model in found.whole}


def titled(model: StoredModel) -> str:
    """Return how a model is called in a list to choose from."""
    return f"{model.name} (default)" if model.default else model.name
