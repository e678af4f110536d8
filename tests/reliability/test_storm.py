"""Uploads and odd requests straight to a real server: refused in a few words, and it lives on."""

from benchmarks.reliability import storm
from benchmarks.reliability.storm_requests import ROUTES, UPLOADS


def test_streamlit_bounds_each_upload_and_tells_nothing_of_its_inside(tmp_path, home, monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_MAX_UPLOAD_SIZE", "")  # the storm sets it: put it back
    home.mkdir()
    options = storm.parser().parse_args(["--uploads", "8", "--megabytes", "1", "--sessions", "2"])
    figures = storm.storm(home, options)
    assert figures["wrong"] == []
    assert figures["malformed"] == len(UPLOADS) + len(ROUTES)
    assert figures["at_limit"] == {"204": 8}, "what is within the limit is kept, all of it"
    assert figures["over_limit_unsized"] == {"413": 8}
    assert figures["healthy_after"]
