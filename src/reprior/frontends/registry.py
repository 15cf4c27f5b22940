"""What a front-end is: the schemes of specs that it reads, and the objects that it understands.

The table of all of them is `reprior.registry`. A package of its own adds one by an entry point of the
group ``reprior.frontends`` that names a `Frontend`:

    [project.entry-points."reprior.frontends"]
    mine = "my_package:FRONTEND"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ..model import Model
from ..verification import Verification

__all__ = ["Frontend", "Scheme"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One kind of model spec: ``NAME:...``, or a file by its suffix.

    Attributes
    ----------
    name : str
        What stands before the colon.
    form, what : str
        How a spec reads (``timm:NAME[@SIZE]``) and what it names, for `reprior list`.
    load : callable
        From the whole spec, what is fed (None for the model's own) and whether to compute the forward for
        real, to a `Model`. Frameworks are imported inside.
    verify : callable or None
        From a spec, what is fed, and the options of `reprior.verify`; None for models that cannot run.
    names : callable or None
        All names after the colon, where they can be listed.
    is_quick : bool
        Whether they are few and need no framework, so that the tab key may offer them.
    suffixes : tuple of str
        Files (``.onnx``) that are specs without the name before them.
    packages : tuple of str
        What must be installed besides, and whose versions decide what a spec means.
    install : str
        How to get them.
    reads : {"nothing", "files", "code"}
        What outside these packages a spec depends on: nothing, the content of a file it names, or code of
        the user's, which may change in any way.
    """

    name: str
    form: str
    what: str
    load: Callable[[str, Any, bool], Model]
    verify: Callable[..., Verification] | None = None
    names: Callable[[], Iterable[str]] | None = None
    is_quick: bool = False
    suffixes: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    install: str = ""
    reads: Literal["nothing", "files", "code"] = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontend:
    """What describes models of one kind.

    Attributes
    ----------
    name : str
    schemes : tuple of Scheme
    objects : str
        The Python objects that it understands, in words.
    describe : callable or None
        From an object, what is fed, a name or None, and whether to compute the forward for real, to a
        `Model`; None for an object that it does not know. It imports no framework that is not loaded.
    verify : callable or None
        From an object, what is fed, a name or None, and the options of `reprior.verify`, to a
        `Verification`; None for an object that it does not know.
    """

    name: str
    schemes: tuple[Scheme, ...] = ()
    objects: str = ""
    describe: Callable[[Any, Any, str | None, bool], Model | None] | None = None
    verify: Callable[..., Verification | None] | None = None
