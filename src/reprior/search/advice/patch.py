"""A change of a model as data: steps that a graph or a torch module can take.

As JSON (docs/advise.md)::

    {"schema_version": 1, "steps": [
        {"action": "share", "sets": [["a.weight", "b.weight"], ...]},
        {"action": "drop", "module": "stages.5.14", "start": 120, "stop": 131},
        {"action": "repeat", "module": "stages.5.14", "start": 120, "stop": 131, "weights": "own"},
        {"action": "resize", "widths": [[["fc1.weight", 0], ["fc1.bias", 0], ["fc2.weight", 1]], ...],
         "before": 768, "after": 960}]}

Steps are taken in their order; one that shares is the last. ``start`` and ``stop`` are positions in the
graph, without the nodes that no output depends on, of the values before and at the end of a block.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...core.graph import Graph
from ...errors import RepriorError, SpecError
from ...sharing import SharingSets
from .blocks import Block, drop_block, find_blocks, repeat_block
from .widths import Width, resize

__all__ = ["SCHEMA_VERSION", "Drop", "Patch", "Repeat", "Resize", "Share", "Step"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Share:
    """Parameters of each set become one."""

    sets: tuple[tuple[str, ...], ...]

    def apply(self, graph: Graph) -> Graph:
        """The graph itself: sharing is a policy of its analysis."""
        return graph

    def to_dict(self) -> dict[str, Any]:
        return {"action": "share", "sets": [list(names) for names in self.sets]}


@dataclass(frozen=True, slots=True)
class Drop:
    """A block goes."""

    module: str
    start: int
    stop: int

    def apply(self, graph: Graph) -> Graph:
        return drop_block(graph, _block(graph, self))

    def to_dict(self) -> dict[str, Any]:
        return {"action": "drop", "module": self.module, "start": self.start, "stop": self.stop}


@dataclass(frozen=True, slots=True)
class Repeat:
    """A block comes twice, the second time with its own weights or the same."""

    module: str
    start: int
    stop: int
    weights: Literal["own", "same"]

    def apply(self, graph: Graph) -> Graph:
        return repeat_block(graph, _block(graph, self), self.weights)

    def to_dict(self) -> dict[str, Any]:
        place = {"module": self.module, "start": self.start, "stop": self.stop}
        return {"action": "repeat", **place, "weights": self.weights}


@dataclass(frozen=True, slots=True)
class Resize:
    """Axes of parameters, and all that they are tied to, get another size; each width is a set of axes."""

    widths: tuple[tuple[tuple[str, int], ...], ...]
    before: int
    after: int

    def apply(self, graph: Graph) -> Graph:
        return resize(graph, [Width(self.before, axes, ()) for axes in self.widths], self.after)

    def to_dict(self) -> dict[str, Any]:
        widths = [[list(axis) for axis in axes] for axes in self.widths]
        return {"action": "resize", "widths": widths, "before": self.before, "after": self.after}


Step = Share | Drop | Repeat | Resize
_ACTIONS: Mapping[str, type[Step]] = {"share": Share, "drop": Drop, "repeat": Repeat, "resize": Resize}


def _block(graph: Graph, step: Drop | Repeat) -> Block:
    for block in find_blocks(graph):
        if (block.module, block.start, block.stop) == (step.module, step.start, step.stop):
            return block
    raise SpecError(f"the graph has no block '{step.module}' from {step.start} to {step.stop}")


@dataclass(frozen=True, slots=True)
class Patch:
    """Steps that change a model.

    Attributes
    ----------
    steps : tuple of Step
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if any(isinstance(step, Share) for step in self.steps[:-1]):
            raise SpecError(
                "a patch shares in its last step: earlier steps change which parameters there are"
            )

    @property
    def sharing(self) -> SharingSets | None:
        """What becomes one, as a policy for `analyze` and `share_parameters`; None where nothing does."""
        last = self.steps[-1] if self.steps else None
        return SharingSets(last.sets) if isinstance(last, Share) else None

    def apply(self, graph: Graph) -> Graph:
        """The changed graph; analyse it with ``share=patch.sharing``.

        Raises
        ------
        SpecError
            If the graph is not the one that the patch is for.
        """
        for step in self.steps:
            graph = step.apply(graph)
        return graph

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"schema_version": SCHEMA_VERSION, "steps": [step.to_dict() for step in self.steps]}

    def to_json(self) -> str:
        """As JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def of(cls, data: Any) -> Patch:
        """From plain data.

        Raises
        ------
        SpecError
            If it is no patch.
        """
        steps = data.get("steps") if isinstance(data, dict) else None
        if not isinstance(steps, list) or data.get("schema_version") != SCHEMA_VERSION:
            raise SpecError(f"no patch of version {SCHEMA_VERSION}: an object with schema_version and steps")
        return cls(tuple(map(_step, steps)))

    @classmethod
    def load(cls, path: str) -> Patch:
        """From a JSON file.

        Raises
        ------
        SpecError
            If it cannot be read or is no patch.
        """
        try:
            return cls.of(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            if isinstance(error, RepriorError):
                raise SpecError(f"'{path}': {error}") from None
            raise SpecError(f"cannot read a patch from '{path}': {error}") from None


def _step(data: Any) -> Step:
    action = str(data.get("action")) if isinstance(data, dict) else ""
    if action not in _ACTIONS:
        raise SpecError(f"action '{action}' of a patch is not one of {', '.join(_ACTIONS)}")
    values = {key: _frozen(value) for key, value in data.items() if key != "action"}
    try:
        step = _ACTIONS[action](**values)
    except TypeError:
        known = ", ".join(_ACTIONS[action].__dataclass_fields__)
        raise SpecError(f"'{action}' of a patch takes {known}, not {', '.join(values)}") from None
    if not all(_FITS[name](value) for name, value in values.items()):
        raise SpecError(f"'{action}' of a patch has a value of the wrong type")
    return step


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_axis(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and _is_number(value[1])


_FITS: Mapping[str, Any] = {
    "sets": lambda value: isinstance(value, tuple) and bool(SharingSets.of(value) or True),
    "widths": lambda value: (
        isinstance(value, tuple)
        and all(isinstance(axes, tuple) and all(map(_is_axis, axes)) for axes in value)
    ),
    "module": lambda value: isinstance(value, str),
    "weights": lambda value: value in ("own", "same"),
    **dict.fromkeys(("start", "stop", "before", "after"), _is_number),
}
