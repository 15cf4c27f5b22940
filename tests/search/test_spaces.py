"""The spaces, and the key that equal graphs share."""

import pickle
import random
from functools import cache

import pytest

from reprior import Network, SpecError
from reprior.core.canonical import canonicalise
from reprior.core.utility import utility_of_graph
from reprior.registry import describe
from reprior.search import SPACES, FunctionSpace, graph_key, space


class Random:
    """Chooses by lot, as a trial."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def suggest_categorical(self, name, choices):
        return self._random.choice(choices)

    def suggest_int(self, name, low, high, *, step=1, log=False):
        return self._random.randrange(low, high + 1, step)


@cache
def canonical(spec):
    return canonicalise(describe(spec).graph)


@pytest.mark.parametrize("name", sorted(SPACES))
def test_every_point_is_a_network(name):
    for seed in range(3):
        candidate = space(name).suggest(Random(seed))
        graph = describe(candidate).graph
        graph.check()
        assert utility_of_graph(canonicalise(graph)) is not None, candidate


@pytest.mark.parametrize("name", sorted(SPACES))
def test_spaces_travel_to_other_processes(name):
    assert pickle.loads(pickle.dumps(space(name))) is space(name)


@pytest.mark.parametrize(("name", "size"), [("nb201", 15625), ("macro", 6561), ("resnet-width", 16384)])
def test_small_spaces_are_all_there(name, size):
    found = set(space(name).candidates())
    assert len(found) == space(name).size == size


@pytest.mark.parametrize(
    ("spec", "hint"), [("mbconf", "mbconv"), ("no/such.py:build", "no file"), ("a:b", "FILE")]
)
def test_what_is_no_space_is_refused(spec, hint):
    with pytest.raises(SpecError, match=hint):
        space(spec)


def test_a_function_of_the_users(tmp_path):
    (tmp_path / "mine.py").write_text("def make(trial):\n    return trial.suggest_categorical('a', ['x'])\n")
    assert FunctionSpace(f"{tmp_path / 'mine.py'}:make").suggest(Random(0)) == "x"
    with pytest.raises(SpecError, match="no function 'build'"):
        FunctionSpace(f"{tmp_path / 'mine.py'}").suggest(Random(0))


B0 = "mbconv:f1k3n1c16-f4k3n2c32-f4k3n2c48-m4k3n3c96-m6k3n5c112-m6k3n8c192"


def test_mbconv_holds_the_papers_network():
    assert graph_key(canonical(B0)) == graph_key(canonical("paper:efficientnetv2-b0@224"))


def test_shared_blocks_have_fewer_parameters_and_as_many_macs():
    from reprior.core.costs import measure

    shared = describe(B0 + "s").graph
    own = describe(B0).graph
    sizes = [sum(1 for _ in graph.parameters) for graph in (shared, own)]
    # The last stage: seven blocks use the five weights and two biases of one.
    assert sizes[1] - sizes[0] == 6 * 7
    assert measure(shared).macs == measure(own).macs


def test_a_transformer_without_sharing_is_one_with_as_many_sets_as_blocks():
    assert graph_key(canonical("vit:d2w96h2r2")) == graph_key(canonical("vit:d2w96h2r2-cycle2"))
    assert graph_key(canonical("vit:d2w96h2r2")) != graph_key(canonical("vit:d2w96h2r2-cycle1"))


@pytest.mark.parametrize(
    "text", ["d4w96h5r2", "d0w96h1r1", "d4w96h1", "d4w96h1r1-cycle5", "d4w96h1r1-round2"]
)
def test_what_is_no_transformer_is_refused(text):
    with pytest.raises(SpecError):
        describe(f"vit:{text}")


@pytest.mark.parametrize("text", ["", "f1k3n1c16", B0[7:] + "-f1k3n1c1", B0[7:].replace("k3", "k2")])
def test_what_is_no_mbconv_network_is_refused(text):
    with pytest.raises(SpecError):
        describe(f"mbconv:{text}")


def test_isomorphic_cells_have_one_key():
    # Nodes 1 and 2 are interchangeable where neither reads the other.
    a = "nb201:|nor_conv_3x3~0|+|skip_connect~0|none~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
    b = "nb201:|skip_connect~0|+|nor_conv_3x3~0|none~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|"
    assert graph_key(canonical(a)) == graph_key(canonical(b))


def tied(pairs):
    """Four layers side by side, of which those of a pair use one weight."""
    net = Network()
    x = net.input(4)
    weights = {}
    layers = []
    for k, pair in enumerate(pairs):
        weights.setdefault(pair, net.parameter(4, 4, name=f"w{k}"))
        y = net.relu(net.dense(x, 4, bias=False, weight=weights[pair]))
        layers.append(net.dense(y, k % 2 + 1, bias=False))
    net.output(*layers)
    return graph_key(canonicalise(net.graph()))


def test_who_shares_a_weight_is_in_the_key():
    assert tied("aabb") == tied("bbaa") == tied("cddc"[1:] + "c")
    assert len({tied("aabb"), tied("abab"), tied("abcd"), tied("aaaa"), tied("aabc")}) == 5
