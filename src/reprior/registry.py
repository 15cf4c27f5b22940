"""The table of front-ends: which specs and objects are models, and what describes each.

Front-ends of other packages are found by entry points of the group ``reprior.frontends``
(`reprior.frontends.registry`); they are looked for where no front-end of this package knows what is given.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from .errors import RepriorError, SpecError
from .frontends.graphs import GRAPHS
from .frontends.registry import Frontend, Scheme
from .frontends.torch_entry import TORCH
from .model import Model
from .models.schemes import MODELS
from .verification import Verification

__all__ = [
    "describe",
    "find_scheme",
    "frontends",
    "load_spec",
    "schemes",
    "verify_object",
    "verify_spec",
    "versions",
]

GROUP = "reprior.frontends"

BUILT_IN = (MODELS, GRAPHS, TORCH)


@dataclass(frozen=True, slots=True)
class _Known:
    """Front-ends of other packages, and the distribution that brings each scheme."""

    frontends: tuple[Frontend, ...]
    origins: Mapping[str, tuple[str, str]]


@cache
def _others() -> _Known:
    found: list[Frontend] = []
    origins: dict[str, tuple[str, str]] = {}
    taken = {scheme.name: "reprior" for one in BUILT_IN for scheme in one.schemes}
    for point in entry_points(group=GROUP):
        frontend = _loaded(point)
        owner = point.dist.name if point.dist is not None else point.value
        for scheme in frontend.schemes:
            if scheme.name in taken:
                raise SpecError(f"both {taken[scheme.name]} and {owner} give the scheme '{scheme.name}:'")
            taken[scheme.name] = owner
            origins[scheme.name] = owner, point.dist.version if point.dist is not None else "none"
        found.append(frontend)
    return _Known(tuple(found), MappingProxyType(origins))


def _loaded(point: EntryPoint) -> Frontend:
    try:
        found = point.load()
    except Exception as error:
        raise SpecError(
            f"the front-end '{point.name}' ({point.value}) cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, Frontend):
        raise SpecError(f"the front-end '{point.name}' ({point.value}) is no reprior.frontends.Frontend")
    return found


def frontends() -> Iterator[Frontend]:
    """All front-ends, this package's first; those of others are loaded only when these are used up."""
    yield from BUILT_IN
    yield from _others().frontends


def schemes() -> Mapping[str, Scheme]:
    """All schemes by name."""
    return {scheme.name: scheme for one in frontends() for scheme in one.schemes}


def find_scheme(spec: str) -> Scheme:
    """The scheme of a spec, by the name before its colon or by the suffix of a file.

    Raises
    ------
    SpecError
        If there is none; the message suggests near names.
    """
    name, colon, rest = spec.partition(":")
    suffix = PurePath(spec).suffix.lower()
    for one in frontends():
        for scheme in one.schemes:
            if (colon and scheme.name == name) or (suffix and suffix in scheme.suffixes):
                return scheme
    known = list(schemes())
    near = difflib.get_close_matches(name, known, n=1) if colon else []
    hint = (
        f"did you mean {near[0]}:{rest}?"
        if near
        else f"specs begin with one of {_colons(known)}, as in timm:resnet50"
    )
    raise SpecError(f"'{spec}' is no model spec; {hint}", model=spec)


def versions(scheme: Scheme) -> tuple[str, ...]:
    """The versions of the packages that decide what a spec of a scheme means."""
    origin = () if _is_built_in(scheme) else _others().origins.get(scheme.name, ())
    return (*origin, *(_version(package) for package in scheme.packages))


def _is_built_in(scheme: Scheme) -> bool:
    return any(scheme is other for one in BUILT_IN for other in one.schemes)


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def load_spec(spec: str, input: Any = None, real: bool = False) -> Model:
    """The model that a spec names.

    Parameters
    ----------
    spec : str
        As ``reprior list`` says.
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
    scheme = find_scheme(spec)
    with _naming(spec, scheme):
        return scheme.load(spec, input, real)


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
    scheme = find_scheme(spec)
    with _naming(spec, scheme):
        if scheme.verify is not None:
            return scheme.verify(spec, input, **options)
        scheme.load(spec, None, False)
    known = _colons([name for name, one in schemes().items() if one.verify is not None])
    raise SpecError(f"'{spec}' is a graph; what can be verified is a module that runs ({known})", model=spec)


def describe(model: Any, input: Any = None, *, name: str | None = None, real: bool = False) -> Model:
    """The model's graph, from whatever describes it.

    Raises
    ------
    SpecError
        If it is nothing that can be analysed.
    """
    if isinstance(model, str):
        return load_spec(model, input, real)
    if isinstance(model, Model):
        return model
    for one in frontends():
        found = None if one.describe is None else one.describe(model, input, name, real)
        if found is not None:
            return found
    known = ", ".join(["a spec", *(one.objects for one in frontends() if one.objects)])
    raise SpecError(f"cannot analyse {type(model).__name__!r}; give {' or '.join(known.rsplit(', ', 1))}")


def verify_object(model: Any, input: Any = None, *, name: str | None = None, **options: Any) -> Verification:
    """Compare dead and alive parameters of a model that runs with gradients.

    Raises
    ------
    SpecError
        If no front-end can run it.
    """
    for one in frontends():
        found = None if one.verify is None else one.verify(model, input, name, **options)
        if found is not None:
            return found
    known = " or ".join([one.objects for one in frontends() if one.verify is not None])
    raise SpecError(f"cannot run {type(model).__name__!r}; verify takes a spec or {known}")


@contextmanager
def _naming(spec: str, scheme: Scheme) -> Iterator[None]:
    """Errors name the spec, and what is not installed, with the command that brings it."""
    try:
        yield
    except RepriorError as error:
        raise error.of_model(spec) from error.__cause__
    except ImportError as error:
        if error.name not in scheme.packages:
            raise
        raise SpecError(f"'{spec}' needs {error.name}: {scheme.install}", model=spec) from None


def _colons(names: list[str]) -> str:
    return ", ".join(f"{name}:" for name in names)
