"""Parameters of the nine rows of Table 2, by both rules, in real modules (docs/sharing.md explains them)."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch

from reprior.sharing import share_parameters


class Row(NamedTuple):
    """Published millions, then learnable scalars by the text's rule and by the original code's."""

    model: str
    classes: int
    shared: bool
    published: str
    text: int
    code: int


ROWS = [
    Row("b0", 10, True, "1.7", 1_690_002, 1_643_922),
    Row("b0", 10, False, "5.9", 5_871_514, 5_871_514),
    Row("s", 10, True, "3.1", 3_030_234, 2_930_906),
    Row("b0", 100, True, "1.8", 1_805_292, 1_759_212),
    Row("b0", 100, False, "5.9", 5_986_804, 5_986_804),
    Row("s", 100, True, "3.2", 3_145_524, 3_046_196),
    Row("b0", 1000, True, "3.0", 2_958_192, 2_912_112),
    Row("b0", 1000, False, "7.1", 7_139_704, 7_139_704),
    Row("s", 1000, True, "4.4", 4_298_424, 4_199_096),
]
STATISTICS = {"b0": 60_608, "s": 153_872}


def _millions(number: int) -> str:
    return f"{number / 1e6:.1f}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.model}-{row.classes}-{row.shared}")
def test_a_row(row: Row) -> None:
    timm = pytest.importorskip("timm")
    with torch.device("meta"):
        module = timm.create_model(f"tf_efficientnetv2_{row.model}", num_classes=row.classes)
    statistics = sum(b.numel() for name, b in module.named_buffers() if "running" in name)
    assert statistics == STATISTICS[row.model]
    counts = {}
    for policy in ("all_but_bn", "original_code"):
        shared = share_parameters(module, policy)
        counts[policy] = shared.after if row.shared else shared.before
        shared.undo()
    assert (counts["all_but_bn"], counts["original_code"]) == (row.text, row.code)
    if row.shared:
        # All six are printed with running statistics, shared as by the original code.
        assert _millions(row.code + statistics) == row.published
    elif row.classes == 100:
        assert f"{row.code // 100_000 / 10}" == row.published  # 5,986,804, cut off
    else:
        assert _millions(row.code) == row.published
