"""A normalisation counts alike in whatever order its factors are multiplied (convention 6)."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from reprior import Feature, Network, analyze
from reprior.core.primitives import Expand

WIDTH, TOKENS = 3, 2
Factors = list[Feature]


def _multiply(net: Network, factors: Factors, draw: Callable[[st.SearchStrategy], int]) -> Feature:
    """A random tree of products, with views, broadcasts, and roots of squares on the way."""
    pool = list(factors)
    while len(pool) > 1:
        one = pool.pop(draw(st.integers(0, len(pool) - 1)))
        other = pool.pop(draw(st.integers(0, len(pool) - 1)))
        pool.append(_wrapped(net, net.multiply(one, other), draw(st.integers(0, 5))))
    return pool[0]


def _wrapped(net: Network, x: Feature, how: int) -> Feature:
    """The same value, after a detour."""
    if how == 1:
        return net.activation(net.activation(x, "sqrt"), "square")
    if how == 2:
        return net.activation(net.activation(x, "reciprocal"), "reciprocal")
    if how == 3:
        return net.activation(x, "neg")
    if how == 4 and len(x.shape) == 3:
        return net._add(Expand((1, TOKENS, WIDTH)), (x,))
    if how == 5 and x.shape == (1, TOKENS, WIDTH):
        return net.reshape(net.reshape(x, 1, TOKENS * WIDTH), 1, TOKENS, WIDTH)
    return x


def _statistic(net: Network, x: Feature, kind: str) -> Feature:
    """A number for every token, computed from all of its channels."""
    if kind == "length":
        return net.activation(net.reduce(x * x, -1, keepdims=True), "rsqrt")
    if kind == "deviation":
        mean = net.reduce(x, -1, keepdims=True)
        return net.activation(net.reduce((y := net.add(x, mean)) * y, -1, keepdims=True), "reciprocal")
    return net.activation(net.reduce(net.activation(x, "abs"), -1, keepdims=True), "one over one plus")


def _counts(build: Callable[[Network, Feature], Feature]) -> dict[str, list]:
    net = Network()
    net.output(net.dense(build(net, net.input(TOKENS, WIDTH)), 2, name="after"))
    found = analyze(net, exact=True)
    return {row.name: found.counts(row.name).ravel().tolist() for row in found.parameters}


@given(st.data())
def test_any_association_of_the_factors(data: st.DataObject) -> None:
    """The statistics of one or two values, among gains, in any tree: as if they were not there."""
    both, kinds = data.draw(st.booleans()), st.sampled_from(["length", "deviation", "gate"])

    def build(net: Network, x: Feature, normalised: bool) -> Feature:
        values = [net.dense(x, WIDTH, name=name) for name in (("one", "other") if both else ("one",))]
        factors = [*values, net.parameter(WIDTH, name="gain"), net.parameter(1, name="scale")]
        if not normalised:
            return net.multiply(*factors)
        factors += [_statistic(net, value, data.draw(kinds)) for value in values]
        return _multiply(net, factors, data.draw)

    assert _counts(lambda net, x: build(net, x, True)) == _counts(lambda net, x: build(net, x, False))


@given(st.data())
def test_a_statistic_of_another_value_routes(data: st.DataObject) -> None:
    """Each element of the other value meets all of the token's channels by its statistic."""
    kind = data.draw(st.sampled_from(["length", "gate"]))

    def build(net: Network, x: Feature) -> Feature:
        value, other = net.dense(x, WIDTH, name="one"), net.dense(x, WIDTH, name="other")
        return _multiply(
            net, [value, net.parameter(WIDTH, name="gain"), _statistic(net, other, kind)], data.draw
        )

    found = _counts(build)
    assert found["one.bias"] == [TOKENS * 2] * WIDTH
    assert found["other.bias"] == [TOKENS * WIDTH * 2] * WIDTH


@given(st.data())
def test_a_distributed_centring(data: st.DataObject) -> None:
    """``(x - mean) a`` and ``x a - mean a`` are one, with gains in a or outside."""

    def build(net: Network, x: Feature) -> Feature:
        value = net.dense(x, WIDTH, name="one")
        mean, scale = net.reduce(value, -1, keepdims=True), _statistic(net, value, "deviation")
        gain = net.parameter(WIDTH, name="gain")
        if data.draw(st.booleans()):
            inner = scale
        else:
            inner, gain = net.multiply(scale, gain), net.parameter(WIDTH, name="unused")
        mean = net.activation(mean, "neg")
        if data.draw(st.booleans()):
            result = net.multiply(net.add(value, mean), inner)
        else:
            result = net.add(net.multiply(value, inner), net.multiply(mean, inner))
        return result if inner is not scale else net.multiply(result, gain)

    def reference(net: Network, x: Feature) -> Feature:
        return net.multiply(net.dense(x, WIDTH, name="one"), net.parameter(WIDTH, name="gain"))

    found = _counts(build)
    found.pop("unused", None)
    assert found == _counts(reference)
