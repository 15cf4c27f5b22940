"""Whatever the user gets wrong: exit status 2 and one line that says what and where."""

import json

import pytest

from reprior import Network, RepriorError, ShapeError, analyze
from reprior.scalar import DagBuilder


def node(name, kind, *sources):
    return {"name": name, "kind": kind} | ({"sources": list(sources)} if sources else {})


X, W = node("x", "input"), node("w", "parameter")
GRAPHS = {
    "cyclic": ([X, W, node("f", "function", "x", "w", "g"), node("g", "function", "f"),
                node("y", "output", "g")],
               "cycle: f -> g -> f"),
    "no parameter": ([X, node("y", "output", "x")], "no learnable parameter"),
    "no output": ([X, W, node("f", "function", "x", "w")], "no output"),
    "no path": ([X, W, node("f", "function", "x", "w"), node("y", "output", "x")],
                "no learnable parameter has a path to an output"),
    "no nodes": ([], "no output"),
    "unknown source": ([X, node("y", "output", "z")], "unknown node 'z'"),
    "two of a name": ([X, X, node("y", "output", "x")], "'x' is given to two nodes"),
    "unknown kind": ([node("x", "neuron")], "nodes[0].kind is 'neuron'"),
    "fed input": ([X, node("i", "input", "x"), node("y", "output", "i")], "enters the input 'i'"),
    "no name": ([{"kind": "input"}], "nodes[0] has no 'name'"),
    "unknown key": ([X | {"weight": 3}], "unknown key 'weight'"),
}  # fmt: skip


@pytest.mark.parametrize("case", GRAPHS)
@pytest.mark.parametrize("command", ["analyze", "compare"])
def test_graphs_that_cannot_be_counted(runner, tmp_path, case, command):
    nodes, expected = GRAPHS[case]
    file = tmp_path / "graph.json"
    file.write_text(json.dumps({"nodes": nodes}))
    message = runner.refuse(command, f"dag:{file}")
    assert expected in message
    assert str(file) in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"nodes": [', "line 1, column"),
        ("", "line 1, column 1"),
        ("[1, 2]", "the file is [1, 2], not an object"),
        ('{"nodes": 3}', "nodes is 3, not a list"),
        ('{"edges": []}', "has no 'nodes'"),
        ('{"nodes": [null]}', "nodes[0] is null, not an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"nodes": ' + "9" * 5000 + "}", "digits"),
    ],
)
def test_malformed_files(runner, tmp_path, text, expected):
    file = tmp_path / "graph.json"
    file.write_text(text)
    message = runner.refuse("analyze", f"dag:{file}")
    assert expected in message and str(file) in message


def test_files_that_are_no_text(runner, tmp_path):
    file = tmp_path / "graph.json"
    file.write_bytes(b"\xff\xfe\x00")
    assert str(file) in runner.refuse("analyze", f"dag:{file}")
    assert "No such file" in runner.refuse("analyze", f"dag:{tmp_path / 'missing.json'}")
    assert str(tmp_path) in runner.refuse("analyze", f"dag:{tmp_path}")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("resnet50", "'resnet50' is no model spec; specs begin with one of paper:"),
        ("", "is no model spec"),
        ("papr:resnet50", "is no model spec; did you mean paper:resnet50?"),
        ("torchvison:resnet18", "did you mean torchvision:resnet18?"),
        ("c:/models/net", "specs begin with one of"),
        ("paper:resnet51", "did you mean resnet50?"),
        ("paper:", "unknown model 'paper:'"),
        ("paper:efficientnetv2-b9", "did you mean"),
        ("paper:resnet50@", "size '' is not a positive number"),
        ("paper:resnet50@0", "size '0' is not a positive number"),
        ("paper:resnet50@-5", "size '-5' is not a positive number"),
        ("paper:resnet50@2.5", "size '2.5' is not a positive number"),
        ("paper:resnet50@" + "9" * 5000, "is not a positive number"),
        ("paper:figure3a@64", "a figure has no size"),
        ("nb201:|nor_conv_3x3~0|", "a cell has 4"),
        ("nb201:conv", "is not a cell"),
        ("nb201:|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|", "unknown operation 'conv'"),
        ("macro:0123", "is not an architecture of eight digits"),
        ("macro:00000003", "is not an architecture of eight digits"),
        ("dag:", "dag:"),
    ],
)
def test_specs_that_name_nothing(runner, spec, expected):
    assert expected in runner.refuse("analyze", spec)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--preset", "papr"), "preset 'papr' is not one of definition, paper"),
        (("--share", "everything"), "sharing 'everything' is not one of none, all_but_bn, original_code"),
        (("--normalization", "global"), "normalization 'global' is not one of local, coupled"),
        (("--weighting", "fan_in"), "weighting 'fan_in' is not 'unit'"),
        (("--weighting", "fan_in:-1"), "weighting 'fan_in:-1' is not"),
        (("--weighting", "fan_in:nan"), "weighting 'fan_in:nan'"),
        (("--weighting", "decay:0"), "weighting 'decay:0' is not"),
        (("--weighting", "decay:inf"), "weighting 'decay:inf'"),
        (("--weighting", "decay:1/0"), "weighting 'decay:1/0'"),
        (("--weighting", "fan_in:0.5", "--exact"), "no exact numbers"),
        (("--input", "3x32x32"), "fixes its input"),
        (("--shrae", "none"), "No such option: --shrae"),
        (("--json",), "--json"),
        (("extra",), "extra"),
    ],
)
def test_options_that_mean_nothing(runner, arguments, expected):
    assert expected in runner.refuse("analyze", "paper:efficientnetv2-b0@32", *arguments)


def test_scalar_graphs_have_no_layers_to_share(runner):
    assert "no layers to share" in runner.refuse("analyze", "paper:figure3a", "--share", "all_but_bn")


@pytest.mark.parametrize("command", [("analyze", "paper:figure3a"), ("paper",), ("unroll", "paper:figure3a")])
def test_results_that_cannot_be_written(runner, tmp_path, command):
    (tmp_path / "file").touch()
    assert "there is no directory" in runner.refuse(*command, "--json", str(tmp_path / "none" / "a.json"))
    assert "it is a directory" in runner.refuse(*command, "--json", str(tmp_path))
    assert "there is no directory" in runner.refuse(*command, "--json", str(tmp_path / "file" / "a.json"))
    assert "cannot write ''" in runner.refuse(*command, "--json", "")


def test_two_results_in_one_place(runner, tmp_path):
    for place in ("-", str(tmp_path / "a")):
        assert "cannot both go to" in runner.refuse(
            "analyze", "paper:figure3a", "--json", place, "--csv", place
        )
    assert "--html needs a file" in runner.refuse("compare", "paper:figure3a", "--html", "-")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("analyse", "paper:figure3a"), "no command 'analyse': did you mean analyze?"),
        (("frobnicate",), "no command 'frobnicate': there are analyze, verify, compare, paper"),
        (("--frobnicate",), "No such option: --frobnicate"),
        (("analyze",), "SPEC"),
        (("unroll", "paper:figure3a", "--limit", "many"), "--limit"),
        (("unroll", "paper:figure3a", "--limit", "0"), "--limit"),
    ],
)
def test_commands_that_are_none(runner, arguments, expected):
    assert expected in runner.refuse(*arguments)


def test_names_cannot_break_the_line_or_drive_the_terminal(runner):
    message = runner.refuse("analyze", "paper:one\ntwo\x1b[31m")
    assert "one two?[31m" in message


# What the framework-free specs cannot spell, by way of Python.


def test_a_feature_map_that_vanishes_is_named():
    net = Network()
    x = net.conv(net.input(3, 8, 8), 4, 3, stride=4)
    with pytest.raises(ShapeError, match=r"in 'tail': convolve of features .*the feature map vanishes"):
        net.conv(x, 4, 3, name="tail")


def test_a_shape_that_is_no_shape_is_named():
    with pytest.raises(ShapeError, match=r"an input of shape \(3, -1, 8\): sizes must be positive"):
        Network().input(3, -1, 8)


def test_a_network_without_output_parameter_or_path():
    net = Network()
    with pytest.raises(RepriorError, match="has no output"):
        analyze(net)
    x = net.input(4)
    net.output(x)
    with pytest.raises(RepriorError, match="'network': the graph has no learnable parameter"):
        analyze(net)
    net.dense(x, 3)  # its result goes nowhere
    with pytest.raises(RepriorError, match="no output depends on any of the 2 learnable tensors"):
        analyze(net)


def test_a_scalar_graph_without_path():
    graph = DagBuilder().inputs("x").parameters("w").function("f", "x", "w").output("y", "x").build()
    with pytest.raises(RepriorError, match="'dag': no learnable parameter has a path to an output"):
        analyze(graph)


def test_what_is_no_model_is_refused():
    with pytest.raises(RepriorError, match="cannot analyse 'int'"):
        analyze(3)
    with pytest.raises(RepriorError, match="unknown option colour"):
        analyze("paper:figure3a", colour="red")


# Through PyTorch, where size and module are the user's.

TORCH_MODELS = """
import torch
from torch import nn

def fine():
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.Conv2d(4, 4, 3))

def no_parameter():
    return nn.Sequential(nn.ReLU(), nn.AvgPool2d(2))

class Returns(nn.Module):
    def __init__(self, what):
        super().__init__()
        self.layer, self.what = nn.Linear(8, 8), what

    def forward(self, x):
        self.layer(x)
        return self.what(x)

def nothing():
    return Returns(lambda x: None)

def no_path():
    return Returns(lambda x: x * 2)

def not_a_module():
    return 3

def raises():
    raise KeyError("boom")
"""


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("fine", "3x8x8", "Kernel size"),
        ("fine", "3x-8x8", "-8"),
        ("fine", "0", "0"),
        ("fine", "threexfour", "threexfour"),
        ("fine", "5x64x64", "channel"),
        ("no_parameter", "3x8x8", "no learnable parameter"),
        ("nothing", "8", "no floating tensor"),
        ("no_path", "8", "no output depends on any of the 2 learnable tensors"),
        ("not_a_module", "8", "'int'"),
        ("raises", "8", "boom"),
        ("missing", "8", "has no 'missing'"),
    ],
)
def test_modules_that_cannot_be_counted(runner, tmp_path, monkeypatch, name, shape, expected):
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("reprior.frontends.torch.specs", reason="the torch front-end is not there")
    (tmp_path / "bad_models.py").write_text(TORCH_MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    spec = f"py:bad_models:{name}"
    message = runner.refuse("analyze", spec, f"--input={shape}")
    assert spec in message and expected in message


def test_an_image_too_small_for_a_model(runner):
    pytest.importorskip("torchvision", reason="torchvision is not installed")
    message = runner.refuse("analyze", "torchvision:inception_v3@16")
    assert "torchvision:inception_v3@16" in message
