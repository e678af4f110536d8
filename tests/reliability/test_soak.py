"""A short soak: sessions and programs on a real server get their own readings, nothing is lost."""

import json

from benchmarks.reliability import soak
from benchmarks.reliability.soak_people import Script


def test_sessions_and_programs_each_get_their_own_reading_and_no_correction_is_lost(tmp_path, home):
    home.mkdir()
    arguments = ["--sessions", "3", "--browsers", "0", "--api", "2", "--minutes", "0"]
    arguments += ["--pause", "0.1", "--least", "3", "--seed", "63", "--no-training"]
    options = soak.parser().parse_args(arguments)
    figures = soak.soak(home, options)
    assert figures["told"] == []
    assert figures["errors"] == 0
    assert figures["readings"]["protocol"]["n"] == 9
    assert figures["readings"]["api"]["n"] == 6
    assert figures["corrections"]["acknowledged"] > 0
    assert figures["corrections"]["lost"] == 0
    assert json.loads(json.dumps(figures)) == figures


def test_a_person_draws_the_same_for_the_same_seed_and_never_the_same_twice():
    first, second, other = (Script(7, 1), Script(7, 1), Script(7, 2))
    drawings = [first.drawing() for _ in range(20)]
    assert [second.drawing() for _ in range(20)] == drawings
    assert other.drawing() != drawings[0]
    assert len({json.dumps(one) for one in drawings}) == 20
