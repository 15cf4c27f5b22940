"""The table of parameters against the counts themselves."""

import math

import numpy as np
import pytest

from reprior import Network, analyze


def network():
    net = Network()
    x = net.relu(net.conv(net.input(2, 5, 5), 3, 3, stride=2, padding=1, bias=True))
    net.output(net.dense(net.flatten(x), 4))
    return net


@pytest.mark.parametrize("exact", [False, True])
def test_logs_summarise_the_counts(exact):
    analysis = analyze(network(), exact=exact)
    for row in analysis.parameters:
        counts = np.array(analysis.counts(row.name), dtype=np.float64)
        alive = counts[counts > 0]
        assert row.numel == counts.size and row.dead == counts.size - alive.size
        assert row.log2_contexts_min == pytest.approx(np.log2(alive).min())
        assert row.log2_contexts_mean == pytest.approx(np.log2(alive).mean())
        assert row.log2_contexts_max == pytest.approx(np.log2(alive).max())
        assert row.log2_contexts_sum == pytest.approx(np.log2(alive.sum()))


@pytest.mark.parametrize("model", ["paper:figure3a", network()], ids=["scalars", "tensors"])
def test_sums_add_up_to_all_contexts(model):
    analysis = analyze(model)
    total = math.fsum(2**row.log2_contexts_sum for row in analysis.parameters)
    assert math.log2(total) == pytest.approx(analysis.log2_total_contexts)
