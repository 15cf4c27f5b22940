"""Item 15: a tokenizer's output, with its attention mask.

Counts and P_G are those without the mask, for eager and fused attention alike; a causal mask AND a fed one
stays causal; a mask is not in N_I (convention 13), and neither are values that only decide control flow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

import reprior

LENGTH = 5
X = torch.zeros(1, LENGTH, 2)
MASK = torch.ones(1, LENGTH, dtype=torch.int64)
Forward = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]


class Layer(nn.Module):
    """``forward`` of features, of a mask that is fed, and of a few parameters."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(2, 2, bias=False) for _ in range(3))
        self.token = nn.Parameter(torch.ones(2))
        self.function = forward

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.function(self, x, mask)


def figures(forward: Forward, mask: Any = MASK, **options: Any) -> tuple[Any, ...]:
    analysis = reprior.analyze(Layer(forward), {"x": X, "mask": mask}, exact=True, **options)
    counts = [analysis.counts(name).tolist() for name in ("q.weight", "k.weight", "v.weight", "token")]
    return analysis.num_inputs, *counts


def _causal(x: torch.Tensor) -> torch.Tensor:
    return torch.ones(LENGTH, LENGTH, dtype=torch.bool, device=x.device).tril()


def _additive(keep: torch.Tensor) -> torch.Tensor:
    return (1.0 - keep.float()) * torch.finfo(torch.float32).min


def _eager(layer: Any, x: torch.Tensor, bias: torch.Tensor | float = 0.0) -> torch.Tensor:
    scores = layer.q(x) @ layer.k(x).mT + bias
    return scores.softmax(-1) @ layer.v(x)


def _fused(
    layer: Any, x: torch.Tensor, mask: torch.Tensor | None = None, causal: bool = False
) -> torch.Tensor:
    q, k, v = (one(x)[:, None] for one in (layer.q, layer.k, layer.v))
    return scaled_dot_product_attention(q, k, v, mask, is_causal=causal)[:, 0]


PLAIN: dict[str, Forward] = {
    "added": lambda s, x, m: _eager(s, x, _additive(m[:, None, :])),
    "infinite": lambda s, x, m: _eager(s, x, torch.zeros(1, 1, LENGTH, device=x.device).masked_fill(
        m[:, None, :] == 0, -torch.inf)),
    "filled": lambda s, x, m: (s.q(x) @ s.k(x).mT).masked_fill(~m[:, None, :].bool(), -1e9)
        .softmax(-1) @ s.v(x),
    "chosen": lambda s, x, m: torch.where(
        m[:, None, :] > 0, s.q(x) @ s.k(x).mT, torch.tensor(-torch.inf, device=x.device)
    ).softmax(-1) @ s.v(x),
    "by index": lambda s, x, m: _by_index(s.q(x) @ s.k(x).mT, m[:, None, :].expand(-1, LENGTH, -1) == 0)
        .softmax(-1) @ s.v(x),
    "fused boolean": lambda s, x, m: _fused(s, x, m[:, None, None, :].bool().expand(-1, -1, LENGTH, -1)),
    "fused additive": lambda s, x, m: _fused(s, x, _additive(m[:, None, None, :]).expand(-1, -1, LENGTH, -1)),
    "multiplied after": lambda s, x, m: _eager(s, x) * m[..., None],
    "written on the features": lambda s, x, m: _eager(s, x).masked_fill(m[..., None] == 0, 0.0),
    "by branch": lambda s, x, m: _eager(s, x) if m.all() else _eager(s, x, _additive(m[:, None, :])),
    "unread": lambda s, x, m: _eager(s, x),
}  # fmt: skip

CAUSAL: dict[str, Forward] = {
    "added": lambda s, x, m: _eager(s, x, _additive(m[:, None, :] * _causal(x))),
    "and": lambda s, x, m: _eager(s, x, _additive(m[:, None, :].bool() & _causal(x))),
    "one after the other": lambda s, x, m: _eager(s, x, _additive(m[:, None, :]) + _additive(_causal(x))),
    "least": lambda s, x, m: _eager(s, x, torch.minimum(_additive(m[:, None, :]), _additive(_causal(x)))),
    "written": lambda s, x, m: _eager(s, x, _written(_additive(_causal(x))[None].clone(), m)),
    "either is out": lambda s, x, m: (s.q(x) @ s.k(x).mT).masked_fill(
        (m[:, None, :] == 0) | ~_causal(x), -torch.inf).softmax(-1) @ s.v(x),
    "fused": lambda s, x, m: _fused(s, x, (m[:, None, :].bool() & _causal(x))[:, None]),
    "fused additive": lambda s, x, m: _fused(s, x, _additive(m[:, None, :] * _causal(x))[:, None]),
}  # fmt: skip


def _by_index(scores: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    scores[out] = -torch.inf
    return scores


def _written(bias: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    bias[:, :, :LENGTH] = bias[:, :, :LENGTH].masked_fill(mask[:, None, :] == 0, -1e9)
    return bias


GIVEN = {
    "ones": MASK,
    "padded": torch.tensor([[1, 1, 1, 0, 0]]),
    "booleans": MASK.bool(),
    "floats": MASK.float(),
    "a shape": (1, LENGTH),
}


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("spelling", PLAIN)
def test_item_15_counts_are_those_without_the_mask(spelling: str, given: str) -> None:
    if spelling == "by branch" and given in ("padded", "floats"):
        pytest.skip("the branch is another one, or nothing is known of it")
    assert figures(PLAIN[spelling], GIVEN[given]) == figures(lambda s, x, m: _eager(s, x))


@pytest.mark.parametrize("given", ["ones", "padded", "booleans"])
@pytest.mark.parametrize("spelling", CAUSAL)
def test_item_15_causal_and_fed_stays_causal(spelling: str, given: str) -> None:
    expected = figures(lambda s, x, m: _fused(s, x, causal=True))
    assert figures(CAUSAL[spelling], GIVEN[given]) == expected
    assert expected[1:] != figures(lambda s, x, m: _eager(s, x))[1:]


def test_item_15_a_mask_is_no_operand_under_fan_in() -> None:
    for spelling in ("added", "fused boolean", "multiplied after"):
        assert figures(PLAIN[spelling], weighting="fan_in:1") == figures(
            lambda s, x, m: _eager(s, x), weighting="fan_in:1"
        )


POOLED: dict[str, Forward] = {
    "mean": lambda s, x, m: (s.v(x) * m[..., None]).sum(1) / m.sum(1, keepdim=True),
    "clamped mean": lambda s, x, m: (
        (s.v(x) * m[..., None]).sum(1) / m[..., None].float().sum(1).clamp(min=1e-9)
    ),
    "product": lambda s, x, m: ((m / m.sum(1, keepdim=True))[:, None] @ s.v(x))[:, 0],
}


@pytest.mark.parametrize("spelling", POOLED)
def test_item_15_masked_mean(spelling: str) -> None:
    assert figures(POOLED[spelling]) == figures(lambda s, x, m: s.v(x).mean(1))


def test_item_15_masked_tokens() -> None:
    """Where a mask chooses between features and a learned token, both may be there."""
    spellings: list[Forward] = [
        lambda s, x, m: torch.where(m[..., None].bool(), s.token, s.v(x)),
        lambda s, x, m: s.v(x) * (1 - m[..., None]) + s.token * m[..., None],
        lambda s, x, m: s.v(x).index_put((m.bool(),), s.token),
    ]
    for forward in spellings:
        inputs, _, _, value, token = figures(forward)
        # Each of the two outputs of a position depends on two elements of x, so on two of its row of weights.
        assert (inputs, value, token) == (X.numel(), [[LENGTH] * 2] * 2, [LENGTH] * 2)


class Features(nn.Module):
    """Integers that are features: timesteps through sine and cosine, indices into a table."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.table = nn.Linear(4, 3), nn.Embedding(7, 3)

    def forward(self, steps: torch.Tensor, ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        angles = steps[:, None].float() * torch.tensor([1.0, 2.0], device=steps.device)
        waves = torch.cat([angles.sin(), angles.cos()], -1)
        return self.linear(waves) + self.table((ids + 1).clamp(max=6)).sum(1)


def test_item_15_features_count_and_labels_do_not() -> None:
    given = {"steps": (2,), "ids": (2, 5), "labels": (2, 9)}
    for feed in (given, {key: torch.ones(shape, dtype=torch.int64) for key, shape in given.items()}):
        analysis = reprior.analyze(Features(), feed, exact=True)
        assert analysis.num_inputs == 2 + 10
        assert any("'labels'" in note for note in analysis.notes)
        assert analysis.counts("linear.weight").tolist() == [[2] * 4] * 3
        assert analysis.counts("table.weight").tolist() == [[10] * 3] * 7


def test_item_15_a_comparison_of_tokens_is_unknown() -> None:
    """No example says that a token never occurs: both sides of the choice stay."""

    class Merge(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.image = nn.Embedding(9, 2), nn.Linear(3, 2)

        def forward(self, ids: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
            return torch.where((ids == 8)[..., None], self.image(pixels), self.table(ids))

    for ids in (torch.zeros(1, 4, dtype=torch.int64), (1, 4)):
        analysis = reprior.analyze(Merge(), {"ids": ids, "pixels": (1, 4, 3)}, exact=True)
        assert analysis.counts("image.weight").tolist() == [[4] * 3] * 2
        assert analysis.counts("table.weight").tolist() == [[4] * 2] * 9


def test_item_15_masks_alone_are_features() -> None:
    class Alone(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.ones(3))

        def forward(self, mask: torch.Tensor) -> torch.Tensor:
            return self.w * mask

    analysis = reprior.analyze(Alone(), {"mask": torch.tensor([[1.0, 0.0, 1.0]])}, exact=True)
    assert (analysis.num_inputs, analysis.counts("w").tolist()) == (3, [1, 1, 1])


_SIZES: dict[str, Any] = dict(
    vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
    max_position_embeddings=20, pad_token_id=0,
)  # fmt: skip
_MODELS = {
    "Bert": _SIZES,
    "Roberta": _SIZES,
    "DistilBert": dict(
        vocab_size=30, dim=16, n_layers=1, n_heads=2, hidden_dim=32, max_position_embeddings=20
    ),
    "GPT2": dict(vocab_size=30, n_embd=16, n_layer=1, n_head=2, n_positions=20),
    "Llama": _SIZES,
    "Mistral": {**_SIZES, "sliding_window": 3, "num_key_value_heads": 1},
    "T5Encoder": dict(vocab_size=30, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2),
    "Falcon": dict(vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, alibi=True),
}


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", _MODELS)
def test_item_15_tokenizer_output(name: str, attention: str) -> None:
    transformers = pytest.importorskip("transformers")
    config = getattr(transformers, f"{name.removesuffix('Encoder')}Config")(**_MODELS[name])
    config._attn_implementation, config.use_cache = attention, False
    model = getattr(transformers, f"{name}Model")(config).eval()
    ids = torch.randint(3, 30, (1, 6))
    without = reprior.analyze(model, {"input_ids": ids})
    for mask in (torch.ones(1, 6, dtype=torch.int64), torch.tensor([[1, 1, 1, 1, 0, 0]])):
        analysis = reprior.analyze(model, {"input_ids": ids, "attention_mask": mask})
        assert analysis.num_inputs == without.num_inputs == 6
        assert analysis.p_g == pytest.approx(without.p_g, rel=1e-12)
        assert any("'attention_mask'" in note for note in analysis.notes)
