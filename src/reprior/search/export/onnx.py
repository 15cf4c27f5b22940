"""Models of the builder, and any module, as ONNX files (extra ``onnx``)."""

from __future__ import annotations

import os
import warnings
from typing import Any

import torch

from ...errors import RepriorError
from ...files import require_writable
from ...sharing import Policy
from .module import example_inputs, to_torch
from .source import PoolKind

__all__ = ["to_onnx"]


def to_onnx(
    model: Any,
    path: str | os.PathLike[str],
    *,
    inputs: tuple[torch.Tensor, ...] | None = None,
    share: str | Policy = "none",
    pool: PoolKind = "average",
) -> torch.nn.Module:
    """Write a model to an ONNX file, by `torch.onnx.export`.

    Parameters
    ----------
    model : str, Network, Graph or torch.nn.Module
    path : path
    inputs : tuple of Tensor, optional
        What a module reads; models of the builder know.
    share, pool
        As for `to_source`.

    Returns
    -------
    torch.nn.Module
        What was written, with its weights.

    Raises
    ------
    RepriorError
        If a package is missing, or a module comes without inputs.
    """
    require_writable(path)
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise RepriorError(f"ONNX files need {error.name}: pip install 'reprior[onnx]'") from None
    if isinstance(model, torch.nn.Module):
        if inputs is None:
            raise RepriorError("a module is written with what it reads: give inputs")
        module, feed = model, inputs
    else:
        module = to_torch(model, share=share, pool=pool)
        feed = example_inputs(model) if inputs is None else inputs
    module.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the exporter says of its own parts
        torch.onnx.export(module, feed, os.fspath(path), dynamo=True, verbose=False, external_data=False)
    return module
