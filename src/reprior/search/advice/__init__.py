"""Advice: the most valuable changes of a model at a fixed number of parameters."""

from .advise import advise
from .blocks import Block, drop_block, find_blocks, repeat_block
from .patch import Drop, Patch, Repeat, Resize, Share
from .result import Advice, Against, Proposal
from .sets import SetsOf, sets_of
from .widths import Width, find_widths, resize

__all__ = [
    "Advice",
    "Against",
    "Block",
    "Drop",
    "Patch",
    "Proposal",
    "Repeat",
    "Resize",
    "SetsOf",
    "Share",
    "Width",
    "advise",
    "drop_block",
    "find_blocks",
    "find_widths",
    "repeat_block",
    "resize",
    "sets_of",
]
