import json

from reprior.models.figures import figure_3a
from reprior.scalar import count_contexts, load, unroll


def test_graph_before_and_after(runner):
    out = runner.prints("unroll", "paper:figure3a")
    assert "paper:figure3a: 15 nodes, 18 edges, not uniform" in out
    assert "paper:figure3a, unrolled: 27 nodes, 26 edges, not uniform" in out
    assert "f3 = function(w5, w6, f1#1, f2#1)" in out
    assert [line.split() for line in out.splitlines()[-8:]] == [
        *([f"w{n}", "2", "2"] for n in range(1, 5)),
        *([f"w{n}", "1", "1"] for n in range(5, 9)),
    ]


def test_a_uniform_graph_says_so(runner):
    assert "uniform (definition 2)" in runner.prints("unroll", "paper:figure2a")


def test_json_is_the_unrolled_graph(runner, tmp_path):
    file = tmp_path / "unrolled.json"
    runner.prints("unroll", "paper:figure3a", "--json", str(file))
    assert load(file) == unroll(figure_3a())
    again = json.loads(runner.prints("analyze", f"dag:{file}", "--json", "-"))
    assert again["num_weight_nodes"] == 12
    assert count_contexts(load(file)) == count_contexts(figure_3a())


def chain(layers):
    """`layers` layers of two functions that each take both of the layer before: 2^layers copies."""
    nodes = [{"name": "x", "kind": "input"}]
    before = ["x"]
    for layer in range(layers):
        for side in "ab":
            nodes.append({"name": f"w{layer}{side}", "kind": "parameter"})
            sources = [*before, f"w{layer}{side}"]
            nodes.append({"name": f"f{layer}{side}", "kind": "function", "sources": sources})
        before = [f"f{layer}a", f"f{layer}b"]
    return {"nodes": [*nodes, {"name": "y", "kind": "output", "sources": before}]}


def test_the_limit_is_kept_and_can_be_raised(runner, tmp_path):
    file = tmp_path / "chain.json"
    file.write_text(json.dumps(chain(18)))
    assert "over the limit of 100,000" in runner.refuse("unroll", f"dag:{file}")
    assert "over the limit of 10;" in runner.refuse("unroll", "paper:figure3a", "--limit", "10")
    file.write_text(json.dumps(chain(14)))
    message = runner.refuse("unroll", f"dag:{file}", "--limit", "1000")
    size = int(message.partition(" makes ")[2].partition(" nodes")[0].replace(",", ""))
    runner.prints("unroll", f"dag:{file}", "--limit", str(size))
    runner.refuse("unroll", f"dag:{file}", "--limit", str(size - 1))


def test_a_large_graph_is_not_printed_whole(runner, tmp_path):
    file = tmp_path / "chain.json"
    file.write_text(json.dumps(chain(12)))
    out = runner.prints("unroll", f"dag:{file}")
    assert len(out.splitlines()) < 140
    assert "more functions (--json FILE writes all)" in out


def test_models_of_tensors_are_refused(runner):
    assert "is a graph of tensors" in runner.refuse("unroll", "paper:resnet50@32")
