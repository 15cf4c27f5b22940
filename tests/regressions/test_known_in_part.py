"""Indices of which some are known read their own row there, and any row elsewhere (conventions 4 and 8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import embedding, pad

import reprior

IDS = torch.tensor([[3, 1, 4, 0]])
START, POSITIONS, ROWS = 2, 4, 5


class _Table(torch.nn.Module):
    def __init__(self, read: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.table = torch.nn.Parameter(torch.randn(ROWS, 2))
        self.read = read

    def forward(self, ids: Tensor) -> Tensor:
        return self.read(self.table, ids)


def _rows(read: Callable[[Tensor, Tensor], Tensor]) -> list[int]:
    counts = reprior.analyze(_Table(read), [IDS], exact=True).counts("table")
    assert (counts[:, 0] == counts[:, 1]).all()
    return counts[:, 0].tolist()


def _shifted(ids: Tensor) -> Tensor:
    """As BART and T5 make the decoder's ids of the labels."""
    result = ids.new_zeros(ids.shape)
    result[:, 1:] = ids[:, :-1].clone()
    result[:, 0] = START
    return result.masked_fill_(result == -100, 1)


FIRST_KNOWN: dict[str, Callable[[Tensor], Tensor]] = {
    "shift": _shifted,
    "where": lambda i: torch.where(torch.arange(POSITIONS) == 0, torch.full_like(i, START), i),
    "cat": lambda i: torch.cat([torch.full((1, 1), START), i[:, :-1]], 1),
    "roll": lambda i: torch.roll(torch.cat([i[:, :-1], torch.full((1, 1), START)], 1), 1, 1),
    "pad": lambda i: pad(i[:, :-1], (1, 0), value=START),
    "a known mask": lambda i: i * torch.tensor([0, 1, 1, 1]) + torch.tensor([START, 0, 0, 0]),
    "select_scatter": lambda i: i.select_scatter(torch.full((1,), START), 1, 0),
    "index_put": lambda i: i.index_put((torch.tensor([0]), torch.tensor([0])), torch.tensor(START)),
    "types": lambda i: _shifted(i).float().long(),
}
READS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "index": lambda table, i: table[i],
    "embedding": lambda table, i: embedding(i, table),
    "index_select": lambda table, i: torch.index_select(table, 0, i[0]),
    "gather": lambda table, i: table.gather(0, i[0, :, None].expand(-1, 2)),
    "beside a known index": lambda table, i: table.expand(POSITIONS, ROWS, 2)[torch.arange(POSITIONS), i[0]],
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("make", FIRST_KNOWN)
def test_a_start_token_reads_its_own_row(make: str, read: str) -> None:
    """Three positions may read any row, the first reads the row of the start token."""
    found = _rows(lambda table, ids: READS[read](table, FIRST_KNOWN[make](ids)))
    assert found == [4 if row == START else 3 for row in range(ROWS)]


@pytest.mark.parametrize(
    "make",
    [
        lambda i: i,
        lambda i: i.clamp(min=0) // 1000,  # zero for all small ids, but not whatever is fed
        lambda i: torch.where(i == 0, torch.full_like(i, START), i),
        lambda i: _shifted(i).cumsum(1).clamp(max=ROWS - 1).flip(1)[:, [0, 0, 1, 2]],
    ],
)
def test_what_any_id_fed_may_change_is_not_known(make: Callable[[Tensor], Tensor]) -> None:
    assert _rows(lambda table, ids: table[make(ids)]) == [POSITIONS] * ROWS


def test_wholly_known_indices_are_constants() -> None:
    assert _rows(lambda table, ids: table[_shifted(ids)[:, :1]]) == [0, 0, 1, 0, 0]


def test_bart_starts_its_decoder_with_its_start_token() -> None:
    """The row of the start token has more contexts than any other row; those of the others are equal."""
    transformers = pytest.importorskip("transformers")
    config = transformers.BartConfig(
        vocab_size=7, d_model=4, encoder_layers=1, decoder_layers=1, encoder_attention_heads=1,
        decoder_attention_heads=1, encoder_ffn_dim=4, decoder_ffn_dim=4, max_position_embeddings=8,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, use_cache=False,
    )  # fmt: skip
    model = transformers.BartModel(config)
    ids = torch.tensor([[0, 4, 5, 2]])
    shifted = reprior.analyze(model, {"input_ids": ids}, exact=True).counts("shared.weight")[:, 0]
    fed = reprior.analyze(model, {"input_ids": ids, "decoder_input_ids": ids}, exact=True)
    same = fed.counts("shared.weight")[:, 0]
    assert set(same.tolist()) == {shifted[2]}
    assert len(set(shifted.tolist()) - {shifted[2]}) == 1 and shifted[0] < shifted[2]
