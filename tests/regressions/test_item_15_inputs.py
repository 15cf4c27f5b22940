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

import reprior
from reprior import RepriorError, SpecError
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


def test_item_15_models_with_a_decoder_say_what_they_need() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.T5Config(d_model=16, d_kv=8, d_ff=20, num_layers=1, num_heads=2, vocab_size=50)
    module = transformers.T5Model(config)
    with pytest.raises(RepriorError, match="give decoder_input_ids as well"):
        reprior.analyze(module, {"input_ids": ids})
    found = reprior.analyze(module, {"input_ids": ids, "decoder_input_ids": ids.clone()})
    assert found.num_inputs == 6 and found.num_outputs == 3 * 16


SMALL = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 20,
    "vocab_size": 50, "max_position_embeddings": 40, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1,
}  # fmt: skip
FAMILIES: dict[str, dict[str, Any]] = {
    "BertModel": {},
    "RobertaModel": {},
    "DistilBertModel": {"dim": 16, "hidden_dim": 20, "n_layers": 1, "n_heads": 2},
    "GPT2LMHeadModel": {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 40},
    "LlamaForCausalLM": {"num_key_value_heads": 2},
    "T5EncoderModel": {"d_model": 16, "d_kv": 8, "d_ff": 20, "num_layers": 1, "num_heads": 2},
}


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", FAMILIES)
def test_item_15_a_tokenizers_mask_changes_no_count(name: str, attention: str) -> None:
    transformers = pytest.importorskip("transformers")
    cls = getattr(transformers, name)
    own = FAMILIES[name]
    common = SMALL if not own or name.startswith("Llama") else {"vocab_size": 50, "bos_token_id": 0}
    config = cls.config_class(**{**common, **own})
    if not name.startswith("T5"):
        config._attn_implementation = attention
    module = cls(config)
    words = torch.randint(2, 50, (1, 8))
    given = transformers.BatchEncoding({"input_ids": words, "attention_mask": torch.ones_like(words)})
    plain, fed = reprior.analyze(module, {"input_ids": words}), reprior.analyze(module, given)
    shapes = reprior.analyze(module, {"input_ids": (1, 8), "attention_mask": (1, 8)})
    assert plain.num_inputs == fed.num_inputs == shapes.num_inputs == 8
    assert fed.p_g == pytest.approx(plain.p_g, rel=1e-12) == shapes.p_g
    assert any("attention_mask" in note for note in fed.notes)
