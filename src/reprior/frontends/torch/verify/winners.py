"""Functions that choose among elements, with a choice that is drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
import torch.nn.functional as F  # noqa: N812

__all__ = ["LOOKUPS", "WINNERS"]

_MIX = 0.1


class Draw(Protocol):
    """What a softened forward tells these functions, and lets them say."""

    generator: torch.Generator

    def random(self, like: torch.Tensor) -> torch.Tensor:
        """Uniform numbers of the shape of a tensor."""

    def is_fed(self, tensor: torch.Tensor) -> bool:
        """Whether it depends on what is fed."""

    def note(self, name: str, learned: Iterable[torch.Tensor]) -> None:
        """Keep what an operation without a derivative was given."""


Chosen = Callable[[Draw, Any, tuple[Any, ...], dict[str, Any]], Any]


def _max_pool(mode: Draw, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Any element of a window may win."""
    x: torch.Tensor = args[0] if args else kwargs["input"]
    name = func.__name__.removesuffix("_with_indices")
    rest = {key: value for key, value in kwargs.items() if key not in ("input", "return_indices")}
    pool = getattr(F, f"{name}_with_indices")
    _, places = pool(mode.random(x), *args[1:], **rest)
    spatial = int(name[-2])
    values = x.flatten(-spatial).gather(-1, places.flatten(-spatial)).view_as(places)
    wants = func.__name__.endswith("_with_indices") or kwargs.get("return_indices", False)
    return (values, places) if wants else values


def _along(mode: Draw, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Any order may come out of a ranking along an axis: rank random numbers in place of the elements."""
    x: torch.Tensor = args[0] if args else kwargs["input"]
    if len(args) > 1 and isinstance(args[1], torch.Tensor):  # the greater of two tensors
        return func(*args, **kwargs) + _MIX * (args[0] + args[1])
    rest = {key: value for key, value in kwargs.items() if key != "input"}
    chosen = func(mode.random(x), *args[1:], **rest)
    if isinstance(chosen, torch.Tensor) and chosen.is_floating_point():  # of all elements
        return func(*args, **kwargs) + _MIX * torch.where(torch.isfinite(x), x, 0).mean()
    if isinstance(chosen, torch.Tensor):
        mode.note(func.__name__, [x])  # indices carry no gradient
        return chosen
    _, places = chosen
    dim = _dim(func.__name__, args, kwargs)
    keep = places if places.dim() == x.dim() else places.unsqueeze(dim)
    taken = x.gather(dim, keep)
    taken = taken if places.dim() == x.dim() else taken.squeeze(dim)
    return type(chosen)([taken, places])


def _dim(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    place = 2 if name in ("topk", "kthvalue") else 1
    given = args[place] if len(args) > place else kwargs.get("dim", -1)
    return int(given) if not isinstance(given, bool) else -1


def _embedding(mode: Draw, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A little of every row beside the one that is looked up."""
    weight = args[0]
    result = func(*args, **kwargs)
    first, *rest = result if isinstance(result, tuple) else (result,)
    shape = first.shape[:-1]
    shares = torch.rand((*shape, weight.shape[0]), generator=mode.generator, dtype=weight.dtype)
    first = first + _MIX * (shares / weight.shape[0]) @ weight
    return (first, *rest) if isinstance(result, tuple) else first


def _getitem(mode: Draw, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A little of what other indices would give, for integers that are fed."""
    x, index = args[:2]
    parts = index if isinstance(index, tuple) else (index,)
    result = func(x, index)
    fed = [one for one in parts if isinstance(one, torch.Tensor) and mode.is_fed(one)]
    if len(fed) != 1 or fed[0].dtype == torch.bool or any(part is Ellipsis for part in parts):
        return result
    place = next(place for place, part in enumerate(parts) if part is fed[0])
    axis = sum(part is not None for part in parts[:place])
    means = x.mean(axis, keepdim=True).expand(x.shape)
    return result + _MIX * func(means, index)


def _along_axis(mode: Draw, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``index_select`` and ``gather``."""
    result = func(*args, **kwargs)
    x = args[0]
    dim = args[1] if len(args) > 1 and not isinstance(args[1], torch.Tensor) else kwargs.get("dim")
    if not isinstance(dim, int) or not x.is_floating_point():
        return result
    return result + _MIX * func(x.mean(dim, keepdim=True).expand(x.shape), *args[1:], **kwargs)


WINNERS: dict[str, Chosen] = {
    **dict.fromkeys([f"max_pool{n}d" for n in (1, 2, 3)], _max_pool),
    **dict.fromkeys([f"max_pool{n}d_with_indices" for n in (1, 2, 3)], _max_pool),
    **dict.fromkeys([f"adaptive_max_pool{n}d" for n in (1, 2, 3)], _max_pool),
    **dict.fromkeys([f"adaptive_max_pool{n}d_with_indices" for n in (1, 2, 3)], _max_pool),
    **dict.fromkeys(
        ["max", "min", "topk", "sort", "argsort", "argmax", "argmin", "median", "kthvalue", "mode"], _along
    ),
}
"""By the name of a function of values that depend on parameters."""

LOOKUPS: dict[str, Chosen] = {
    "embedding": _embedding,
    "embedding_bag": _embedding,
    "__getitem__": _getitem,
    "index_select": _along_axis,
    "gather": _along_axis,
    "take_along_dim": _along_axis,
}
"""By the name of a function that was given integers that are fed."""
