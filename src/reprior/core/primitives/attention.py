"""Scaled dot-product attention without its quadratic matrix (convention 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, NoReturn

import numpy as np

from ...errors import ShapeError
from ..runs import Runs
from .base import Primitive, Setting, Shape
from .contract import Contract
from .move import Keep
from .pointwise import Map, broadcast_to
from .presence import always

__all__ = ["Attention"]


@dataclass(frozen=True, slots=True, eq=False)
class Attention(Primitive):
    """``softmax(q k^T + bias, masked) v`` with the softmax's statistics dropped (convention 6).

    Inputs are q ``(*batch, Q, D)``, k ``(*batch, K, D)``, v ``(*batch, K, E)`` and, optionally, a bias
    ``(*batch, Q, K)``. It counts as the composite of `expand` does: a product and a sum per score, a
    pointwise node per score, a product and a sum per output; but a causal mask is never written out.

    Attributes
    ----------
    mask : Runs or "causal" or None
        1 where a query sees a key, of a shape that broadcasts to ``(*batch, Q, K)``; ``"causal"``
        lets query i see keys 0 to i.
    """

    mask: Runs | Literal["causal"] | None = None

    multiplies = True

    def macs(self, shapes: tuple[Shape, ...], shape: Shape) -> int:
        query, key, value = shapes[:3]
        return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])

    def operand_weights(self, places: Sequence[Sequence[int]]) -> list[float]:
        # Half of an output's edges lead to values, half to scores.
        return [float(len(places) - 1 if 2 in inputs else 1) for inputs in places]

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        query, key, value = shapes[:3]
        if not (query[:-2] == key[:-2] == value[:-2] and query[-1] == key[-1] and key[-2] == value[-2]):
            raise ShapeError(f"attention of q {query}, k {key}, v {value}: shapes do not fit")
        if len(shapes) == 4 and shapes[3] != (*query[:-1], key[-2]):
            raise ShapeError(f"attention bias {shapes[3]} does not fit scores {(*query[:-1], key[-2])}")
        return (*query[:-1], value[-1])

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        if any(support is not None for support in setting.supports):
            return self._transpose_composite(contexts, position, setting)
        query, key = setting.shapes[:2]
        rank = len(query)
        weighting, data = setting.weighting, setting.data
        scores_data = data[0] or data[1]
        softmax_data = scores_data or (len(data) == 4 and data[3])
        out, scores = prod(setting.shape), prod(query[:-1]) * key[-2]
        contexts = contexts.scale(weighting.edge(key[-2] if softmax_data or data[2] else 0, out))
        contexts = contexts.scale(weighting.edge(sum((softmax_data, data[2])), out * key[-2]))
        if position == 2:
            return self._to_keys(contexts, setting)
        rows = contexts.sum(rank - 1).scale(weighting.edge(sum((scores_data, *data[3:])), scores))
        if position == 3:
            return self._restrict(rows.insert_axis(rank - 1, key[-2]))
        rows = rows.scale(weighting.edge(query[-1] if scores_data else 0, scores))
        rows = rows.scale(weighting.edge(sum(data[:2]), scores * query[-1]))
        rows = rows.insert_axis(rank - 1, query[-1])
        return self._to_queries(rows, key[-2]) if position == 0 else self._to_keys(rows, setting)

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        if all(support is None for support in supports) and not self.may_remove:
            return None
        scores = (*shapes[0][:-1], shapes[1][-2])
        *_, out = self.expand(len(shape), *scores[-2:])
        return out.support((self._seen(scores), supports[2]), (scores, shapes[2]), shape)

    @property
    def may_remove(self) -> bool:  # type: ignore[override]
        """Whether some query sees no key."""
        return isinstance(self.mask, Runs) and not self.mask.sum(len(self.mask.shape) - 1).nonzero().all()

    def _seen(self, scores: Shape) -> Runs | None:
        """Which probabilities exist (0/1), None where all do.

        All that no mask hides: where a query or a key is no element their score is zero, and the exponential
        of zero is not.
        """
        if self.mask is None:
            return None
        mask = causal_mask(*scores[-2:]) if isinstance(self.mask, str) else self.mask
        return broadcast_to(mask, scores)

    def _transpose_composite(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        """As `transpose`, through each step of the composite, where some elements do not exist."""
        shapes, data, weighting = setting.shapes, setting.data, setting.weighting
        scores = (*shapes[0][:-1], shapes[1][-2])
        product, keep, softmax, out = self.expand(len(shapes[0]), *scores[-2:])
        flags = (data[0] or data[1], *data[3:])
        seen = self._seen(scores)
        last = Setting(
            (scores, shapes[2]), setting.shape, (any(flags), data[2]), (seen, setting.supports[2]), weighting
        )
        if position == 2:
            return out.transpose(contexts, 1, last)
        rows = out.transpose(contexts, 0, last)
        each = Setting((scores,) * len(flags), scores, flags, (None,) * len(flags), weighting)
        rows = softmax.transpose(rows, 0, each)
        if keep is not None:
            rows = keep.transpose(rows, 0, Setting((scores,), scores, flags[:1], (None,), weighting))
        if position == 3:
            return rows
        first = Setting(shapes[:2], scores, data[:2], setting.supports[:2], weighting)
        return product.transpose(rows, position, first)

    def _to_queries(self, rows: Runs, keys: int) -> Runs:
        """Each query's contexts times the number of keys it sees."""
        axis = len(rows.shape) - 2
        if self.mask is None:
            return rows.scale(keys)
        if isinstance(self.mask, str):
            return rows.scale_axis(axis, np.minimum(np.arange(rows.shape[axis]) + 1, keys))
        seen = broadcast_to(self.mask, (*rows.shape[:-1], keys)).sum(len(rows.shape) - 1)
        return rows.multiply(seen.insert_axis(axis + 1, rows.shape[-1]))

    def _to_keys(self, rows: Runs, setting: Setting) -> Runs:
        """For each key, the sum over the queries that see it."""
        axis, keys = len(rows.shape) - 2, setting.shapes[1][-2]
        queries = rows.shape[axis]
        if self.mask is None:
            return rows.sum(axis).insert_axis(axis, keys)
        if isinstance(self.mask, str):
            if rows.axes[axis].is_uniform:
                seen = np.maximum(queries - np.arange(keys), 0)
                return rows.take(axis, np.zeros(keys, dtype=np.int64)).scale_axis(axis, seen)
            backwards = (slice(None),) * axis + (slice(None, None, -1),)
            sums = rows.densify(axis)
            sums = sums.apply(sums.axes, lambda v: v[backwards].cumsum(axis=axis)[backwards])
            return sums.slice(axis, 0, min(keys, queries)).pad(axis, 0, max(keys - queries, 0))
        mask = broadcast_to(self.mask, (*rows.shape[:-1], keys))
        wide = rows.insert_axis(axis + 1, keys)
        mask = mask.insert_axis(axis + 2, rows.shape[-1])
        return wide.multiply(mask).sum(axis)

    def _restrict(self, scores: Runs) -> Runs:
        """Zero where a query does not see a key."""
        if self.mask is None:
            return scores
        queries, keys = scores.shape[-2:]
        mask = causal_mask(queries, keys) if isinstance(self.mask, str) else self.mask
        return scores.multiply(broadcast_to(mask, scores.shape))

    def expand(
        self, rank: int, queries: int, keys: int, terms: int = 1
    ) -> tuple[Primitive, Keep | None, Primitive, Primitive]:
        """The composite it stands for.

        Parameters
        ----------
        rank, queries, keys : int
            Number of axes of q, and how many there are of either.
        terms : int
            Number of operands of the softmax: the scores, and the bias or the statistic if there is one.

        Returns
        -------
        tuple
            Scores of (q, k); the mask of all terms and of the softmax, if any; the softmax of the masked
            terms; the output of (softmax, v).
        """
        batch = "abcfghij"[: rank - 2]
        mask = causal_mask(queries, keys) if isinstance(self.mask, str) else self.mask
        return (
            Contract((f"{batch}qd", f"{batch}kd"), f"{batch}qk"),
            None if mask is None else Keep(mask),
            Map("softmax", presence=always(terms), law="normalise"),
            Contract((f"{batch}qk", f"{batch}ke"), f"{batch}qe"),
        )

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> NoReturn:
        raise TypeError("attention has no scalar nodes of its own: expand it")


def causal_mask(queries: int, keys: int) -> Runs:
    """1 where key j is at most query i."""
    return Runs.from_dense(np.tri(queries, keys))
