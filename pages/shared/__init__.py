"""What pages share. A subfolder, so that Streamlit does not list it as a page."""
