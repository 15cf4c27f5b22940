"""The engine's U_G against the reference of the documentation, which knows nothing of its graphs."""

import importlib.util
from math import prod
from pathlib import Path

import pytest

from reprior.core.canonical import canonicalise, depends_on
from reprior.core.primitives import (
    Attention,
    Concat,
    Contract,
    Convolve,
    Input,
    Keep,
    Lookup,
    Map,
    Parameter,
    Pool,
)
from reprior.core.utility import utility_of_graph
from reprior.core.visits import visit_layers
from reprior.registry import load_spec

FILE = Path(__file__).parents[1] / "docs" / "benchmarks" / "utility_reference.py"
SPEC = importlib.util.spec_from_file_location("utility_reference", FILE)
reference = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(reference)


def steps_of(graph):
    """A graph in the words of the reference: values that depend on what is fed."""
    fed, learnable = depends_on(graph.nodes, Input), depends_on(graph.nodes, Parameter)
    place, steps, layers = {}, [], iter(visit_layers(graph))
    for position, node in enumerate(graph.nodes):
        if not fed[position]:
            continue
        op, layer = node.op, None
        kind = "other"
        if isinstance(op, Input):
            kind = "input"
        elif isinstance(op, Convolve | Contract | Lookup) and any(
            learnable[k] and not fed[k] for k in node.inputs
        ):
            kind, found = "layer", next(layers)
            layer = {
                "products": found.products, "weights": found.parameters, "outputs": found.outputs,
                "name": found.weights, "form": found.kind,
            }  # fmt: skip
        elif isinstance(op, Map):
            kind = "sum"
        elif isinstance(op, Concat):
            kind = "concat"
        elif isinstance(op, Attention):
            kind = "attention"
        elif isinstance(op, Pool) and prod(op.kernel) > 1:
            kind = "pool"
        elif isinstance(op, Keep) and not op.mask.nonzero().any():
            kind = "nothing"
        sources = [place[k] for k in node.inputs if k in place]
        place[position] = len(steps)
        steps.append((kind, sources, prod(node.shape), layer))
    return steps, [place[k] for k in graph.outputs]


@pytest.mark.parametrize(
    "spec",
    [
        "paper:efficientnetv2-b0@64",
        "paper:resnet50@64",
        "nb201:|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
        "macro:a01212011",
        "transnas:a131021",
        "mnasnet:" + "_".join(["4.3.2.1"] * 7),
        "mobilenet:v2_0.5_96",
        "channels:a4122144",
        'autoformer:{"depth": 2, "hidden_dim": 192, "mlp_ratio": [4, 3.5], "num_heads": [3, 4]}',
        "encoder:n0|256|SA-WMA-4-1024-3|LT-DCT-2-512-3",
        "open_lm:d96_l4_h4",
        "shared_lm:cycle_rev:2:6:64:4",
        "shared_lm:sequence:3:6:64:4",
    ],
)
def test_the_reference_agrees(spec):
    graph = canonicalise(load_spec(spec).graph)
    assert reference.utility(*steps_of(graph)) == pytest.approx(utility_of_graph(graph), abs=1e-9)
