"""What is asked for, in words."""

import pytest

from reprior import SpecError
from reprior.search import QUANTITIES, Limit, Objective


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("utility", "+utility"),
        ("u_g", "+utility"),
        ("macs", "-macs"),
        ("-macs", "-macs"),
        ("+depth", "+depth"),
        ("-depth", "-depth"),
        ("latency", "-latency"),
        ("P_G_prime", "+p_g_prime"),
        ("-utility", "-utility"),
    ],
)
def test_objectives(text, expected):
    assert str(Objective.parse(text)) == expected


@pytest.mark.parametrize(
    ("name", "text", "most", "shown"),
    [
        ("params", "5M", 5e6, "params <= 5M"),
        ("params", "600k", 6e5, "params <= 600k"),
        ("macs", "1.2G", 1.2e9, "macs <= 1.2G"),
        ("macs", "600000000", 6e8, "macs <= 600M"),
        ("params", 12, 12, "params <= 12"),
        ("latency", "20ms", 0.02, "latency <= 20 ms"),
        ("latency", "500us", 5e-4, "latency <= 0.5 ms"),
        ("latency", "0.5", 0.5, "latency <= 500 ms"),
    ],
)
def test_limits(name, text, most, shown):
    limit = Limit.parse(name, text)
    assert limit.most == pytest.approx(most)
    assert str(limit) == shown
    assert limit.excess(2 * most) == pytest.approx(1)
    assert limit.excess(most) <= 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("params", "5Q"),
        ("params", "20ms"),
        ("params", "0"),
        ("params", "-3M"),
        ("latency", "5M"),
        ("macs", ""),
    ],
)
def test_what_is_no_limit_is_refused(name, text):
    with pytest.raises(SpecError, match="is no limit"):
        Limit.parse(name, text)


def test_an_unknown_quantity_gets_a_hint():
    with pytest.raises(SpecError, match="did you mean utility"):
        Objective.parse("utilty")


def test_every_quantity_says_what_it_is():
    assert all(item.meaning and item.direction in ("maximize", "minimize") for item in QUANTITIES.values())
