"""Sharing the parameters of a real PyTorch module by the policies of `reprior.sharing`."""

from .modules import SharedParameters, SharedSet, share_parameters
from .places import describe_module_parameters

__all__ = ["SharedParameters", "SharedSet", "describe_module_parameters", "share_parameters"]
