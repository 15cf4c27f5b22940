"""What is not followed says so: results without a rule, elements that Python reads, large values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

import reprior
from reprior.errors import RepriorError, UnknownOperatorError
from reprior.frontends.torch import evaluation

aten = torch.ops.aten
FOLLOWED = "assumed: control flow follows that of one example"


class _Model(torch.nn.Module):
    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(4, 4))
        self.function = function

    def forward(self, x: Tensor, *rest: Tensor) -> Tensor:
        return self.function(x @ self.weight, *rest)


def _analysed(function: Callable[..., Tensor], *rest: Tensor, **options: object) -> reprior.Analysis:
    return reprior.analyze(_Model(function), [torch.randn(2, 4), *rest], exact=True, **options)


@pytest.mark.parametrize(
    "function",
    [
        lambda h: aten._scaled_dot_product_flash_attention_for_cpu(*[h.view(1, 1, 2, 4)] * 3)[1],
        lambda h: aten.embedding_bag(h, torch.tensor([0, 1]), torch.tensor([0]))[1].float() + h.sum(),
    ],
)
def test_a_result_that_a_rule_leaves_out_is_an_error_where_it_is_used(function) -> None:
    with pytest.raises(UnknownOperatorError, match="result 1 of 'aten"):
        _analysed(function)


def test_a_result_that_nothing_uses_may_be_left_out() -> None:
    found = _analysed(
        lambda h: aten._scaled_dot_product_flash_attention_for_cpu(*[h.view(1, 1, 2, 4)] * 3)[0]
    )
    assert not found.notes and found.dead_parameters == 0


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize(
    "function",
    [
        lambda h: aten.native_group_norm(h.view(1, 4, 2), None, None, 1, 4, 2, 2, 1e-5),
        lambda h: aten.native_batch_norm(h, None, None, None, None, True, 0.1, 1e-5),
        lambda h: aten._native_batch_norm_legit.no_stats(h, None, None, True, 0.1, 1e-5),
    ],
)
def test_statistics_of_norms_gather_their_group(function, place: int) -> None:
    """Each of the eight elements is in one group, of which there is one statistic: two paths a scalar."""
    assert (_analysed(lambda h: function(h)[place]).counts("weight") == 2).all()


READS: list[Callable[[Tensor], object]] = [
    lambda m: m.tolist()[0][0],
    lambda m: m.numpy()[0, 0],
    lambda m: m.cpu().numpy()[0, 0],
    lambda m: np.asarray(m)[0, 0],
    lambda m: m[0, 0].item(),
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("fed", [torch.ones(2, 4, dtype=torch.bool), torch.tensor([[3, 1, 2, 0]] * 2)])
def test_python_that_reads_what_is_fed_follows_an_example(read, fed: Tensor) -> None:
    assert FOLLOWED in _analysed(lambda h, m: h * 2 if read(m) else h, fed).notes


@pytest.mark.parametrize("read", READS)
def test_python_may_read_constants(read) -> None:
    assert not _analysed(lambda h: h * float(read(torch.tensor([[3.0, 1.0]])))).notes


@pytest.mark.parametrize("read", READS)
def test_python_may_read_features_of_a_real_forward_alone(read) -> None:
    function = lambda h: h * 2 if read(h) > 0 else h  # noqa: E731 - the same in both calls
    with pytest.raises(RepriorError, match="real=True"):
        _analysed(function)
    if read is not READS[2]:  # what leaves for the CPU stays where it is
        assert FOLLOWED in _analysed(function, real=True).notes


def test_masks_too_large_to_follow_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_MAX_WORLD", 4)
    found = _analysed(lambda h, m: h.masked_fill(~m, 0), torch.ones(2, 4, dtype=torch.bool))
    assert any("fed masks and indices of more than 4 elements" in note for note in found.notes)


def test_constants_too_large_to_know_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MAX_CONSTANT", 4)
    found = _analysed(lambda h: h * torch.zeros(2, 4))
    assert any("a constant of shape (2, 4), which is too large" in note for note in found.notes)


@pytest.mark.parametrize(
    ("draw", "contexts"),
    [
        (lambda h: torch.normal(h, 1.0), 2),
        (lambda h: torch.normal(torch.zeros(2, 4), h.exp()), 2),
        (lambda h: torch.bernoulli(h.sigmoid()), 2),
        (lambda h: torch.empty(2, 4).bernoulli_(h.sigmoid()), 2),
        # Each of two places that are drawn depends on all four probabilities of its row.
        (lambda h: torch.multinomial(h.softmax(-1), 2).float(), 4),
        (lambda h: h * torch.bernoulli(torch.full((2, 4), 0.5)) * torch.empty_like(h).normal_(0, 1), 2),
    ],
)
def test_what_is_drawn_depends_on_what_it_is_drawn_by(draw, contexts: int) -> None:
    assert (_analysed(draw).counts("weight") == contexts).all()
