"""Item 12 (norms): ``x + norm(x)`` has one edge from each element of x, for every norm and spelling.

Group norm reads x in another shape, which stood between the norm and the sum: two edges, where layer norm had
one.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from .norms import WIDTH, Function, contexts

TOKENS = 4


def group_norm_in_groups(x: torch.Tensor) -> torch.Tensor:
    y = x.mT.reshape(1, 2, -1)
    y = (y - y.mean(-1, keepdim=True)) / (y.var(-1, keepdim=True) + 1e-5).sqrt()
    return y.reshape(1, WIDTH, TOKENS).mT


def group_norm_by_repeated_statistics(x: torch.Tensor) -> torch.Tensor:
    y = x.mT.reshape(1, 2, 3, TOKENS)
    mean, scale = y.mean((2, 3)), y.std((2, 3))
    mean, scale = (value.repeat_interleave(3, 1)[:, None] for value in (mean, scale))
    return (x - mean) / scale


def channels_first_layer_norm(x: torch.Tensor) -> torch.Tensor:
    y = x.mT
    return ((y - y.mean(1, keepdim=True)) / (y.var(1, keepdim=True) + 1e-6).sqrt()).mT


def layer_norm_of_transposed(x: torch.Tensor) -> torch.Tensor:
    image = x.mT.reshape(1, WIDTH, 2, 2)
    image = F.layer_norm(image.permute(0, 2, 3, 1), (WIDTH,)).permute(0, 3, 1, 2)
    return image.flatten(2).mT


NORMS: dict[str, Function] = {
    "layer norm": lambda x: F.layer_norm(x, (WIDTH,)),
    "layer norm, channels first": channels_first_layer_norm,
    "layer norm, of transposed": layer_norm_of_transposed,
    "group norm": lambda x: F.group_norm(x.mT, 2).mT,
    "group norm in groups": group_norm_in_groups,
    "group norm by repeated statistics": group_norm_by_repeated_statistics,
    "instance norm": lambda x: F.instance_norm(x.mT).mT,
    "batch norm": lambda x: F.batch_norm(x.mT, None, None, training=True).mT,
    "rms norm": lambda x: F.rms_norm(x, (WIDTH,)),
    "softmax": lambda x: x.softmax(-1),
    "unit length": lambda x: F.normalize(x, dim=-1),
}


@pytest.mark.parametrize("norm", NORMS.values(), ids=NORMS.keys())
def test_item_12_residual_norms(norm: Function) -> None:
    assert contexts(lambda x: x + norm(x))["before.bias"] == [TOKENS] * WIDTH


@pytest.mark.parametrize("norm", NORMS.values(), ids=NORMS.keys())
def test_item_12_residual_norms_with_gain_and_bias(norm: Function) -> None:
    found = contexts(lambda x, gain, bias: x + (norm(x) * gain + bias), (WIDTH,), (WIDTH,))
    assert {tuple(counts) for name, counts in found.items() if name != "before.weight"} == {(TOKENS,) * WIDTH}
