"""The random walk over layers and the utility that is made of it."""

import math

import pytest

import reprior
from reprior import Network
from reprior.core.canonical import canonicalise
from reprior.core.utility import utility, utility_of_graph
from reprior.core.visits import POOLS, Layer, visit_layers


def layers_of(net, *outputs):
    net.output(*outputs)
    return visit_layers(canonicalise(net.graph()))


def by_scope(layers):
    return {layer.scope: layer for layer in layers}


def element_walk(net):
    """Visits of each layer by the walk over single elements: another algorithm."""
    analysis = reprior.analyze(net, weighting="fan_in:1.0")
    result = {}
    for item in analysis.function_nodes:
        counts, many = item.products.counts.align(item.products.multiplicity)
        number = many.to_floats()
        result[item.scope] = ((counts.to_floats() * number).sum() / analysis.num_outputs, number.sum())
    return result


def dense_net(width=6):
    net = Network()
    x = net.input(5)
    x = net.relu(net.dense(x, width, name="a"))
    left, right = net.dense(x, 4, name="b"), net.dense(x, 4, name="c")
    net.output(net.dense(left + right, 2, name="e"))
    return net


def test_agrees_with_the_walk_over_elements():
    net = dense_net()
    walked = element_walk(net)
    found = by_scope(visit_layers(canonicalise(net.graph())))
    assert set(found) == set(walked) == {"a", "b", "c", "e"}
    for scope, (visits, products) in walked.items():
        assert found[scope].visits == pytest.approx(visits)
        assert found[scope].products == products


def test_agrees_with_the_walk_over_elements_of_convolutions_and_attention():
    net = Network()
    x = net.conv(net.input(2, 8, 8), 4, 2, stride=2, name="stem")
    x = net.conv(net.relu(x), 6, 1, groups=2, name="mix")
    tokens = net.permute(net.reshape(x, 1, 6, 16), 0, 2, 1)
    tokens = net.multi_head_attention(tokens, 2, name="attention")
    net.output(net.dense(net.reduce(tokens, 1), 3, name="head"))
    walked = element_walk(net)
    found = by_scope(visit_layers(canonicalise(net.graph())))
    assert set(found) == set(walked)
    for scope, (visits, products) in walked.items():
        assert found[scope].visits == pytest.approx(visits)
        assert found[scope].products == products
    assert found["attention.query"].visits == pytest.approx(0.25)
    assert found["attention.value"].visits == pytest.approx(0.5)


def test_padding_is_no_product():
    net = Network()
    net.output(net.conv(net.input(2, 5, 7), 3, 3, padding=1, stride=2, name="conv"))
    analysis = reprior.analyze(net)
    (item,) = analysis.function_nodes
    (layer,) = visit_layers(canonicalise(net.graph()))
    assert layer.products == item.products.multiplicity.to_floats().sum()
    assert layer.parameters == 2 * 3 * 9


def test_a_residual_stream_weighs_by_the_square_root_of_its_routes():
    net = Network()
    x = net.dense(net.input(4), 4, name="0")
    for number in range(1, 4):
        x = x + net.dense(x, 4, name=str(number))
    visits = {scope: layer.visits for scope, layer in by_scope(layers_of(net, x)).items()}
    # The last sum: its stream has three routes (layers 0, 1, 2), its fresh term one.
    third = 1 / (1 + math.sqrt(3))
    second = 1 / (1 + math.sqrt(2))
    assert visits["3"] == pytest.approx(third)
    assert visits["2"] == pytest.approx(second)
    assert visits["1"] == pytest.approx(1 / 2)
    assert visits["0"] == pytest.approx(1)


def test_a_concatenation_is_shared_by_size():
    net = Network()
    x = net.input(4)
    y = net.concatenate(net.dense(x, 1, name="a"), net.dense(x, 3, name="b"))
    found = by_scope(layers_of(net, net.dense(y, 2, name="head")))
    assert [found[k].visits for k in ("a", "b", "head")] == pytest.approx([0.25, 0.75, 1.0])


def test_pools_halve_routes_and_global_pools_do_not():
    net = Network()
    x = net.conv(net.input(1, 8, 8), 2, 1, name="below")
    x = net.pool(x, 3, stride=1, padding=1)
    found = by_scope(layers_of(net, net.dense(net.global_pool(x), 2, name="head")))
    assert found["below"].visits == pytest.approx(POOLS)
    assert pytest.approx(0.5) == POOLS**2
    assert found["head"].visits == 1


def test_several_outputs_are_shared_by_size():
    net = Network()
    x = net.input(4)
    found = by_scope(layers_of(net, net.dense(x, 1, name="a"), net.dense(x, 3, name="b")))
    assert [found["a"].visits, found["b"].visits] == pytest.approx([0.25, 0.75])


def test_branches_without_data_take_nothing():
    net = Network()
    x = net.dense(net.input(4), 4, name="a")
    nothing = net.dense(net.nothing_like(x), 4, name="dead")
    found = by_scope(layers_of(net, x + nothing))
    assert set(found) == {"a"}
    assert found["a"].visits == 1


def places(reuse):
    return 500 * (1 - math.exp(-reuse / 500))


def test_the_formula():
    # Reuse 8 and 1, outputs 2 and 4, fan-in 4 and 2.
    layers = [Layer("a", 1.0, 64, 8, 2), Layer("b", 0.125, 8, 8, 4)]
    shapes = (2**3 * 4) ** 0.25, (4**3 * 2) ** 0.25
    total = places(8) * shapes[0] + 0.5 * places(1) * shapes[1]
    assert utility(layers) == pytest.approx(math.log2(total) + math.log2(16) / 4)
    assert utility([]) is None


def test_layers_that_share_count_between_one_and_all():
    alone = Layer("a", 1.0, 64, 8, 2)
    ties = [Layer(str(k), 1.0, 64, 8, 2, weights="w", turn=k) for k in range(4)]
    free = [Layer(str(k), 1.0, 64, 8, 2) for k in range(4)]
    assert utility(ties) == pytest.approx(utility([alone]) + 1)  # sqrt(4) = 2
    assert utility(free) == pytest.approx(utility([alone]) + 2 + 2 / 4)
    # Uses unlike the best one add nothing, but take nothing away either.
    faint = Layer("faint", 1e-9, 64, 8, 2, weights="w", turn=1)
    assert utility([ties[0], faint]) == pytest.approx(utility([alone]))


def test_fused_projections_are_the_same():
    def attention(fused):
        net = Network()
        x = net.dense(net.input(9, 12), 12, name="stem")
        if fused:
            parts = net.split(net.dense(x, 36, name="qkv"), 3, axis=2)
        else:
            parts = [net.dense(x, 12, name=name) for name in "qkv"]
        net.output(net.dense(net.attention(*parts), 2, name="head"))
        return utility_of_graph(canonicalise(net.graph()))

    assert attention(True) == pytest.approx(attention(False))


def test_grows_with_width_depth_and_places_but_places_saturate():
    def cnn(size=16, width=8, depth=3):
        net = Network()
        x = net.conv(net.input(3, size, size), width, 3, padding=1)
        for _ in range(depth):
            x = x + net.relu(net.conv(x, width, 3, padding=1))
        net.output(net.dense(net.global_pool(x), 10))
        return utility_of_graph(canonicalise(net.graph()))

    assert cnn() < cnn(width=9) < cnn(width=64)
    assert cnn() < cnn(depth=4) < cnn(depth=30)
    assert cnn(8) < cnn(16) < cnn(64)
    assert cnn(128) - cnn(64) < 0.01


@pytest.mark.parametrize("width", [1024])
def test_the_orders_of_sharing(width):
    """Perplexity of Takase & Kiyono's models: universal < vanilla < cycle_rev < cycle, sequence."""
    names = {"universal": f"cycle:1:6:{2 * width}:16", "vanilla": f"none:6:6:{width}:8"}
    names |= {order: f"{order}:6:12:{width}:8" for order in ("cycle_rev", "cycle", "sequence")}
    found = {key: reprior.analyze(f"shared_lm:{name}").utility for key, name in names.items()}
    assert sorted(found, key=found.get) == ["universal", "vanilla", "cycle_rev", "cycle", "sequence"]


def test_a_sharing_policy_lowers_it():
    plain = reprior.analyze("paper:efficientnetv2-b0@64").utility
    shared = reprior.analyze("paper:efficientnetv2-b0@64", share="all_but_bn").utility
    assert shared < plain


def test_a_layer_written_as_several_over_its_places_is_the_same():
    def net_of(parts):
        net = Network()
        x = net.dense(net.input(12, 5), 5, name="first")
        weight = net.parameter(5, 5, name="shared")
        pieces = net.split(x, parts, axis=1) if parts > 1 else (x,)
        pieces = [net.dense(piece, 5, weight=weight, name=f"p{i}") for i, piece in enumerate(pieces)]
        y = net.concatenate(*pieces, axis=1) if parts > 1 else pieces[0]
        net.output(net.dense(net.reduce(y, 1), 2, name="head"))
        return canonicalise(net.graph())

    whole = utility_of_graph(net_of(1))
    assert utility_of_graph(net_of(3)) == pytest.approx(whole)
    assert utility_of_graph(net_of(12)) == pytest.approx(whole)


@pytest.mark.parametrize("share", ["none", "all_but_bn"])
@pytest.mark.parametrize("weighting", ["unit", "decay:0.5"])
def test_depends_on_the_sharing_alone(share, weighting):
    plain = reprior.analyze("paper:efficientnetv2-b0@64", share=share).utility
    assert plain is not None
    for normalization in ("local", "coupled"):
        for preset in ("definition", "paper"):
            options = {"share": share, "weighting": weighting, "normalization": normalization}
            other = reprior.analyze("paper:efficientnetv2-b0@64", preset=preset, **options)
            assert other.utility == pytest.approx(plain, rel=1e-12)


def test_none_without_layers():
    assert reprior.analyze("paper:figure3a").utility is None
    nothing = "nb201:|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    assert reprior.analyze(nothing).utility is None


def test_in_json_and_comparison():
    analysis = reprior.analyze("macro:a11111111")
    assert analysis.to_dict()["utility"] == analysis.utility
    comparison = reprior.compare(["macro:a00000000", "macro:a22222222", "macro:a11111111"], sort="utility")
    assert [row["model"] for row in comparison.rows()] == [
        "macro:a22222222",
        "macro:a11111111",
        "macro:a00000000",
    ]


def test_orders_the_models_of_tables_3_and_4():
    """Top-1: B0 76.9, B1 79.8, ResNet-50 80.3, B3 82.1, S 83.6, M 85.1, L 85.7; ResNet-50 and B3 swap."""
    names = ["efficientnetv2-b0", "efficientnetv2-b1", "resnet50", "efficientnetv2-b3"]
    names += ["efficientnetv2-s", "efficientnetv2-m", "efficientnetv2-l"]
    found = [reprior.analyze(f"paper:{name}").utility for name in names]
    concordant = sum(a < b for i, a in enumerate(found) for b in found[i + 1 :])
    assert concordant >= 20
