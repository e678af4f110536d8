"""One line that screen readers speak when it changes, and that nobody sees.

A component of its own keeps its place on the page: an element that arrives anew with each message
is not heard.
"""

import streamlit as st

_HTML = '<p class="unseen" role="status"></p>'
_JS = """
export default function ({ data, parentElement }) {
  const line = parentElement.querySelector("[role=status]");
  if (line.textContent !== data) line.textContent = data;
}
"""


def say(text: str) -> None:
    """Have a sentence spoken, unless it was the last one; an empty one is silence."""
    line = st.components.v2.component("status-line", html=_HTML, js=_JS, isolate_styles=False)
    line(key="status-line", height=0, data=text)
