"""Whose uploads the Compare page forgets when there are many."""

from collections.abc import Iterable

from pages.sections.compare.uploads import Uploads


def kept(uploads: Uploads[str], keys: Iterable[str]) -> str:
    return "".join(key for key in keys if uploads.get(key))


def test_strangers_uploads_take_nobody_elses():
    uploads: Uploads[str] = Uploads(each=2, most=10_000)
    uploads.keep("a", "mine", 10, "me")
    for number in range(50):
        uploads.keep(f"{number}", "theirs", 10, f"stranger {number % 5}")
    assert uploads.get("a") == "mine"
    uploads.keep("b", "mine", 10, "me")
    uploads.keep("c", "mine", 10, "me")
    assert kept(uploads, "abc") == "bc", "one's own earliest goes"


def test_where_memory_is_short_the_one_who_holds_most_loses_the_earliest():
    uploads: Uploads[str] = Uploads(each=4, most=100)
    uploads.keep("a", "mine", 20, "me")
    for key in "bcd":
        uploads.keep(key, "theirs", 30, "stranger")
    assert kept(uploads, "abcd") == "acd"
    uploads.keep("e", "large", 1_000, "me")
    assert uploads.get("e"), "the latest stays, however large"


def test_what_two_brought_stays_while_one_of_them_holds_it():
    uploads: Uploads[str] = Uploads(each=1, most=1_000)
    uploads.keep("sample", "the app's own", 10, "me")
    uploads.keep("sample", "the app's own", 10, "stranger")
    uploads.keep("b", "theirs", 10, "stranger")
    assert kept(uploads, ["sample", "b"]) == "sampleb"
    uploads.keep("c", "mine", 10, "me")
    assert kept(uploads, ["sample", "b", "c"]) == "bc"
