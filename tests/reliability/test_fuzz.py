"""A few cases of each target of `make fuzz`, the same ones every time."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from reliability.fuzz import TARGETS

pytestmark = [
    pytest.mark.filterwarnings("ignore:Reading `.npy`"),  # NumPy, of damaged headers
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),  # of damaged Exif
]


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_what_anyone_may_bring_is_read_right_or_refused_in_a_sentence(target):
    @settings(
        max_examples=max(1, 25 // target.cost),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(target.cases)
    def check(case: object) -> None:
        target.check(case)

    check()
