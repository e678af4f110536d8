"""docs/reliability.md says what the runs wrote, and names commands that there are."""

import re

import pytest

from benchmarks.reliability import report

needs_page = pytest.mark.skipif(not report.PAGE.exists(), reason="docs/ is not there")


@needs_page
def test_the_page_holds_what_the_runs_wrote():
    text = report.PAGE.read_text("utf-8")
    assert text == report.filled(text), "run `python -m benchmarks.reliability.report`"
    assert set(re.findall(r"<!-- run:(\w+) -->", text)) == set(report.TABLES)


@needs_page
def test_what_the_runs_wrote_tells_no_path():
    for name in report.TABLES:
        file = report.FOLDER / f"{name}.json"
        if file.exists():
            assert not re.search(r"(/home/|/work/|/root/|/Users/|/tmp/)", file.read_text("utf-8"))


def test_a_run_that_found_something_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    assert report.filled("<!-- run:fuzz -->\n<!-- /run -->") == (
        "<!-- run:fuzz -->\nNot run yet.\n<!-- /run -->"
    )
    (tmp_path / "fuzz.json").write_text(
        '{"machine": {"hardware": "one core"}, "command": "make fuzz", "cases": 20, "failures": 1,'
        ' "targets": [{"target": "cards", "cases": 20, "failures": ["no"], "slowest_ms": 12.3,'
        ' "peak_megabytes": 99}]}'
    )
    shown = report.filled("<!-- run:fuzz -->\n<!-- /run -->")
    assert "| cards | 20 | 1 | 12 ms | 99 MB |" in shown
    assert "`make fuzz`, one core." in shown
