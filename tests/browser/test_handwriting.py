"""The Handwriting page as people use it: the next digit by itself, the exam, and its end."""

import os

import pytest
from browser.conftest import PATIENCE_MS, PROJECT, visit
from browser.test_draw import DIGITS, PHONE, draw, metric
from browser.test_roles import TOKEN, sign_in
from helpers.servers import served
from playwright.sync_api import Browser, Locator, Page, expect

from pages.shared.components.markup import article
from recognizer.classroom import Classroom
from recognizer.datasets.corrections import Corrections

SCREENSHOTS = os.environ.get("UPDATE_SCREENSHOTS") == "1"  # a plain test run changes no file


@pytest.fixture
def alone(browser: Browser, tmp_path):
    """A phone and a server of its own, on the Handwriting page; and where the server keeps it."""
    for app in served("app.py", tmp_path):
        for page in visit(browser, f"{app.url}/handwriting", **PHONE):
            yield page, Corrections(app.home / "corrections.db")


def asked(page: Page, digit: int):
    return page.get_by_role("status", name=f"Write {article(digit)}", exact=True)


def write(page: Page, digit: int) -> None:
    expect(asked(page, digit)).to_be_visible(timeout=PATIENCE_MS)
    draw(page, DIGITS[digit])


@pytest.mark.skipif(len(DIGITS) < 10, reason="needs RECOGNIZER_DATA")
def test_each_digit_written_once_is_an_exam_and_can_be_forgotten(alone):
    page, kept = alone
    for digit in range(10):
        write(page, digit)
    expect(page.get_by_text("Each digit is written once")).to_be_visible()
    assert kept.digits().labels.tolist() == list(range(10))
    expect(page.get_by_text("How each model alone reads it")).to_be_visible()
    expect(page.locator("table.facts").first).to_contain_text("of 10")
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390, (
        "it scrolls sideways"
    )
    if SCREENSHOTS:
        page.screenshot(path=PROJECT / "docs" / "handwriting-phone.png", full_page=True)
    page.get_by_role("button", name="Forget").first.click()
    page.get_by_role("button", name="Forget this handwriting").click()
    expect(asked(page, 0)).to_be_visible()
    assert kept.count() == 0


def test_the_last_digit_can_be_taken_back_and_one_be_skipped(alone):
    page, kept = alone
    first = asked(page, 0)
    expect(first).to_be_visible()
    draw(page, DIGITS[7])  # as a 0: whoever writes decides
    expect(asked(page, 1)).to_be_visible()
    assert kept.count() == 1
    page.get_by_role("button", name="Take back the last digit").click()
    expect(first).to_be_visible()
    assert kept.count() == 0
    page.get_by_role("button", name="Skip the 0").click()
    expect(asked(page, 1)).to_be_visible()


TRIANGLE = [[(500, 0), (0, 900), (1000, 900), (500, 0)]]  # alone it is read as a 0


def test_the_draw_page_reads_with_the_hand_that_is_on(alone):
    page, _ = alone
    expect(asked(page, 0)).to_be_visible()
    page.get_by_role("button", name="Skip the 0").click()
    expect(asked(page, 1)).to_be_visible()
    draw(page, TRIANGLE)  # a 1 of nobody else: it costs others' digits nothing
    expect(asked(page, 2)).to_be_visible()
    page.get_by_text("Use my handwriting").click()
    page.set_viewport_size({"width": 1280, "height": 900})  # where the menu is in one line
    page.get_by_role("link", name="Draw", exact=True).filter(visible=True).click()
    expect(metric(page, "Digit")).to_have_text("–")
    draw(page, TRIANGLE)
    expect(metric(page, "Digit")).to_have_text("1")
    expect(page.get_by_text("Read with my handwriting")).to_be_visible()


def see(what: Locator) -> None:
    """Wait as long as a busy machine with four browsers takes."""
    expect(what).to_be_visible(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def school(browser: Browser, tmp_path_factory):
    """A server for others, and a way for anyone to come to its Class page."""
    folder = tmp_path_factory.mktemp("school")
    contexts = []
    for app in served("serve.py", folder, RECOGNIZER_OPERATOR_TOKEN=TOKEN):

        def come(address: str = "", url: str = app.url, **context: object) -> Page:
            contexts.append(browser.new_context(**context))
            contexts[-1].set_default_timeout(PATIENCE_MS)
            page = contexts[-1].new_page()
            page.goto(f"{url}/classroom{address}")
            return page

        yield come, Classroom(app.home / "classes.db")
        for one in contexts:
            one.close()


@pytest.mark.skipif(len(DIGITS) < 10, reason="needs RECOGNIZER_DATA")
def test_a_class_of_three_writes_on_phones_and_its_teacher_watches(school):
    come, classroom = school
    teacher = come(viewport={"width": 1280, "height": 900})
    sign_in(teacher, TOKEN)
    teacher.get_by_label("Name of the class").fill("class 5b")
    teacher.get_by_role("button", name="Open the class").click()
    see(teacher.get_by_text("0 of 0 pupils are done"))
    [collection] = classroom.collections()
    pupils = []
    for name in ("Ada", "Ben", "Cem"):
        pupil = come(f"?code={collection.code}", **PHONE)
        see(pupil.get_by_text("kept on this server until"))
        expect(pupil.locator("canvas.upper-canvas")).to_have_count(0)  # before they agree
        pupil.get_by_label("Your name").fill(name)
        pupil.get_by_role("button", name="I agree and join").click()
        pupils.append(pupil)
    for digit, strokes in ((0, DIGITS[0]), (1, TRIANGLE)):
        for pupil in pupils:  # by turns
            see(asked(pupil, digit))
            draw(pupil, strokes)
    for digit in range(2, 10):
        write(pupils[0], digit)
    see(pupils[0].get_by_text("You have written all digits"))
    expect(pupils[0].get_by_text("How it is read")).to_be_visible(timeout=PATIENCE_MS)
    assert pupils[0].evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    for pupil in pupils[1:]:
        see(asked(pupil, 2))  # the 1 is kept
    see(teacher.get_by_text("1 of 3 pupils are done"))
    assert [one.drawings for one in classroom.pupils(collection.code)] == [10, 2, 2]
    pupils[1].reload()  # a phone that was put away
    see(asked(pupils[1], 2))
    pupils[2].get_by_role("button", name="Delete what I wrote").click()
    pupils[2].get_by_role("button", name="Delete them").click()
    see(pupils[2].get_by_role("button", name="I agree and join"))
    assert [one.name for one in classroom.pupils(collection.code)] == ["Ada", "Ben"]
    teacher.reload()
    see(teacher.get_by_text("You are a visitor here"))
    see(teacher.get_by_role("textbox", name="The code of your class"))
    expect(teacher.get_by_text("pupils are done")).to_have_count(0)
    sign_in(teacher, TOKEN)
    expect(teacher.get_by_text("Ada: 1")).to_be_visible(timeout=PATIENCE_MS)  # among the hardest
    teacher.get_by_role("button", name="Delete", exact=True).click()
    teacher.get_by_role("button", name="Delete for good").click()
    see(teacher.get_by_text("Pupils join it on their phones"))
    assert classroom.pupils(collection.code) == ()
