"""Contexts of each layer along depth, and how layers fall into a few groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...analysis import Analysis, ParameterRow
from .spread import Spread, gather

__all__ = ["MAX_GROUPS", "LayerProfile", "group_names", "layer_profiles", "owner"]

MAX_GROUPS = 10
"""Groups that a legend can hold, and colours that can be told apart."""

_MUCH = 0.4


@dataclass(frozen=True, slots=True)
class LayerProfile:
    """One layer: the parameters that one module owns itself.

    Attributes
    ----------
    name : str
        Dotted path of the module; the parameter's own name where no module owns it.
    group : str
        The module that it is coloured by.
    parameters : int
        Tensors in it.
    spread : Spread
    """

    name: str
    group: str
    parameters: int
    spread: Spread


def layer_profiles(analysis: Analysis) -> list[LayerProfile]:
    """Every layer, in the order in which the model has them (along depth)."""
    layers: dict[str, list[ParameterRow]] = {}
    for row in analysis.parameters:
        layers.setdefault(owner(row.name) or row.name, []).append(row)
    groups = group_names(list(layers))
    total = analysis.log2_total_contexts
    return [
        LayerProfile(name, group, len(rows), gather(rows, total))
        for (name, rows), group in zip(layers.items(), groups, strict=True)
    ]


def owner(parameter: str) -> str:
    """Path of the module that owns a parameter; empty for the model itself."""
    return parameter.rpartition(".")[0]


def group_names(names: Sequence[str], most: int = MAX_GROUPS) -> list[str]:
    """Gather dotted names under beginnings, of which there are at most so many.

    The first parts of the names are the groups. While one holds much of them all and there is room, it is
    split into its next parts (few names are left as they are). Where even the first parts are too many,
    the last group takes the rest.

    Examples
    --------
    >>> group_names(["stem.conv", "stages.0.a", "stages.0.b", "stages.1.a", "head"], most=4)
    ['stem', 'stages.0', 'stages.0', 'stages.1', 'head']
    """
    groups = [name.partition(".")[0] for name in names]
    if len(set(groups)) > most:
        shown = set(list(dict.fromkeys(groups))[: most - 1])
        return [group if group in shown else "(others)" for group in groups]
    while len(names) > most:
        group, size = Counter(groups).most_common(1)[0]
        split = [
            _longer(group, name) if own == group else own for own, name in zip(groups, names, strict=True)
        ]
        if size < _MUCH * len(names) or split == groups or len(set(split)) > most:
            break
        groups = split
    return groups


def _longer(beginning: str, name: str) -> str:
    """The beginning of a name with one part more, where it has one."""
    end = name.find(".", len(beginning) + 1)
    return name if end < 0 else name[:end]
