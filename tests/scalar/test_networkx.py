import subprocess
import sys

import pytest
from hypothesis import given

from reprior.errors import GraphError, SpecError
from reprior.scalar import count_contexts, from_networkx, to_networkx
from tests.strategies import dags

networkx = pytest.importorskip("networkx")


@given(dags(tied=True))
def test_round_trip(dag):
    assert from_networkx(to_networkx(dag)) == dag


@given(dags())
def test_counts_are_the_number_of_simple_paths_that_networkx_finds(dag):
    graph = to_networkx(dag)
    outputs = [node.name for node in dag.outputs]
    for name, count in count_contexts(dag).items():
        assert count == len(list(networkx.all_simple_paths(graph, name, outputs)))


def recurrent(kind=networkx.DiGraph):
    graph = kind()
    graph.add_node(0, kind="input")
    graph.add_node(1, kind="parameter")
    graph.add_node("h", kind="function")
    graph.add_node("y", kind="output")
    graph.add_edges_from([(0, "h"), (1, "h"), ("h", "y")])
    graph.add_edge("h", "h", delay=1)
    return graph


def test_delays_and_names_that_are_no_text():
    assert count_contexts(from_networkx(recurrent(), length=4)) == {"1": 4}
    assert count_contexts(from_networkx(recurrent(), length=4, outputs="all")) == {"1": 10}
    with pytest.raises(GraphError, match="goes through time"):
        from_networkx(recurrent())


def test_multigraph_may_hold_an_edge_at_several_delays():
    graph = recurrent(networkx.MultiDiGraph)
    graph.add_edge("h", "h", delay=2)
    graph.add_edge(1, "h")
    # h_3 is reached from h_3, h_2, h_1 (two ways), h_0 (three ways).
    assert count_contexts(from_networkx(graph, length=4)) == {"1": 1 + 1 + 2 + 3}


def test_graphs_that_do_not_fit():
    with pytest.raises(SpecError, match="undirected"):
        from_networkx(networkx.Graph())
    graph = networkx.DiGraph()
    graph.add_node("n")
    with pytest.raises(SpecError, match="node 'n' of the networkx graph has no attribute 'kind'"):
        from_networkx(graph)
    graph.add_node("n", kind="neuron")
    with pytest.raises(SpecError, match="node 'n' has kind 'neuron'"):
        from_networkx(graph)


def test_networkx_is_not_imported_without_need():
    code = "import sys, reprior.scalar; sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_networkx_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    dag = from_networkx(recurrent(), length=1)
    with pytest.raises(ImportError, match=r"pip install 'reprior\[graph\]'"):
        to_networkx(dag)
