"""A page in Streamlit's own test runner: run it, press what is on it."""

import json

from streamlit.testing.v1 import AppTest


def run(app: AppTest) -> AppTest:
    """Run the page as it stands; it must end well."""
    app.run()
    assert not app.exception, app.exception[0]
    return app


def press(app: AppTest, label: str) -> AppTest:
    """Press the first button with that label."""
    next(button for button in app.button if button.label == label).click()
    return run(app)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def grid(app: AppTest) -> list[list[str]]:
    """The lines below each image that can be picked, of all grids in their order."""
    grids = [one.proto for one in app.get("bidi_component")]
    images = [json.loads(one.json) for one in grids if one.component_name == "image-grid"]
    lines = [image["caption"].split("\n") for part in images for image in part]
    return [[line.replace("\N{NO-BREAK SPACE}", " ") for line in one] for one in lines]
