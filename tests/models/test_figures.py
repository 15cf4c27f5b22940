"""Every figure that the paper (appendix B) and its public examples print for these graphs.

Source of figures 2a and 2b: repository gozepolat/priors, reusability/README.md; the long decimals of
figure 3a: its notebook sample_analyze_figures.ipynb.
"""

from collections import Counter

import pytest

from reprior.models.figures import FIGURES, figure_2a, figure_2b, figure_3a, figure_3b, figure_3c
from reprior.scalar import count_contexts, is_uniform, summarise, unroll

PUBLISHED = {
    "figure2a": {"E": "0.00", "H": "3.00", "S": "24.00", "P_G": "2.13", "P'_G": "0.54"},
    "figure2b": {"E": "0.40", "H": "2.92", "S": "24.58", "P_G": "2.16", "P'_G": "1.03"},
    "figure3a": {"E": "0.67", "H": "2.92", "S": "24.68", "P_G": "2.17", "P'_G": "1.28"},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_quantities_to_every_digit(name):
    summary = summarise(FIGURES[name]())
    computed = {
        "E": summary.expected_spread,
        "H": summary.entropy,
        "S": summary.total_surprisal,
        "P_G": summary.p_g,
        "P'_G": summary.p_g_prime,
    }
    assert {key: f"{value:.2f}" for key, value in computed.items()} == PUBLISHED[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes(name):
    summary = summarise(FIGURES[name]())
    assert (summary.num_inputs, summary.num_outputs, summary.num_weight_nodes) == (2, 1, 8)
    assert (summary.num_parameters, summary.graph_size) == (8, 11)


def test_figure_2a_counts():
    assert count_contexts(figure_2a()) == {f"w{n}": 1 for n in range(1, 9)}
    assert is_uniform(figure_2a())


def test_figure_2b_counts():
    assert Counter(count_contexts(figure_2b()).values()) == {2: 2, 1: 6}
    assert not is_uniform(figure_2b())


def test_figure_3a_counts():
    twice = {f"w{n}": 2 for n in range(1, 5)}
    once = {f"w{n}": 1 for n in range(5, 9)}
    assert count_contexts(figure_3a()) == twice | once
    assert not is_uniform(figure_3a())


def test_figure_3a_to_all_digits_of_the_notebook():
    summary = summarise(figure_3a())
    assert summary.entropy == pytest.approx(2.9182958340544896, abs=1e-14)
    assert summary.expected_spread == pytest.approx(0.6666666666666666, abs=1e-14)
    assert summary.total_surprisal == pytest.approx(24.67970000576925, abs=1e-13)
    assert summary.p_g == pytest.approx(2.1658213341563815, abs=1e-14)
    assert summary.p_g_prime == pytest.approx(1.277533975528909, abs=1e-14)


def test_figure_3b_is_figure_3a_unrolled():
    assert figure_3b() == unroll(figure_3a())
    assert Counter(node.origin for node in figure_3b().parameters) == count_contexts(figure_3a())
    assert not is_uniform(figure_3b())


def test_figure_3c_is_figure_3b_without_sharing():
    assert is_uniform(figure_3c())
    assert len(figure_3c().parameters) == len(figure_3b().parameters) == 12
    assert summarise(figure_3c()).total_contexts == summarise(figure_3b()).total_contexts
    assert summarise(figure_3c()).expected_spread == 0


def test_every_figure_is_listed():
    assert set(FIGURES) == {"figure2a", "figure2b", "figure3a", "figure3b", "figure3c"}
    assert all(figure().outputs for figure in FIGURES.values())
