"""Advice: every figure is that of the model changed by the patch."""

from __future__ import annotations

import json

import pytest

import reprior
import reprior.registry
from reprior.core.canonical import canonicalise
from reprior.core.graph import Graph
from reprior.errors import SpecError
from reprior.models.channel_resnet import channel_resnet
from reprior.search.advice import Patch, advise, drop_block, find_blocks, find_widths, repeat_block, resize
from reprior.search.advice.sets import sets_of

BEATEN = "paper:efficientnetv2-s@384"


def graph_of(spec: str) -> Graph:
    graph = reprior.registry.describe(spec).graph
    assert isinstance(graph, Graph)
    return graph


def test_sets_beat_the_papers_sharing_with_fewer_parameters() -> None:
    finder = sets_of(canonicalise(graph_of(BEATEN)))
    paper = reprior.analyze(BEATEN, share="all_but_bn")
    ours = reprior.analyze(BEATEN, share=finder.within(paper.num_parameters))
    assert ours.num_parameters <= paper.num_parameters
    assert ours.utility > paper.utility + 0.15
    assert ours.num_weight_nodes == paper.num_weight_nodes


@pytest.mark.parametrize("spec", ["macro:11111111", "channels:1234321"])
def test_every_proposal_is_its_patch(spec: str) -> None:
    graph = graph_of(spec)
    advice = advise(spec)
    assert {item.kind for item in advice.proposals} >= {"repeat", "narrow", "widen, share"}
    assert advice.before["utility"] == reprior.analyze(spec).utility
    for item in advice.proposals[::5]:
        patch = Patch.of(json.loads(json.dumps(item.to_dict()))["patch"])
        changed = reprior.analyze(patch.apply(graph), share=patch.sharing or "none")
        assert changed.utility == item.figures["utility"]
        assert changed.p_g == item.figures["p_g"]
        assert changed.costs.macs == item.figures["macs"]
        assert changed.num_parameters == item.figures["num_parameters"] <= advice.max_params
    for item in advice.proposals:
        if item.against is not None:
            assert item.figures["num_parameters"] <= item.against.num_parameters
            assert item.gain > 0
    utilities = [item.figures["utility"] for item in advice.proposals if item.fits]
    assert utilities == sorted(utilities, reverse=True)


def test_a_resized_width_is_that_of_the_network_built_so() -> None:
    graph = channel_resnet("1234321")
    (width,) = [w for w in find_widths(graph) if w.makers == ("blocks.1.conv1",)]
    for digit, size in ((1, 64), (4, 256)):
        changed = resize(graph, [width], size)
        wanted = channel_resnet(f"12{digit}4321")
        assert str(changed) == str(wanted)
        assert reprior.analyze(changed).utility == reprior.analyze(wanted).utility


def test_fixed_widths_stay() -> None:
    graph = channel_resnet("1234321")
    named = {axis for width in find_widths(graph) for axis in width.axes}
    assert ("stem.weight", 1) not in named  # the image has three channels
    assert ("classifier.weight", 0) not in named  # and there are ten classes
    assert ("classifier.weight", 1) not in named  # channels that a shortcut fills up with zeros


def test_blocks_left_out_and_repeated_are_those_of_the_network_built_so() -> None:
    def text(layers: int) -> str:
        return f"shared_lm:none:{layers}:{layers}:16:2"

    graph = graph_of(text(3))
    (block,) = find_blocks(graph)
    assert (block.module, block.run) == ("layers.2", 3)
    for changed, layers in ((drop_block(graph, block), 2), (repeat_block(graph, block, "own"), 4)):
        changed.check()
        ours, built = reprior.analyze(changed), reprior.analyze(text(layers))
        for key in ("num_parameters", "num_weight_nodes", "utility", "p_g", "p_g_prime", "entropy"):
            assert getattr(ours, key) == pytest.approx(getattr(built, key), rel=1e-12)
    twice = reprior.analyze(repeat_block(graph, block, "same"))
    assert twice.num_parameters == reprior.analyze(graph).num_parameters
    assert twice.num_weight_nodes > reprior.analyze(graph).num_weight_nodes


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "no patch of version 1"),
        ({"schema_version": 1, "steps": [{"action": "paint"}]}, "'paint' of a patch is not one of"),
        ({"schema_version": 1, "steps": [{"action": "drop", "module": "a"}]}, "'drop' of a patch takes"),
        (
            {"schema_version": 1, "steps": [{"action": "drop", "module": "a", "start": "1", "stop": 2}]},
            "wrong type",
        ),
        ({"schema_version": 1, "steps": [{"action": "share", "sets": [["a"]]}]}, "needs two names"),
    ],
)
def test_bad_patches(data: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Patch.of(data)


def test_a_patch_of_another_model() -> None:
    steps = [{"action": "drop", "module": "layers.9", "start": 3, "stop": 5}]
    with pytest.raises(SpecError, match=r"no block 'layers\.9'"):
        Patch.of({"schema_version": 1, "steps": steps}).apply(graph_of("macro:11111111"))


def test_bad_budgets() -> None:
    with pytest.raises(SpecError, match="scalar graph"):
        advise("paper:figure3a")
    with pytest.raises(SpecError, match="positive"):
        advise("macro:11111111", max_params=0)
    with pytest.raises(reprior.RepriorError, match="no change brings it to 10 parameters"):
        advise("macro:11111111", max_params=10)
