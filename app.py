"""The app: `streamlit run app.py`. Page configuration and navigation; the pages are in pages/."""

import streamlit as st

from pages.shared import access, faults, frame, signing

faults.watch()
place = "on the server" if access.is_exposed() else "on this machine"
st.set_page_config(
    page_icon=str(frame.ICON),
    layout="wide",
    menu_items={"About": f"Draw a digit and see it read. Everything stays {place}."},
)
frame.mark_run()
st.navigation(frame.pages(), position="top").run()
signing.show()
