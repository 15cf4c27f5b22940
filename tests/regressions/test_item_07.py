"""Item 7: norms of repeated values are local, the framework's and those written out.

The statistic of an expanded value is larger than the value itself, so it was not taken for one.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from .norms import WIDTH, Function, contexts

COPIES = 5

REPEATS: dict[str, Function] = {
    "expand": lambda x: x.expand(-1, COPIES, -1),
    "repeat": lambda x: x.repeat(1, COPIES, 1),
    "repeat_interleave": lambda x: x.repeat_interleave(COPIES, 1),
    "cat": lambda x: torch.cat([x] * COPIES, 1),
    "take": lambda x: x[:, [0] * COPIES],
}
NORMS: dict[str, Function] = {
    "layer norm": lambda x: F.layer_norm(x, (WIDTH,)),
    "rms norm": lambda x: F.rms_norm(x, (WIDTH,)),
    "group norm": lambda x: F.group_norm(x.mT, 2).mT,
    "softmax": lambda x: x.softmax(-1),
    "softmax over copies": lambda x: x.softmax(1),
    "unit length": lambda x: F.normalize(x, dim=-1),
    "standardised": lambda x: (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True),
    "over all": lambda x: x / x.norm(),
}


@pytest.mark.parametrize("norm", NORMS.values(), ids=NORMS.keys())
@pytest.mark.parametrize("repeat", REPEATS.values(), ids=REPEATS.keys())
def test_item_07_norms_of_repeated_values(repeat: Function, norm: Function) -> None:
    """One context for each copy, not one for each element of each copy."""
    assert contexts(lambda x: norm(repeat(x)), tokens=1)["before.bias"] == [COPIES] * WIDTH
