"""The parameters of a PyTorch module as a sharing policy sees them, without tracing it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from ....core.layers import ConvolutionSignature, ParameterInfo
from ....core.primitives import Role
from ....errors import RepriorError

__all__ = ["Place", "describe_module_parameters", "places_of"]

_NORMS = (_NormBase, torch.nn.LayerNorm, torch.nn.GroupNorm, torch.nn.RMSNorm)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a module holds a parameter.

    Attributes
    ----------
    owner : torch.nn.Module
    attribute : str
        Its name in the owner.
    name : str
        Its dotted name in the whole module.
    """

    owner: torch.nn.Module
    attribute: str
    name: str

    @property
    def parameter(self) -> torch.nn.Parameter:
        """What is there now."""
        found = self.owner._parameters[self.attribute]
        assert found is not None
        return found


def places_of(module: torch.nn.Module) -> list[list[Place]]:
    """For every parameter, in order of appearance, the places at which it is.

    Raises
    ------
    RepriorError
        If the shapes of some are not known yet.
    """
    found: dict[torch.nn.Parameter, list[Place]] = {}
    for path, owner in module.named_modules():
        for attribute, parameter in owner._parameters.items():
            if parameter is None:
                continue
            name = f"{path}.{attribute}" if path else attribute
            if torch.nn.parameter.is_lazy(parameter):
                raise RepriorError(f"'{name}' is lazy: call the module once, so that its shape is known")
            found.setdefault(parameter, []).append(Place(owner, attribute, name))
    return list(found.values())


def describe_module_parameters(module: torch.nn.Module) -> list[ParameterInfo]:
    """Every parameter of a module with its layer, as tracing would describe it."""
    return [_describe(places[0]) for places in places_of(module)]


def _describe(place: Place) -> ParameterInfo:
    owner = place.owner
    kind, signature = "other", None
    if isinstance(owner, _ConvNd):
        kind, signature = "convolution", _signature(owner)
    elif isinstance(owner, torch.nn.Linear):
        kind = "linear"
    elif isinstance(owner, torch.nn.Embedding):
        kind = "embedding"
    return ParameterInfo(
        name=place.name,
        shape=tuple(place.parameter.shape),
        role=_role(place),
        layer=place.name.rpartition(".")[0],
        kind=kind,
        convolution=signature,
        module_type=type(owner).__name__,
    )


def _role(place: Place) -> Role:
    is_bias = place.attribute == "bias"
    if isinstance(place.owner, _NORMS):
        return "shift" if is_bias else "scale"
    return "bias" if is_bias else "weight"


def _signature(layer: _ConvNd) -> ConvolutionSignature:
    return ConvolutionSignature(
        layer.in_channels,
        layer.out_channels,
        layer.groups,
        tuple(layer.kernel_size),
        tuple(layer.stride),
        tuple(layer.dilation),
        layer.transposed,
    )
