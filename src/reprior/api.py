"""The questions a user asks: what of this model, which of these, and is it right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from dataclasses import replace
from typing import Any, Unpack

from .analysis import Analysis, Comparison, OptionFields, Options, analyze_model
from .errors import RepriorError, SpecError
from .registry import describe, verify_object, verify_spec
from .verification import Verification

__all__ = ["analyze", "compare", "each_analysis", "verify"]


def analyze(
    model: Any,
    input: Any = None,
    *,
    name: str | None = None,
    real: bool = False,
    **options: Unpack[OptionFields],
) -> Analysis:
    """Count the contexts of a model's parameters and derive the quantities.

    Parameters
    ----------
    model : str, Graph, Network, Dag, torch.nn.Module or torch.export.ExportedProgram
        A spec such as ``"timm:resnet50"`` or ``"paper:efficientnetv2-b0@224"``, or the model itself.
    input : optional
        What is fed, for models that do not say: a shape such as ``(3, 224, 224)`` or example tensors.
    name : str, optional
        How to call the model; its spec or class name by default.
    real : bool
        Compute a module's forward for real, with weights and memory, for modules whose control flow depends
        on data: it follows that of this one input, and ``notes`` say so.
    **options
        Fields of `Options`: ``preset``, ``share``, ``weighting``, ``normalization``, ``exact``, ``strict``.

    Returns
    -------
    Analysis

    Raises
    ------
    RepriorError
        If the model cannot be found, traced or counted; one line says what and where.

    Examples
    --------
    >>> analyze("paper:figure3a").num_parameters
    8
    """
    return analyze_model(describe(model, input, name=name, real=real), _options(options))


def compare(
    models: Iterable[Any] | Mapping[str, Any],
    input: Any = None,
    *,
    sort: str = "p_g",
    real: bool = False,
    executor: Executor | None = None,
    **options: Unpack[OptionFields],
) -> Comparison:
    """Analyse several models with the same options.

    Parameters
    ----------
    models : iterable or mapping
        Anything `analyze` takes, and analyses, which stay as they are; for names of your own a mapping from
        each to its model, or pairs of a name and a model.
    input : optional
        What is fed to each.
    sort : str
        The quantity to order by, largest first; ``"given"`` keeps the order.
    real : bool
        As for `analyze`, and so are the options.
    executor : Executor, optional
        What analyses the models, several at a time; by default they are analysed here, one by one.
    **options
        Fields of `Options`.
    """
    analyses = each_analysis(models, input, real=real, executor=executor, **options)
    return Comparison(tuple(analyses)).sorted_by(sort)


def each_analysis(
    models: Iterable[Any] | Mapping[str, Any],
    input: Any = None,
    *,
    real: bool = False,
    executor: Executor | None = None,
    report: Callable[[str], object] = lambda model: None,
    **options: Unpack[OptionFields],
) -> Iterator[Analysis]:
    """Analyses of several models, in their order.

    Parameters
    ----------
    models, input, real, executor, **options
        As for `compare`.
    report : callable
        Called with each model as it is begun, or waited for.

    Raises
    ------
    RepriorError
        If a model cannot be analysed, or the executor gives up.
    """
    chosen = _options(options)
    items = models.items() if isinstance(models, Mapping) else models
    if executor is None:
        for item in items:
            report(str(item))
            yield _analyzed(item, input, real, chosen)
        return
    tasks = [(item, executor.submit(_analyzed, item, input, real, chosen)) for item in items]
    try:
        for item, task in tasks:
            report(str(item))
            yield task.result()
    except (BrokenExecutor, CancelledError):
        raise RepriorError("the executor gave up the models it was to analyse") from None
    finally:
        for _, task in tasks:
            task.cancel()


def _analyzed(item: Any, input: Any, real: bool, options: Options) -> Analysis:
    """The analysis of a model, of a pair of name and model, or of what is one already."""
    if isinstance(item, Analysis):
        return item
    is_pair = isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)
    if not is_pair:
        return analyze_model(describe(item, input, real=real), options)
    name, model = item
    if isinstance(model, Analysis):
        return replace(model, model=name)
    return analyze_model(replace(describe(model, input, name=name, real=real), name=name), options)


def verify(
    model: Any,
    input: Any = None,
    *,
    name: str | None = None,
    normalization: str = "local",
    draws: int = 4,
    seed: int = 0,
) -> Verification:
    """Compare dead and alive parameters with automatic differentiation, element by element.

    A copy of the model gets random weights and runs on random inputs. An element that the analysis
    calls dead must have no gradient in any draw, and one that it calls alive a gradient in at least one.
    Where the model as it is hides a dependence (behind a ReLU that is never open, by the invariance of a
    softmax to the key's bias), a softened one is drawn. What no derivative reaches is
    counted as undecided, with the operation that stops it.

    Parameters
    ----------
    model : str or torch.nn.Module
        A spec of a model that runs (``timm:``, ``torchvision:``, ``hf:``, ``py:``) or the module,
        which is left as it is.
    input : optional
        What is fed, as for `analyze`. Without it a spec whose own input is expensive gets a smaller one.
    name : str, optional
        How to call a module.
    normalization : {"local", "coupled"}
        Under which the analysis counts.
    draws : int
        Most draws of the model as it is, and as many softened; one of each at least.
    seed : int
        Of weights and inputs.

    Returns
    -------
    Verification

    Raises
    ------
    RepriorError
        If the model cannot be run, or its weights do not fit into the memory that is free.

    Examples
    --------
    >>> import torch
    >>> print(verify(torch.nn.Linear(3, 2), (3,), name="linear"))
    linear: 8 elements agree, 0 undecided
    """
    options: dict[str, Any] = {"normalization": normalization, "draws": draws, "seed": seed}
    if isinstance(model, str):
        return verify_spec(model, input, **options)
    return verify_object(model, input, name=name, **options)


def _options(options: OptionFields) -> Options:
    try:
        return Options(**options)
    except TypeError:
        known = ", ".join(Options.__dataclass_fields__)
        unknown = ", ".join(sorted(set(options) - set(Options.__dataclass_fields__)))
        raise SpecError(f"unknown option {unknown}; there are {known}") from None
