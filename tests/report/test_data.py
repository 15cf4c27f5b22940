"""What the pages show, before it is drawn."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reprior
from reprior.core.quantities import ContextDistribution
from reprior.views.html import analysis_data, to_html, write_html
from reprior.views.html.flow import edges, place_operations, scopes
from reprior.views.html.histogram import histogram
from reprior.views.html.layers import MAX_GROUPS, group_names, layer_profiles
from reprior.views.html.page import embed_json
from reprior.views.html.tree import grow


def residual():
    net = reprior.Network()
    x = net.input(4)
    with net.scope("block"):
        y = net.dense(x, 4, name="first")
        y = net.dense(net.relu(y), 4, name="second")
        x = x + y
    net.output(net.dense(x, 2, name="head"))
    return net.graph()


def flow(graph):
    """The lifted edges by the labels of their ends."""
    names = [leaf.name.rpartition(".")[0] for _, leaf in graph.parameters]
    tree = grow([*scopes(graph), *names], kept=names)
    places = place_operations(graph, tree)
    labels = [entry.label for entry in tree.entries]
    return {(labels[a], labels[b]) for a, b in edges(graph, tree, places)}


def test_flow_of_a_residual_block():
    # The model itself has no label; what enters a module from outside comes from the module.
    assert flow(residual()) == {
        ("input", "block"),
        ("block", "head"),
        ("block", "first"),
        ("first", "relu"),
        ("relu", "second"),
        ("second", "add"),
        ("block", "add"),
    }


def test_moves_are_passed_over():
    net = reprior.Network()
    x = net.dense(net.input(4), 4, name="a")
    net.output(net.dense(net.reshape(x, 1, 4), 2, name="b"))
    assert flow(net.graph()) == {("input", "a"), ("a", "b")}


def test_loose_parameters_are_shown():
    """What nothing but a sum takes, and a table that only moves are made of."""
    net = reprior.Network()
    x = net.dense(net.input(4), 4, name="layer")
    with net.scope("table"):
        table = net.parameter(2, 4, name="positions")
        row = net.reshape(net.slice(table, 0, 1, axis=0), 1, 4)
    x = x + row
    net.output(net.dense(x + net.reshape(net.parameter(4, name="token"), 1, 4), 2, name="head"))
    found = flow(net.graph())
    assert ("layer", "add") in found
    assert ("table", "add") in found
    assert ("token", "add") in found


paths = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map(".".join), min_size=1)


@given(paths)
def test_tree_has_every_path_once(names):
    tree = grow(names, kept=names)
    for name in names:
        parts = [tree.entries[k].label for k in tree.ancestors(tree.places[name])][:-1]
        assert ".".join(reversed(parts)) == name
    assert all(entry.parent < k for k, entry in enumerate(tree.entries))


def test_chains_are_joined():
    tree = grow(["a.b.c", "a.b.d"])
    assert [entry.label for entry in tree.entries] == ["", "a.b", "c", "d"]
    assert len(grow([".".join("x" * 5_000)]).entries) == 2


@given(paths)
def test_groups_are_few_and_begin_their_names(names):
    groups = group_names(names)
    assert len(set(groups)) <= MAX_GROUPS
    for name, group in zip(names, groups, strict=True):
        assert group == "(others)" or f"{name}.".startswith(f"{group}.")


counts = st.lists(st.tuples(st.integers(1, 2**80), st.integers(1, 1000)), min_size=1, max_size=40)


@given(counts)
def test_histogram_holds_every_parameter(pairs):
    found = histogram(ContextDistribution.from_counts(pairs))
    assert sum(found.scalars) == sum(many for _, many in pairs)
    assert math.isclose(sum(found.contexts), 1, rel_tol=1e-9)
    expected = np.zeros(len(found.scalars))
    for count, many in pairs:
        place = (math.log2(count) - found.start) / found.width
        assert -1e-9 <= place <= len(found.scalars)
        expected[min(int(place), len(expected) - 1)] += many
    # A count on the edge of two bins may fall into either.
    assert np.abs(np.cumsum(expected) - np.cumsum(found.scalars)).max() <= max(m for _, m in pairs) * len(
        pairs
    )


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        ("paper:efficientnetv2-b0@32", {}),
        ("paper:efficientnetv2-b0@32", {"share": "all_but_bn"}),
        ("paper:figure3a", {"weighting": "decay:0.5"}),
        ("macro:a22222222", {"exact": True}),
    ],
)
def test_surprisal_of_the_layers_adds_up(spec, options):
    analysis = reprior.analyze(spec, **options)
    layers = layer_profiles(analysis)
    assert sum(item.spread.surprisal for item in layers) == pytest.approx(analysis.total_surprisal, rel=1e-9)
    assert sum(item.spread.numel - item.spread.dead for item in layers) == analysis.num_parameters
    assert sum(item.spread.dead for item in layers) == analysis.dead_parameters


def test_module_totals_are_those_of_the_model():
    analysis = reprior.analyze("paper:efficientnetv2-b0@32")
    whole = analysis_data(analysis)["modules"]["spreads"][0]
    assert whole["numel"] - whole["dead"] == analysis.num_parameters
    assert whole["surprisal"] == pytest.approx(analysis.total_surprisal, rel=1e-9)


def test_no_nan_for_a_single_parameter():
    net = reprior.Network()
    net.output(net.dense(net.input(1), 1, bias=False))
    analysis = reprior.analyze(net)
    assert analysis.p_g is None
    data = json.loads(embed_json(analysis_data(analysis)))
    assert next(item for item in data["headline"] if item["key"] == "p_g")["value"] is None


def test_pages_are_reproducible():
    analysis = reprior.analyze("paper:figure3a")
    assert to_html(analysis) == to_html(analysis)


def test_embedded_json_is_the_data():
    data = {"name": "</script><!-- & \u2028 \ud800", "n": [1, 2.5, None]}
    text = embed_json(data)
    assert not set("<>&") & set(text)
    assert json.loads(text) == data


def test_unwritable_place(tmp_path):
    with pytest.raises(reprior.RepriorError, match="no-such-folder"):
        write_html(reprior.analyze("paper:figure3a"), tmp_path / "no-such-folder" / "report.html")
