"""A class's handwriting: pupils write on their phones, the operator watches and trains."""

import streamlit as st

from pages.sections.classroom import opening, pupil, watching
from pages.shared import layout, model_list
from pages.shared.access import roles
from pages.shared.access.roles import Action
from pages.shared.canvas import prompts
from pages.shared.components import messages
from recognizer.errors import RecognizerError


def main() -> None:
    """Lay out the page: a pupil's where the address has a code, else the operator's."""
    if layout.guard("classroom"):
        prompts.sketch(pupil.KEY).mounted = False
    if not (models := model_list.whole()):
        return
    try:
        if code := st.query_params.get(pupil.CODE):
            pupil.show(code, models)
        elif roles.may(Action.OPEN_CLASS):
            st.title("Collect a class's handwriting", anchor=False)
            collection = opening.choose()
            if collection:
                watching.show(collection, next(iter(models.values())))
        else:
            st.title("Write for your class", anchor=False)
            pupil.ask_code()
    except RecognizerError as error:
        messages.error(error)


main()
