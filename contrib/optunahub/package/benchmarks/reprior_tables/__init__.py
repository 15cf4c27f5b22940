"""Architectures that were all trained, searched by what can be counted."""

from __future__ import annotations

from ._problem import TABLES, Problem

__all__ = ["TABLES", "Problem"]
