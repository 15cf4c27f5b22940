from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from reprior.models.figures import figure_3b
from reprior.views.drawing.layout import _spaced, lay_out
from tests.strategies import dags


@given(dags())
def test_nodes_keep_apart(dag):
    places = lay_out(dag).nodes
    for (a, b), (c, d) in combinations(places, 2):
        assert a != c or abs(b - d) >= 1 - 1e-9


@given(dags())
def test_edges_run_from_left_to_right_through_every_column(dag):
    layout = lay_out(dag)
    assert set(layout.routes) == {(s, t) for t, own in enumerate(dag.sources) for s in own}
    for (source, target), points in layout.routes.items():
        assert (points[0], points[-1]) == (layout.nodes[source], layout.nodes[target])
        assert all(after[0] - before[0] == 1 for before, after in pairwise(points))


@given(dags())
def test_extent(dag):
    layout = lay_out(dag)
    for column, row in layout.nodes:
        assert 0 <= column <= layout.columns - 1
        assert -1e-9 <= row <= layout.rows - 1 + 1e-9


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=8))
def test_spacing_is_the_nearest(wanted):
    found = _spaced(wanted)
    assert all(b - a >= 1 - 1e-9 for a, b in pairwise(found))
    cost = sum((a - b) ** 2 for a, b in zip(found, wanted, strict=True))
    # No single block of neighbours can move either way and come nearer: what makes it the optimum.
    for first in range(len(found)):
        for last in range(first, len(found)):
            for step in (-1e-3, 1e-3):
                moved = [x + step if first <= k <= last else x for k, x in enumerate(found)]
                if all(b - a >= 1 for a, b in pairwise(moved)):
                    assert sum((a - b) ** 2 for a, b in zip(moved, wanted, strict=True)) >= cost - 1e-9


def crossings(dag):
    """Pairs of edge pieces between the same columns that cross."""
    layout = lay_out(dag)
    pieces = [piece for points in layout.routes.values() for piece in pairwise(points)]
    return sum(
        (a[1] - c[1]) * (b[1] - d[1]) < 0 for (a, b), (c, d) in combinations(pieces, 2) if a[0] == c[0]
    )


def test_a_tree_is_drawn_without_crossings():
    assert crossings(figure_3b()) == 0
