"""Nothing but Clear and Undo takes ink away, however quickly the page is worked."""

import pytest
from browser.conftest import PATIENCE_MS
from browser.test_draw import draw_at, metric, read
from playwright.sync_api import Page, expect

INK = """() => {
  const host = [...document.querySelectorAll(".st-key-sheet *")].find(
    (one) => one.shadowRoot?.querySelector(".upper-canvas"));
  if (!host) return 0;
  const lower = host.shadowRoot.querySelector(".upper-canvas").parentElement
    .querySelector(".lower-canvas");
  const { data } = lower.getContext("2d").getImageData(0, 0, lower.width, lower.height);
  let dark = 0;
  for (let i = 0; i < data.length; i += 4) dark += data[i] < 128 && data[i + 3] > 128;
  return dark;
}"""


def drawn(page: Page) -> int:
    """Draw three strokes; return the number of dark pixels."""
    for y in (80, 160, 240):
        draw_at(page, y)
        page.wait_for_timeout(700)
    read(page)
    return page.evaluate(INK)


@pytest.mark.parametrize("gap", [0, 30])
def test_the_pens_width_changed_by_quick_keys_wipes_nothing(page: Page, gap: int):
    ink = drawn(page)
    page.get_by_role("button", name="Pen", exact=True).click()
    page.get_by_role("slider").focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(gap)
    page.wait_for_timeout(1000)
    page.wait_for_function(f"({INK})() === {ink}", timeout=PATIENCE_MS)


def test_three_quick_undos_are_three_and_as_many_redos_bring_all_back(page: Page):
    ink = drawn(page)
    page.locator("h1").first.click()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    page.wait_for_function(f"({INK})() === 0", timeout=PATIENCE_MS)
    for _ in range(3):
        page.keyboard.press("Control+y")
    page.wait_for_function(f"({INK})() === {ink}", timeout=PATIENCE_MS)
    read(page)
