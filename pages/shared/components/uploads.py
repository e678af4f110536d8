"""What people are told before they try to upload where the browser cannot."""

import streamlit as st

from pages.shared.components import messages

_COOKIE = "_streamlit_xsrf"  # Streamlit 1.67 refuses an upload without it, in no words


def warn_if_blocked() -> None:
    """Say why uploads will be refused where the browser sends no cookies, as in others' frames."""
    guarded = st.get_option("server.enableXsrfProtection")
    if guarded and len(st.context.headers) and _COOKIE not in st.context.cookies:
        messages.warning(
            "Files cannot be uploaded here: your browser sends no cookies to this page, as where "
            "it is shown inside another site's page. Open it in a tab of its own, or allow its "
            "cookies."
        )
