import json

import pytest
from hypothesis import given

from reprior.errors import GraphError, RepriorError, SpecError
from reprior.scalar import count_contexts, from_json, load, save, to_json, unroll
from tests.strategies import dags

RECURRENT = {
    "nodes": [
        {"name": "x", "kind": "input"},
        {"name": "w", "kind": "parameter"},
        {"name": "h", "kind": "function", "sources": ["x", "w", {"name": "h", "delay": 1}]},
        {"name": "y", "kind": "output", "sources": [{"name": "h"}]},
    ],
    "length": 3,
}


@given(dags(tied=True))
def test_round_trip(dag):
    assert from_json(json.loads(json.dumps(to_json(dag)))) == dag


@given(dags())
def test_round_trip_of_an_unrolled_graph(dag):
    assert from_json(to_json(unroll(dag))) == unroll(dag)


@given(dag=dags(tied=True))
def test_round_trip_through_a_file(dag, tmp_path_factory):
    path = tmp_path_factory.mktemp("dags") / "graph.json"
    save(dag, path)
    assert load(path) == dag
    assert load(str(path)) == dag


def test_recurrent_graph_in_a_file(tmp_path):
    path = tmp_path / "recurrent.json"
    path.write_text(json.dumps(RECURRENT))
    assert count_contexts(load(path)) == {"w": 3}
    assert count_contexts(load(path, length=7)) == {"w": 7}
    path.write_text(json.dumps(RECURRENT | {"outputs": "all"}))
    assert count_contexts(load(path)) == {"w": 6}


def node(**fields):
    return json.dumps({"nodes": [{"name": "n", "kind": "output"} | fields]})


MALFORMED = [
    ("", "line 1, column 1: Expecting value"),
    ('{"nodes": [', "line 1, column 12: Expecting value"),
    ('{\n  "nodes": [\n    {"name": "x" "kind": "input"}]}', "line 3, column 18: Expecting ',' delimiter"),
    ("[]", "the file is [], not an object"),
    ('"graph"', 'the file is "graph", not an object'),
    ("{}", "the file has no 'nodes'"),
    ('{"nodes": [], "edges": []}', "the file has an unknown key 'edges'"),
    ('{"nodes": {}}', "nodes is {}, not a list"),
    ('{"nodes": ["x"]}', 'nodes[0] is "x", not an object'),
    ('{"nodes": [{"name": "x", "kind": "input"}, {"kind": "input"}]}', "nodes[1] has no 'name'"),
    ('{"nodes": [{"name": "x"}]}', "nodes[0] has no 'kind'"),
    (node(kind="neuron"), "nodes[0].kind is 'neuron', which is none of input, parameter, function, output"),
    (node(kind=None), "nodes[0].kind is null, not a name"),
    (node(name=3), "nodes[0].name is 3, not a name"),
    (node(name=""), 'nodes[0].name is "", not a name'),
    (node(name=["a" * 100]), 'nodes[0].name is ["' + "a" * 35 + "..., not a name"),
    (node(origin=7), "nodes[0].origin is 7, not a name"),
    (node(color="red"), "nodes[0] has an unknown key 'color'"),
    (node(sources="x"), 'nodes[0].sources is "x", not a list'),
    (node(sources=[1]), "nodes[0].sources[0] is 1, not an object"),
    (node(sources=[{}]), "nodes[0].sources[0] has no 'name'"),
    (node(sources=[{"name": "n", "lag": 1}]), "nodes[0].sources[0] has an unknown key 'lag'"),
    (node(sources=[{"name": "n", "delay": -1}]), "nodes[0].sources[0].delay is -1, not a whole number"),
    (node(sources=[{"name": "n", "delay": True}]), "nodes[0].sources[0].delay is true, not a whole number"),
    ('{"nodes": [], "length": "long"}', "a whole number of at least 1, not 'long'"),
    ('{"nodes": [], "length": 2, "outputs": 1}', "are 'last' or 'all', not 1"),
    ("[" * 100_000, "is nested too deeply"),
    ('{"nodes": ' + "9" * 5000 + "}", "Exceeds the limit"),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED, ids=[message[:40] for _, message in MALFORMED])
def test_malformed_files(text, message, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


NO_GRAPHS = [
    ('{"nodes": []}', "the graph has no output node"),
    (node(sources=["ghost"]), "the edge ghost -> n names an unknown node 'ghost'"),
    (node(sources=["n"]), "the graph has a cycle: n -> n"),
    (node(sources=[{"name": "n", "delay": 2}]), "goes through time (n -> n); give a length"),
    ('{"nodes": [{"name":"n","kind":"output"}, {"name":"n","kind":"input"}]}', "'n' is given to two nodes"),
]


@pytest.mark.parametrize(("text", "message"), NO_GRAPHS, ids=[message[:40] for _, message in NO_GRAPHS])
def test_files_that_hold_no_graph(text, message, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(GraphError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(SpecError, match=r"nowhere\.json: No such file or directory"):
        load(tmp_path / "nowhere.json")
    with pytest.raises(SpecError, match="Is a directory"):
        load(tmp_path)
    path = tmp_path / "latin.json"
    path.write_bytes(b'{"nodes": "\xe9"}')
    with pytest.raises(RepriorError, match="codec can't decode byte"):
        load(path)


def test_names_may_be_in_any_script(tmp_path):
    path = tmp_path / "greek.json"
    dag = from_json(
        {"nodes": [{"name": "ω", "kind": "parameter"}, {"name": "y", "kind": "output", "sources": ["ω"]}]}
    )
    save(dag, path)
    assert "ω" in path.read_text(encoding="utf-8")
    assert load(path) == dag
