"""What the command line says of odd tables, and what it does about signs it cannot print."""

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.factories import digits, table_of

from recognizer.cli import tables
from recognizer.cli.tables import say, say_doubted
from recognizer.datasets.formats.dialect import TEST, Adjustments, Notice
from recognizer.imaging.strokes import render
from recognizer.records import Digits

PROJECT = Path(__file__).resolve().parents[3]


def test_how_a_table_was_understood_and_the_way_out_go_to_stderr(capsys):
    notice = Notice("The ink is dark.", settled=True, action="As it is", remedy=Adjustments(False))
    say("a.csv", TEST.noting("no header", "inverted"))
    say("b.csv", TEST)
    say("c.csv", replace(TEST, notices=(notice,)))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "a.csv: understood as follows. No header; inverted.",
        "Warning: c.csv: The ink is dark. As it is: --no-invert.",
    ]


def test_rows_that_look_like_no_digit_are_named_on_stderr(capsys):
    say_doubted("a.csv", [np.array([1, 4]), np.array([], int)], 10)
    say_doubted("b.csv", [np.array([], int)], 10)
    assert capsys.readouterr().err == (
        "Warning: a.csv: 2 of 10 rows do not look like a digit: rows 2, 5\n"
    )


@pytest.mark.parametrize("text", ["0", "-1", "x", "nan", "inf"])
def test_a_scale_that_is_none_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        tables._scale(text)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "ascii"])
def test_names_that_the_output_lacks_signs_for_lose_nothing(tmp_path, two_block, encoding):
    for name in ("Ziffer – фото.csv", "plain.csv"):
        sample = digits(3)
        (tmp_path / name).write_bytes(table_of(Digits(255 - sample.images, sample.labels)))
        done = subprocess.run(
            [sys.executable, "-m", "recognizer", "predict", tmp_path / name]
            + ["--out", tmp_path / "out.csv", "--model", "two-block"],
            cwd=PROJECT,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        assert b"3 digits read by two-block" in done.stdout


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "ascii"])
def test_no_picture_is_lost_for_signs_in_the_name_of_one_before(tmp_path, encoding):
    picture = render([np.array([[140, 40], [140, 240]])])
    names = ("Ziffer – фото.png", "plain.png")
    for name in names:
        (tmp_path / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    done = subprocess.run(
        [sys.executable, "-m", "recognizer", "read", *(tmp_path / name for name in names)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"\t1\t") == 2
    assert b"Traceback" not in done.stderr
