"""Which parameters count as one: what if a model shared its layers, and sharing them in a real module."""

from .policies import POLICIES, Policy, SharedParameter, all_but_bn, none, original_code, resolve, share

__all__ = ["POLICIES", "Policy", "SharedParameter", "all_but_bn", "none", "original_code", "resolve", "share"]
