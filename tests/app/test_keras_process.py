"""Questions to a child process: its answer, its words when it refuses, its faults."""

import sys
import time

import pytest

from pages.shared import keras_process
from recognizer.errors import RecognizerError
from recognizer.system import home


def asked(*arguments: str, given: bytes = b"") -> keras_process.Question:
    """Ask, and wait for the end."""
    question = keras_process.Question(arguments, given)
    for _ in range(600):
        if question.is_answered():
            return question
        time.sleep(0.05)
    pytest.fail("no answer within 30 s")


def test_an_answer_is_what_the_command_wrote():
    assert asked("models", "--json").answer().startswith(b"[")
    question = asked("models", "--json")
    assert question.answer() == question.answer()


def test_a_users_mistake_is_told_in_the_commands_own_words():
    with pytest.raises(RecognizerError, match="No model 'nobody'"):
        asked("promote", "nobody").answer()


def test_a_fault_says_that_it_is_none_of_the_users(monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(RecognizerError, match="exit status 3"):
        asked("architectures").answer()


def test_the_question_is_given_its_input(monkeypatch, tmp_path):
    echo = tmp_path / "python"
    echo.write_text("#!/bin/sh\ncat\n")
    echo.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(echo))
    assert asked(given=b"x" * 200_000).answer() == b"x" * 200_000


def test_the_child_runs_in_the_project():
    assert home.PROJECT == home.PROJECT
