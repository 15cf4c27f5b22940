"""A weighting of one's own, defined outside the package, and the one that discounts by resolution."""

from fractions import Fraction

import pytest

import reprior
from reprior.core.weighting import Weighting


def network() -> reprior.Network:
    net = reprior.Network()
    x = net.conv(net.input(1, 4, 4), 1, kernel=2, stride=2, name="first")
    net.output(net.conv(x, 1, kernel=2, name="second"))
    return net


def test_contexts_are_discounted_by_the_maps_they_pass():
    # 4x4 by windows of 2x2 with stride 2 to 2x2, and by one window to 1: 16 products then 4 sums, 4 products
    # then 1 sum. A weight of the second layer is in one product of 4, which is in the sum: 1/4 * 1/1. One of
    # the first is in 4 products of 16, each in one of 4 sums, and goes on as a feature: 4 * 1/16 * 1/4 * 1/4.
    found = reprior.analyze(network(), weighting="resolution:1", exact=True)
    assert set(found.counts("second.weight").ravel()) == {Fraction(1, 4)}
    assert set(found.counts("first.weight").ravel()) == {Fraction(1, 64)}
    assert found.weighting == "resolution:1.0"
    whole, plain = (reprior.analyze(network(), weighting=text) for text in ("resolution:0", "unit"))
    assert whole.entropy == pytest.approx(plain.entropy)


def test_a_graph_of_scalars_has_no_resolution():
    with pytest.raises(reprior.SpecError, match="nodes of a scalar graph have no size"):
        reprior.analyze("paper:figure3a", weighting="resolution:1")


def test_one_of_your_own_is_one_class_and_may_be_defined_again(monkeypatch):
    monkeypatch.setattr(Weighting, "_kinds", dict(Weighting._kinds))
    for _ in range(2):  # as a cell of a notebook is run again

        class Halved(Weighting):
            """Half a context for every edge."""

            kind = "halved"
            form = "'halved'"

            @classmethod
            def read(cls, number):
                return cls() if number is None else None

            def of_size(self, size):
                return Fraction(1, 2)

            def __str__(self):
                return self.kind

    for given in ("halved", Halved()):
        found = reprior.analyze(network(), weighting=given, exact=True)
        assert found.weighting == "halved"
        assert set(found.counts("second.weight").ravel()) == {Fraction(1, 4)}  # product and sum
    with pytest.raises(reprior.SpecError, match=r"'resolution:BETA'.* or 'halved'"):
        reprior.analyze(network(), weighting="halvd")
    with pytest.raises(reprior.SpecError, match="there is a weighting 'decay' already"):
        type("Other", (Halved,), {"kind": "decay"})
