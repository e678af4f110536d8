import gc
import time
import weakref

from pages.shared import garbage


class Node:
    """Refers to itself, as an ended session's parts do to each other."""

    def __init__(self) -> None:
        self.other = self


def test_what_an_ended_session_leaves_is_freed_at_the_next_interval(monkeypatch):
    monkeypatch.setattr(garbage, "INTERVAL", 0.01)
    node = Node()
    freed = weakref.ref(node)
    gc.collect()  # old objects now, which Python itself looks at rarely
    del node
    gc.collect(0)
    assert freed() is not None
    assert garbage.collect_at_intervals() is garbage.collect_at_intervals()
    end = time.monotonic() + 20
    while freed() is not None and time.monotonic() < end:
        gc.collect(0)  # as a run of a page does
        time.sleep(0.01)
    assert freed() is None


def test_no_run_of_a_page_waits_for_all_garbage():
    from streamlit import config

    assert config.get_option("runner.postScriptGC") is False
