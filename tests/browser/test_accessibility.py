"""Every page in both themes: axe-core finds nothing serious, and the console stays silent."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import PATIENCE_MS, App
from browser.test_draw import DIGITS, draw, read
from playwright.sync_api import Browser, Page

PAGES = ("Draw", "Handwriting", "Batch", "Train", "Compare", "Inside")
SAMPLES = {"Batch": "Read a sample", "Train": "Use a sample", "Compare": "Use a sample"}
SERIOUS = ("serious", "critical")


def settle(page: Page) -> None:
    """Wait until the run has ended, and nothing is pale that belongs to the run before."""
    page.locator("h1").first.wait_for()
    page.wait_for_timeout(1000)
    page.wait_for_function(
        "() => document.querySelector('.stApp').dataset.testScriptState !== 'running' && "
        "!document.querySelector('[data-stale=true]')",
        timeout=PATIENCE_MS,
    )
    page.wait_for_timeout(500)


def findings(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_has_no_serious_finding_and_no_error_in_the_console(
    browser: Browser, app: App, theme: str
):
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page, said = context.new_page(), []
    page.on("console", lambda message: message.type == "error" and said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(app.url)
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).first.click()
        settle(page)
        if name == "Draw":
            draw(page, DIGITS[7])
            read(page)
        sample = page.get_by_role("button", name=SAMPLES.get(name, "-"))
        if sample.count():
            sample.first.click()
            settle(page)
        assert not findings(page), name
        assert not said, name
    context.close()
