"""Unused memory freed at intervals, not after each run of a page.

Streamlit collects all garbage at the end of each run, which walks every object of the process: two
thirds of what a stroke cost the server. .streamlit/config.toml switches that off
(`runner.postScriptGC`). Python's own thresholds remain, but take long to notice a session that has
ended and left large arrays in a cycle of references: that is what the interval is for.
"""

import functools
import gc
import threading
import time

INTERVAL = 20.0  # seconds


@functools.cache
def collect_at_intervals() -> threading.Thread:
    """Start to collect garbage while the app is in use; once a process."""
    thread = threading.Thread(target=_collect, name="garbage", daemon=True)
    thread.start()
    return thread


def _collect() -> None:
    before = _young_collections()
    while True:
        time.sleep(INTERVAL)
        if _young_collections() != before:  # an idle app costs nothing
            gc.collect()
            before = _young_collections()


def _young_collections() -> int:
    return gc.get_stats()[0]["collections"]
