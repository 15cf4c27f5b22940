"""The structural primitives that every framework operator is lowered to.

==============  =================================================================
leaf            `Input`, `Parameter`, `Constant`
pointwise       `Map`
products        `Contract`, `Convolve`, `Lookup`, `Select`, `Attention`
gather          `Reduce`, `Prefix`, `Pool`, `Resample`
moves           `Reshape`, `Permute`, `Expand`, `Slice`, `Take`, `Pad`, `Concat`, `Keep`
==============  =================================================================
"""

from .attention import Attention, causal_mask
from .base import Element, Primitive, Products, Scalar, Setting, Shape
from .contract import Contract, Select
from .convolve import Convolve
from .leaf import Constant, Input, Leaf, Parameter, Role
from .lookup import Lookup
from .move import Concat, Expand, Keep, Move, Pad, Permute, Reshape, Slice, Take
from .pointwise import LAWS, Law, Map
from .pool import Pool, Resample, adaptive_sources
from .reduce import Prefix, Reduce

__all__ = [
    "LAWS",
    "Attention",
    "Concat",
    "Constant",
    "Contract",
    "Convolve",
    "Element",
    "Expand",
    "Input",
    "Keep",
    "Law",
    "Leaf",
    "Lookup",
    "Map",
    "Move",
    "Pad",
    "Parameter",
    "Permute",
    "Pool",
    "Prefix",
    "Primitive",
    "Products",
    "Reduce",
    "Resample",
    "Reshape",
    "Role",
    "Scalar",
    "Select",
    "Setting",
    "Shape",
    "Slice",
    "Take",
    "adaptive_sources",
    "causal_mask",
]
