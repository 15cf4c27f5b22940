"""Which elements of the parameters have a gradient, over draws of weights and inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

import numpy as np
import torch

from ....verification import Found, Mask
from ..inputs import Inputs
from ..outputs import output_tensors
from .feed import draw_inputs, vocabulary
from .nests import tensors_in
from .realise import draw_weights
from .soften import Softened

__all__ = ["Draws"]

_OF_OWN = 2.0**12
"""A gradient is rounding below this many eps of the largest of its parameter ..."""

_OF_ALL = 2.0**5
"""... or this many of the largest of all."""


class Draws:
    """Gradients of a module over draws of random weights and inputs.

    Parameters
    ----------
    module : torch.nn.Module
        Its parameters and running statistics are set anew in every draw.
    fed : Inputs
        With elements.
    outputs : sequence of str or None
        Names of the outputs to restrict to.
    seed : int

    Attributes
    ----------
    found : dict
        What all draws together found, by the name of a parameter.
    plain, softened : int
        How many draws of the model as it is, and of the softened one, were made.
    unseen : set of str
        Operations without a derivative that were called on values of parameters.
    """

    def __init__(
        self, module: torch.nn.Module, fed: Inputs, outputs: Sequence[str] | None, seed: int
    ) -> None:
        self.module, self.fed, self.outputs = module, fed, outputs
        self.generator = torch.Generator().manual_seed(seed)
        self.words = vocabulary(module)
        self.parameters = {name: one for name, one in module.named_parameters() if one.requires_grad}
        self.dtype = next(iter(self.parameters.values())).real.dtype
        self.found = {name: _nothing(one.shape) for name, one in self.parameters.items()}
        self.plain = self.softened = 0
        self.unseen: set[str] = set()

    def run(self, alive: Mapping[str, Mask], plain: int, softened: int) -> None:
        """Draw until every element that should have a gradient has one, or the draws are used up.

        Of both kinds there is one draw at least: those that should have none are looked at too.
        """
        while self.plain < plain and (not self.plain or self._lacks(alive)):
            self._draw(None)
            self.plain += 1
        while self.softened < softened and (not self.softened or self._lacks(alive)):
            mode = Softened(self.generator)
            self._draw(mode)
            self.softened += 1
            self.unseen |= mode.unseen

    def _lacks(self, alive: Mapping[str, Mask]) -> bool:
        return any((alive[name] & ~(one.plain | one.softened)).any() for name, one in self.found.items())

    def _draw(self, mode: Softened | None) -> None:
        draw_weights(self.module, self.generator)
        args, kwargs = draw_inputs(self.fed, self.dtype, self.words, self.generator)
        with ExitStack() as stack:
            stack.enter_context(torch.random.fork_rng(devices=[]))
            torch.manual_seed(self.plain + self.softened)
            stack.enter_context(torch.enable_grad())
            if mode is not None:
                mode.feed(tensors_in((args, kwargs)))
                stack.enter_context(mode)
            result = self.module(*args, **kwargs)
        outputs = output_tensors(result, self.outputs).values()
        if mode is None and any(bool(one.isnan().any()) for one in outputs):
            # Masks that overflow in this type, say; another may do.
            raise FloatingPointError("the forward gives what is not a number")
        gradients = self._gradients(self._total(outputs))
        sides = self._gradients(self._total(mode.sides)) if mode is not None else {}
        self._record(gradients, sides, mode is not None)

    def _total(self, outputs: Iterable[torch.Tensor]) -> torch.Tensor:
        """A sum with random weights, so that no gradients cancel."""
        total = torch.zeros((), dtype=self.dtype)
        for one in outputs:
            real = torch.view_as_real(one) if one.is_complex() else one
            weights = 0.5 + torch.rand(real.shape, generator=self.generator, dtype=self.dtype)
            sign = torch.randint(0, 2, real.shape, generator=self.generator) * 2 - 1
            total = total + (torch.where(torch.isfinite(real), real, 0) * weights * sign).sum()
        return total

    def _gradients(self, total: torch.Tensor) -> dict[str, torch.Tensor]:
        if not total.requires_grad:
            return {}
        found = torch.autograd.grad(
            total, list(self.parameters.values()), retain_graph=True, allow_unused=True
        )
        return {
            name: one.to_dense().abs()
            for name, one in zip(self.parameters, found, strict=True)
            if one is not None
        }

    def _record(self, gradients: dict[str, torch.Tensor], sides: dict[str, torch.Tensor], soft: bool) -> None:
        epsilon = torch.finfo(self.dtype).eps
        largest = max((_largest(one) for one in gradients.values()), default=0.0)
        for name, gradient in gradients.items():
            known = self.found[name]
            rounding = epsilon * max(_OF_OWN * _largest(gradient), _OF_ALL * largest)
            (known.softened if soft else known.plain)[...] |= (gradient > rounding).numpy()
            # Not zero, or not a number.
            known.faint[...] |= ~(gradient == 0).numpy()
        for name, side in sides.items():
            self.found[name].unseen[...] |= ~(side == 0).numpy()


def _largest(gradient: torch.Tensor) -> float:
    finite = torch.where(torch.isfinite(gradient), gradient, 0)
    return float(finite.max()) if finite.numel() else 0.0


def _nothing(shape: Sequence[int]) -> Found:
    return Found(*(np.zeros(tuple(shape), dtype=bool) for _ in range(4)))
