"""Operators whose results depend on no element of their operands, and why."""

from __future__ import annotations

from ..registry import pathless

__all__: list[str] = []

for _name in ("bernoulli", "uniform", "exponential", "rand", "randn", "randint", "randperm",
              "random", "geometric", "cauchy", "log_normal"):  # fmt: skip
    pathless(f"aten.{_name}", "noise is neither fed nor learned")
for _name in ("_assert_async", "_assert_scalar", "_assert_tensor_metadata", "sym_constrain_range"):
    pathless(f"aten.{_name}", "it checks and returns nothing")
for _name in (
    "sym_size.int",
    "sym_stride.int",
    "sym_numel",
    "is_same_size",
    "_has_same_storage_numel",
    "is_floating_point",
    "is_complex",
    "size.int",
    "stride.int",
):
    pathless(f"aten.{_name}", "it depends on the shape alone")
