"""A short soak: sessions on a real server, each shown its own reading, and nothing lost."""

import json

from benchmarks.reliability import soak
from benchmarks.reliability.soak_people import Script


def test_sessions_are_each_shown_their_own_reading_and_no_correction_is_lost(tmp_path, home):
    home.mkdir()
    arguments = ["--sessions", "3", "--browsers", "0", "--minutes", "0", "--pause", "0.1"]
    options = soak.parser().parse_args(
        [*arguments, "--least", "3", "--seed", "63", "--no-training"]
    )
    figures = soak.soak(home, options)
    assert figures["told"] == []
    assert figures["errors"] == 0
    assert figures["readings"]["protocol"]["n"] == 9
    assert figures["corrections"]["acknowledged"] > 0
    assert figures["corrections"]["lost"] == 0
    assert json.loads(json.dumps(figures)) == figures


def test_a_person_draws_the_same_for_the_same_seed_and_never_the_same_twice():
    first, second, other = (Script(7, 1), Script(7, 1), Script(7, 2))
    drawings = [first.drawing() for _ in range(20)]
    assert [second.drawing() for _ in range(20)] == drawings
    assert other.drawing() != drawings[0]
    assert len({json.dumps(one) for one in drawings}) == 20
