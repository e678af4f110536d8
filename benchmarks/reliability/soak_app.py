"""The app of a soak with programs: app.py for the people, and the HTTP API for who has a key."""

from starlette.middleware import Middleware
from streamlit import App

from recognizer.api import app as api
from recognizer.system import home
from serving.mount import Mount

app = App(
    home.PROJECT / "app.py",
    middleware=[Middleware(Mount, path="/api", mounted=api.create(exposed=True))],
)
