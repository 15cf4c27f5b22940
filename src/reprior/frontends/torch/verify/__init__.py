"""The count of dead and alive parameters against automatic differentiation.

The oracle shares nothing with the count but the choice of inputs and outputs: a copy of the module
gets random weights, runs for real, and autograd says which elements have a gradient.
"""

from .run import verify_module, verify_spec

__all__ = ["verify_module", "verify_spec"]
