"""The app: `streamlit run app.py`. Page configuration and navigation; the pages are in pages/."""

import streamlit as st

from pages.shared import error_boundary, garbage, layout
from pages.shared.access import roles, sign_in
from recognizer import classroom

error_boundary.install()
garbage.collect_at_intervals()
classroom.purge_daily()
place = "on the server" if roles.is_exposed() else "on this machine"
st.set_page_config(
    page_icon=str(layout.ICON),
    layout="wide",
    menu_items={"About": f"Draw a digit and see it read. Everything stays {place}."},
)
layout.mark_run()
st.navigation(layout.pages(), position="top").run()
sign_in.show()
