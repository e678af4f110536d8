"""Every page in both themes: axe-core finds nothing serious, and the console stays silent."""

from axe_playwright_python.sync_playwright import Axe
from browser.conftest import PATIENCE_MS
from browser.test_draw import DIGITS, draw, read
from helpers.servers import Server
from playwright.sync_api import Browser, Page, expect

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


def findings(page: Page, theme: str) -> list[str]:
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(
        "theme => getComputedStyle(document.querySelector('.stApp')).colorScheme === theme",
        arg=theme,
    )
    page.wait_for_timeout(300)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def test_no_page_has_a_serious_finding_or_an_error_in_the_console(browser: Browser, app: Server):
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce"
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
            expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=PATIENCE_MS)
        for theme in ("light", "dark"):
            assert not findings(page, theme), (name, theme)
        page.emulate_media(color_scheme="light")
        assert not said, name
    context.close()
