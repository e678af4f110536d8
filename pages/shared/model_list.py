"""The models that there are, for the pages that let one choose."""

import streamlit as st

from pages.shared import session
from pages.shared.components import messages
from recognizer.errors import ModelError, RecognizerError
from recognizer.inference import trial
from recognizer.models import registry
from recognizer.models.registry import StoredModel

# What the Compare page is about: keys of its widgets, and of its address.
PICKED, WAY, ROWS = "models", "do", "rows"
MOST = 5  # models at once: as many colours can be distinguished


def whole() -> dict[str, StoredModel]:
    """Return the models by name, the default one first; say on the page what is wrong with any.

    They are looked up each time: a model trained or deleted elsewhere shows at once. One that is
    new is tried first, which takes a second; one that cannot read is left out as a damaged one is.
    """
    try:
        found = registry.list_models()
        broken, whole = list(found.broken.values()), {}
        for model in found.available:
            try:
                trial.check(model)
            except ModelError as error:
                broken.append(str(error))
            else:
                whole[model.name] = model
        for reason in broken:
            messages.warning(f"A model is left out. {reason}")
        if not found.available:
            registry.find_model()  # says how to get one
    except RecognizerError as error:
        messages.error(error)
        return {}
    return whole


def pick_to_compare(name: str) -> None:
    """Choose a model, and the first of the others beside it, before the Compare page is shown."""
    others = [model.name for model in registry.list_models().available if model.name != name]
    st.session_state[PICKED] = [*others[:1], name]
    st.session_state.pop(WAY, None)


def pick_several(names: list[str], rows: str | None = None) -> None:
    """Choose models, and labelled rows by their key, before the Compare page is shown."""
    st.session_state[PICKED] = names
    if rows:
        st.session_state[ROWS] = rows
    st.session_state.pop(WAY, None)


def chosen() -> StoredModel:
    """Return the model that is chosen on the Draw page; the default one where that is gone.

    Raises:
        ModelError: there is none.
    """
    there = {model.name: model for model in registry.list_models().available}
    return there.get(session.choice(session.MODEL)) or registry.find_model()


def titled(model: StoredModel) -> str:
    """Return how a model is called in a list to choose from."""
    return f"{model.name} (default)" if model.default else model.name
