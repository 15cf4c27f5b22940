"""Two routes to one graph: traced and built by hand, equal counts parameter by parameter."""

from __future__ import annotations

from collections import Counter

import pytest

import reprior
from reprior import Feature, Graph, Network
from reprior.models.resnet import resnet50

# (expansion, channels, repeats, stride) of MobileNetV2's stages (Sandler et al 2018, Table 2).
MOBILENET_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                (6, 160, 3, 2), (6, 320, 1, 1))  # fmt: skip


def mobilenet_v2(size: int) -> Graph:
    net = Network()

    def conv(
        x: Feature, channels: int, kernel: int, stride: int = 1, groups: int = 1, act: bool = True
    ) -> Feature:
        x = net.conv(x, channels, kernel, stride=stride, padding=kernel // 2, groups=groups)
        x = net.batch_norm(x)
        return net.relu(x) if act else x

    x = conv(net.input(3, size, size), 32, 3, 2)
    for expansion, channels, repeats, first in MOBILENET_V2:
        for block in range(repeats):
            stride, wide = (first if block == 0 else 1), x.shape[1] * expansion
            y = conv(x, wide, 1) if expansion > 1 else x
            y = conv(conv(y, wide, 3, stride, wide), channels, 1, act=False)
            x = x + y if y.shape == x.shape else y
    net.output(net.dense(net.global_pool(conv(x, 1280, 1)), 1000))
    return net.graph()


@pytest.mark.parametrize("preset", ["definition", "paper"])
def test_resnet50(preset: str) -> None:
    built = reprior.analyze(resnet50(64), exact=True, preset=preset)
    traced = reprior.analyze("torchvision:resnet50@64", exact=True, preset=preset)
    names = {row.name for row in traced.parameters}
    assert names == {row.name for row in built.parameters}
    for name in names:
        assert (traced.counts(name) == built.counts(name)).all(), name
    assert traced.total_contexts == built.total_contexts
    assert (traced.num_weight_nodes, traced.costs) == (built.num_weight_nodes, built.costs)


@pytest.mark.parametrize("spec", ["torchvision:mobilenet_v2@64", "timm:mobilenetv2_100@64"])
def test_mobilenet_v2(spec: str) -> None:
    """Named otherwise, so compared in order: both list parameters in the order of use."""
    built = reprior.analyze(mobilenet_v2(64), exact=True)
    traced = reprior.analyze(spec, exact=True)

    def tensors(found: reprior.Analysis) -> Counter[tuple[object, ...]]:
        return Counter((row.shape, found.counts(row.name).sum()) for row in found.parameters)

    assert tensors(built) == tensors(traced)
    assert built.total_contexts == traced.total_contexts
    assert built.num_weight_nodes == traced.num_weight_nodes
    assert built.p_g == pytest.approx(traced.p_g, rel=1e-12)
