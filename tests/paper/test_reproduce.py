"""Every published figure. The digits were typed here a second time, from the article."""

import doctest

import pytest

import reprior.lab.paper
from reprior import SpecError, analyze
from reprior.lab.paper import ROWS, TABLES, orders, reproduce

# Columns: P_G, P'_G, expected spread, entropy, parameters, as in the article's text.
TABLE_3 = """
V2-B0-shared 25.00 25.44 746.608+ 10.2 3.0
V2-B0 26.28 26.72 746.608 10.2 7.1
V2-S-shared 26.33 26.97 1505.547 9.8 4.4
V2-S 28.72 29.28 1505.546 9.8 21.6
"""
TABLE_4 = """
V2-B1 26.75 27.20 913.4 10.2 8.2
ResNet-50 27.25 27.60 465.4 13.3 25.6
V2-B3 27.71 28.20 1167.2 10.6 14.5
V2-S 28.72 29.28 1505.5 9.8 21.6
V2-M 29.9+ 30.4+ 2171.1 9.8 54.4
V2-L 30.5+ 30.9+ 3095.4 10.3 119.0
"""


@pytest.fixture(scope="module")
def figures():
    return reproduce()


@pytest.mark.parametrize(("table", "text"), [("Table 3", TABLE_3), ("Table 4", TABLE_4)])
def test_every_row_is_there_as_printed(table, text):
    expected = [line.split() for line in text.strip().splitlines()]
    found = [[row.name.split()[0], *row.printed.values()] for row in ROWS if row.table == table]
    assert found == expected


def test_table_2_is_there_as_printed():
    assert [row.printed["params [M]"] for row in ROWS if row.table == "Table 2"] == (
        ["1.7", "5.9", "3.1", "1.8", "5.9", "3.2", "3.0", "7.1", "4.4"]
    )


def test_every_figure_agrees(figures):
    assert [f for f in figures if f.reading == "differs"] == []
    assert len(figures) == sum(len(row.printed) for row in ROWS)


def test_only_these_need_more_than_reading_the_digits(figures):
    odd = {(f.row, f.quantity): f.reading for f in figures if f.reading not in ("rounded", "truncated")}
    assert odd == {
        ("V2-B0-original, CIFAR-100", "params [M]"): "explained",
        ("V2-B0-original, ImageNet", "params [M]"): "explained",
        ("V2-B0 @224", "params [M]"): "explained",
        ("ResNet-50 @380", "P_G"): "explained",
        ("ResNet-50 @380", "P'_G"): "explained",
        ("ResNet-50 @380", "entropy"): "rounded twice",
        ("V2-M @480", "P_G"): "lower bound",
        ("V2-M @480", "P'_G"): "lower bound",
        ("V2-M @480", "spread"): "explained",
        ("V2-L @480", "P'_G"): "lower bound",
        ("V2-L @480", "spread"): "explained",
    }


def test_no_figure_is_far_off_without_a_reason(figures):
    for figure in figures:
        places = len(figure.printed.removesuffix("+").partition(".")[2])
        if figure.note == "":
            assert abs(figure.difference) < 1.01 * 10**-places, figure


def test_explanations_are_computed_and_agree(figures):
    explained = [f for f in figures if f.reading == "explained"]
    assert all(f.note and f.explained is not None and f.explained != f.computed for f in explained)


@pytest.mark.parametrize(
    ("spec", "spread", "p_g"),
    [("paper:efficientnetv2-m@480", 2260.918, 30.0430), ("paper:efficientnetv2-l@480", 3219.146, 30.5564)],
)
def test_the_largest_models_exactly_at_480(spec, spread, p_g):
    found = analyze(spec, preset="paper", exact=True)
    assert round(found.expected_spread, 3) == spread
    assert round(found.p_g, 4) == p_g


def test_estimates_order_the_models_and_sizes_do_not(figures):
    agrees = {(order.table, order.quantity): order.agrees for order in orders(figures)}
    for table in ("Table 3", "Table 4"):
        assert agrees[table, "P_G"] and agrees[table, "P'_G"]
        assert not agrees[table, "params [M]"]


def test_exact_counts_give_the_same_figures(figures):
    tables = ["Table 3", "Appendix B", "Figure 2"]
    scaled = [f for f in figures if f.table in tables]
    exact = reproduce(tables, exact=True)
    assert [f.computed for f in exact] == pytest.approx([f.computed for f in scaled], rel=1e-12)
    assert [f.reading for f in exact] == [f.reading for f in scaled]


def test_an_unknown_table_is_refused():
    with pytest.raises(SpecError, match=r"no 'Table 9': there are Table 2, Table 3"):
        reproduce(["Table 9"])


def test_each_row_is_announced_once():
    begun = []
    reproduce(["Appendix B", "Figure 2"], begin=begun.append)
    assert begun == ["figure 3a", "figure 2a", "figure 2b"]


def test_examples_run():
    result = doctest.testmod(reprior.lab.paper)
    assert result.attempted == 3
    assert result.failed == 0


def test_every_table_has_rows():
    assert [table for table in TABLES if any(row.table == table for row in ROWS)] == list(TABLES)
