"""Describe a network layer by layer, with no framework."""

from .feature import Feature
from .network import Network

__all__ = ["Feature", "Network"]
