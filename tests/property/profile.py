"""How many examples a test tries: a few by default, many with HYPOTHESIS_PROFILE=thorough."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ["examples"]

_FACTOR = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1


def examples(number: int) -> settings:
    """Settings for a test of `number` examples by default."""
    # Building a graph draws much and rejects nothing; the time limits are for tests that draw little.
    return settings(
        max_examples=number * _FACTOR,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
