"""Model specs: the strings by which a model is named."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..core.graph import Graph
from ..errors import RepriorError, SpecError
from ..model import Model
from ..naming import split_size, suggest
from ..scalar import Dag, load
from ..verification import Verification

__all__ = ["FRAMEWORK_SCHEMES", "SCHEMES", "load_spec", "verify_spec"]

FRAMEWORK_SCHEMES = ("timm", "torchvision", "hf", "py")


def load_spec(spec: str, input: Any = None, real: bool = False) -> Model:
    """The model that a spec names.

    Parameters
    ----------
    spec : str
        ``paper:NAME[@SIZE]``, ``nb201:CELL`` and other spaces, ``dag:FILE.json``, ``timm:NAME[@SIZE]``,
        ``torchvision:NAME[@SIZE]``, ``hf:PATH-or-CONFIG-NAME`` or ``py:package.module:callable``.
    input : optional
        Shape of what is fed, for specs that take one.
    real : bool
        Build a module with weights and compute its forward for real; a graph is as it is.

    Raises
    ------
    SpecError
        If there is no such model; the message suggests near names.
    RepriorError
        If it cannot be built or traced; the message names it.
    """
    try:
        return _load(spec, input, real)
    except RepriorError as error:
        raise error.of_model(spec) from error.__cause__


def verify_spec(spec: str, input: Any = None, **options: Any) -> Verification:
    """Compare dead and alive parameters of the model that a spec names with gradients.

    Parameters
    ----------
    spec : str
        Of a model that runs.
    input : optional
        What is fed.
    **options
        ``normalization``, ``draws`` and ``seed``, see `reprior.verify`.

    Raises
    ------
    SpecError
        If there is no such model, or it is a graph.
    RepriorError
        If it cannot be run.
    """
    scheme = spec.partition(":")[0]
    if scheme in SCHEMES:
        load_spec(spec)
        known = ", ".join(f"{name}:" for name in FRAMEWORK_SCHEMES)
        raise SpecError(
            f"'{spec}' is a graph; what can be verified is a module that runs ({known})", model=spec
        )
    try:
        if scheme not in FRAMEWORK_SCHEMES:
            load_spec(spec)
        with _framework_of(spec):
            from .torch.verify import verify_spec as verify

            return verify(spec, input, **options)
    except RepriorError as error:
        raise error.of_model(spec) from error.__cause__


def _load(spec: str, input: Any, real: bool) -> Model:
    scheme, colon, rest = spec.partition(":")
    if colon and scheme in FRAMEWORK_SCHEMES:
        return _load_torch(spec, input, real)
    if not colon or scheme not in SCHEMES:
        raise SpecError(f"'{spec}' is no model spec; {_suggest_spec(scheme, colon, rest)}", model=spec)
    if input is not None:
        raise SpecError(
            f"'{spec}' fixes its input; give a size as {scheme}:NAME@SIZE instead of --input", model=spec
        )
    start = time.perf_counter()
    graph = SCHEMES[scheme](rest, spec)
    return Model(spec, graph, time.perf_counter() - start)


def _suggest_spec(scheme: str, colon: str, rest: str) -> str:
    schemes = (*SCHEMES, *FRAMEWORK_SCHEMES)
    near = difflib.get_close_matches(scheme, schemes, n=1) if colon else []
    if near:
        return f"did you mean {near[0]}:{rest}?"
    known = ", ".join(f"{name}:" for name in schemes)
    return f"specs begin with one of {known}, as in timm:resnet50"


def _load_torch(spec: str, input: Any, real: bool) -> Model:
    with _framework_of(spec):
        from .torch import specs

        return specs.load(spec, input, real)


@contextmanager
def _framework_of(spec: str) -> Iterator[None]:
    """What is not installed is named, with the extra that brings it."""
    try:
        yield
    except ImportError as error:
        if error.name not in ("torch", "timm", "torchvision", "transformers"):
            raise
        extra = "hf" if spec.startswith("hf:") else "torch"
        raise SpecError(f"'{spec}' needs {error.name}: pip install 'reprior[{extra}]'", model=spec) from None


def _paper(rest: str, spec: str) -> Graph | Dag:
    from ..models import PAPER_FIGURES, PAPER_MODELS

    name, size = split_size(rest, spec)
    if name in PAPER_FIGURES:
        if size is not None:
            raise SpecError(f"'{spec}': a figure has no size", model=spec)
        return PAPER_FIGURES[name]()
    if name not in PAPER_MODELS:
        raise SpecError(
            f"unknown model '{spec}': {suggest(name, [*PAPER_MODELS, *PAPER_FIGURES])}", model=spec
        )
    return PAPER_MODELS[name](size)


def _nasbench201(rest: str, spec: str) -> Graph:
    from ..models.nasbench201 import nasbench201

    return nasbench201(rest)


def _macro(rest: str, spec: str) -> Graph:
    from ..models.nasbench_macro import nasbench_macro

    return nasbench_macro(rest)


def _mnasnet(rest: str, spec: str) -> Graph:
    from ..models.mobile import mnasnet

    return mnasnet(rest)


def _mobilenet(rest: str, spec: str) -> Graph:
    from ..models.mobile import mobilenet

    return mobilenet(rest)


def _transnas(rest: str, spec: str) -> Graph:
    from ..models.transnas import transnas

    return transnas(rest)


def _channels(rest: str, spec: str) -> Graph:
    from ..models.channel_resnet import channel_resnet

    return channel_resnet(rest)


def _autoformer(rest: str, spec: str) -> Graph:
    from ..models.transformers import autoformer

    return autoformer(rest)


def _encoder(rest: str, spec: str) -> Graph:
    from ..models.transformers import encoder

    return encoder(rest)


def _open_lm(rest: str, spec: str) -> Graph:
    from ..models.transformers import open_lm

    return open_lm(rest)


def _shared_lm(rest: str, spec: str) -> Graph:
    from ..models.transformers import shared_lm

    return shared_lm(rest)


def _mbconv(rest: str, spec: str) -> Graph:
    from ..models.mbconv import mbconv

    return mbconv(rest)


def _vit(rest: str, spec: str) -> Graph:
    from ..models.vit import vit

    return vit(rest)


def _dag(rest: str, spec: str) -> Dag:
    return load(rest)


SCHEMES: dict[str, Callable[[str, str], Graph | Dag]] = {
    "paper": _paper,
    "nb201": _nasbench201,
    "macro": _macro,
    "mnasnet": _mnasnet,
    "mobilenet": _mobilenet,
    "transnas": _transnas,
    "channels": _channels,
    "autoformer": _autoformer,
    "encoder": _encoder,
    "open_lm": _open_lm,
    "shared_lm": _shared_lm,
    "mbconv": _mbconv,
    "vit": _vit,
    "dag": _dag,
}
"""Specs that need no framework, and what loads each."""
