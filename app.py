"""The app: `streamlit run app.py`. Page configuration and navigation; the pages are in pages/."""

import streamlit as st

from pages.shared import frame

st.set_page_config(
    page_icon=str(frame.ICON),
    layout="wide",
    menu_items={"About": "Draw a digit and see it read. Everything stays on this machine."},
)
frame.mark_run()
st.navigation(frame.pages(), position="top").run()
