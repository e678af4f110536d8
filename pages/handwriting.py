"""Write each digit once to three times: an exam for the models, and what they learn of a hand."""

import streamlit as st

from pages.sections.handwriting import exam, usage, writing
from pages.shared import error_boundary, handwriting, layout, model_list
from pages.shared.canvas import panel
from pages.shared.components import messages
from recognizer.errors import RecognizerError


def main() -> None:
    """Lay out the page."""
    arrived = layout.guard("handwriting")
    if arrived:
        writing.sketch().mounted = False
    board()


@error_boundary.fragment
def board() -> None:
    """Show everything that follows the pen: a stroke reruns this, not the page."""
    if not (models := model_list.whole()):
        return
    left, right = st.columns([2, 3], gap="large")
    try:
        with left:
            st.title("My handwriting", anchor=False)
            usage.choose_hand()
            writing.show(next(iter(models.values())))
        with right:
            if handwriting.corrections().count_digits():
                usage.show(panel.choose_model(models))
                exam.show(models)
            else:
                st.write(
                    "Write each digit once, which takes less than a minute. Then this page shows "
                    "how many of yours each model reads right, and lets the models know how you "
                    "write."
                )
    except RecognizerError as error:
        messages.error(error)


main()
