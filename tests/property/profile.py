"""How many examples a test tries: a few by default, many with HYPOTHESIS_PROFILE=thorough."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ["examples", "thorough"]


def thorough() -> bool:
    """Whether to take all the time there is."""
    return os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def examples(number: int) -> settings:
    """Settings for a test of `number` examples by default."""
    # Building a graph draws much and rejects nothing; the time limits are for tests that draw little.
    return settings(
        max_examples=number * (50 if thorough() else 1),
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
