"""The family against an independent implementation: the same tensors, shape by shape."""

from collections import Counter

import pytest

from reprior import analyze
from reprior.models.efficientnetv2 import EFFICIENTNETV2


@pytest.mark.parametrize("variant", EFFICIENTNETV2)
def test_learnable_tensors_have_the_shapes_of_timm(variant):
    timm = pytest.importorskip("timm", reason="timm is not installed")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with torch.device("meta"):
        theirs = timm.create_model(f"tf_efficientnetv2_{variant}")
    ours = analyze(f"paper:efficientnetv2-{variant}@32")
    expected = Counter(tuple(parameter.shape) for parameter in theirs.parameters())
    assert Counter(row.shape for row in ours.parameters) == expected


def test_b3_as_published():
    # Table 4 of the paper. The spread tells its first stage (16 channels) from one of 24 (1168.95).
    found = analyze("paper:efficientnetv2-b3@300", preset="paper")
    assert round(found.expected_spread, 1) == 1167.2
    assert found.num_parameters == 14_467_622
