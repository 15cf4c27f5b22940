import doctest

import pytest

from reprior.lab.paper import read, reading


@pytest.mark.parametrize(
    ("printed", "value", "expected"),
    [
        ("25.00", 24.99893, "rounded"),
        ("25.00", 25.0049, "rounded"),
        ("25.00", 25.006, "truncated"),
        ("25.00", 24.9944, "differs"),
        ("25.00", 25.0101, "differs"),
        ("1505.547", 1505.5477, "truncated"),
        ("13.3", 13.2469, "rounded twice"),
        ("13.3", 13.2449, "differs"),
        ("29.9+", 29.9863, "truncated"),
        ("29.9+", 29.91, "rounded"),
        ("29.9+", 30.0430, "lower bound"),
        ("29.9+", 29.80, "differs"),
        ("2171.1", 2260.9, "differs"),
        ("3", 3.0, "rounded"),
        ("0", 0.0, "rounded"),
    ],
)
def test_digits(printed, value, expected):
    assert read(printed, value) == expected


def test_examples_run():
    result = doctest.testmod(reading)
    assert (result.failed, result.attempted) == (0, 1)
