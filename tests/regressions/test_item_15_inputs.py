"""Item 15 (what is fed): a tokenizer's output is an input like any other.

Integers and booleans given as tensors keep their elements for control flow; a mask of which only the shape
is given is all ones, and a note says so.
"""

from __future__ import annotations

from collections import UserDict
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from reprior import SpecError
from reprior.frontends.torch import make_inputs


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(50, 4), nn.Linear(4, 3)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, image: Any = None
    ) -> torch.Tensor:
        x = self.words(input_ids)
        if attention_mask is not None and not attention_mask.all():
            x = x * attention_mask[..., None]
        return self.head(x)


ids, mask = torch.tensor([[5, 6, 7]]), torch.tensor([[1, 1, 0]])


@pytest.mark.parametrize(
    "given",
    [
        {"input_ids": ids, "attention_mask": mask},
        UserDict({"input_ids": ids, "attention_mask": mask}),
        UserDict({"input_ids": [5, 6, 7], "attention_mask": [1, 1, 0]}),
        UserDict({"input_ids": [[5, 6, 7]], "attention_mask": [[1, 1, 0]]}),
        UserDict({"input_ids": np.array([[5, 6, 7]]), "attention_mask": np.array([[1, 1, 0]])}),
        [ids, mask],
    ],
)
def test_item_15_elements_of_integers_are_kept(given: Any) -> None:
    fed = make_inputs(Reader(), given)
    assert all(tensor.is_meta and tensor.shape == (1, 3) for tensor in fed.tensors.values())
    assert (fed.examples["input_ids"] == ids).all() and (fed.examples["attention_mask"] == mask).all()
    assert not fed.notes


def test_item_15_tokenizers_of_transformers() -> None:
    transformers = pytest.importorskip("transformers")
    given = transformers.BatchEncoding({"input_ids": [5, 6, 7], "attention_mask": [1, 1, 0]})
    fed = make_inputs(Reader(), given)
    assert (fed.examples["input_ids"] == ids).all() and set(fed.kwargs) == {"input_ids", "attention_mask"}


def test_item_15_a_mask_that_is_only_a_shape_is_all_ones() -> None:
    fed = make_inputs(Reader(), {"input_ids": (1, 3), "attention_mask": (1, 3)})
    assert set(fed.examples) == {"attention_mask"} and fed.examples["attention_mask"].all()
    assert fed.notes == ("assumed: 'attention_mask' is all ones",)
    real = make_inputs(Reader(), {"input_ids": (1, 3), "attention_mask": (1, 3)}, real=True)
    assert (real.kwargs["attention_mask"] == 1).all()


def test_item_15_features_have_no_example() -> None:
    assert not make_inputs(nn.Linear(3, 2), torch.ones(1, 3)).examples


def test_item_15_texts_of_several_lengths() -> None:
    with pytest.raises(SpecError, match="padded to one length"):
        make_inputs(Reader(), UserDict({"input_ids": [[5, 6, 7], [5]]}))
