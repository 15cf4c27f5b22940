"""The steps that bring a graph to canonical form, one a file."""

from __future__ import annotations

from .attention import expand_attention
from .frames import cancel_moves
from .fusion import fuse_pointwise
from .holes import settle_presence
from .liveness import depends_on, prune
from .moves import unify_moves
from .padding import absorb_padding
from .running import drop_running_statistics
from .statistics import drop_statistics

__all__ = [
    "absorb_padding",
    "cancel_moves",
    "depends_on",
    "drop_running_statistics",
    "drop_statistics",
    "expand_attention",
    "fuse_pointwise",
    "prune",
    "settle_presence",
    "unify_moves",
]
