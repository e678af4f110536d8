"""Write each digit one to five times: an exam for the models, and what they learn of a hand."""

import streamlit as st

from pages.sections.handwriting import usage, writing
from pages.shared import error_boundary, handwriting, layout, model_list
from pages.shared.canvas import panel, prompts
from pages.shared.components import exam, messages
from recognizer.errors import RecognizerError


def main() -> None:
    """Lay out the page."""
    arrived = layout.guard("handwriting")
    if arrived:
        prompts.sketch(writing.KEY).mounted = False
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
            digits = handwriting.corrections().digits()
            if len(digits):
                usage.show(panel.choose_model(models))
                exam.show(models, digits)
            else:
                st.write(
                    "Write each digit once, which takes less than a minute. Then this page shows "
                    "how many of yours each model reads right, and lets the models know how you "
                    "write."
                )
    except RecognizerError as error:
        messages.error(error)


main()
