"""Trace a module: its graph, and what else an analysis wants to know of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from traceback import walk_tb
from typing import Any

import torch

from ...core.graph import Graph, Node
from ...core.passes.liveness import reaching
from ...core.primitives import Constant, Input, Parameter
from ...errors import GraphError, RepriorError, ShapeError, SpecError
from ...model import Model
from ...notes import Note
from ...verification import Verification
from .buffers import known_buffers
from .inputs import Inputs, make_inputs
from .literals import Literals
from .outputs import output_tensors
from .quantised import unpack_weights
from .recorder import Recorder
from .registry import find_module_rules
from .scopes import Scopes
from .twins import make_twin, unwrap

__all__ = ["Traced", "trace", "trace_model"]


@dataclass(frozen=True, slots=True)
class Traced:
    """What one recorded forward pass gives.

    Attributes
    ----------
    graph : Graph
        The graph; every parameter of the module has a leaf, used or not.
    aliases : mapping
        Further names of a parameter that the module has under several.
    module_types : mapping
        Class name of the module at each dotted path.
    seconds : float
        What tracing took.
    real : bool
        Whether the forward was computed for real, since the user asked for that.
    notes : tuple of Note
        What the reader should know of how the trace was made.
    """

    graph: Graph
    aliases: Mapping[str, tuple[str, ...]]
    module_types: Mapping[str, str]
    seconds: float = 0.0
    real: bool = False
    notes: tuple[Note, ...] = ()


def trace(
    module: torch.nn.Module, input: Any = None, *, outputs: Sequence[str] | None = None, real: bool = False
) -> Traced:
    """Record one forward pass in evaluation mode.

    The module is not touched, nor anything else that another thread might use: the forward runs on a twin
    of it (see `reprior.frontends.torch.twins`).

    Parameters
    ----------
    module : torch.nn.Module
        On any device, the meta device included; its parameters are not read.
    input : optional
        What is fed, see `reprior.frontends.torch.inputs.make_inputs`.
    outputs : sequence of str, optional
        Names (keys, fields or positions) of the outputs to restrict to; all floating ones otherwise.
    real : bool
        Compute the forward for real, for modules that do not run on the meta device. Needs
        parameters with values and real memory; data-dependent control flow then follows this one input.

    Returns
    -------
    Traced

    Raises
    ------
    RepriorError
        If the module cannot be traced: the message names the module path.
    """
    return _trace(module, input, outputs, real)


def _trace(
    module: torch.nn.Module,
    input: Any,
    outputs: Sequence[str] | None,
    real: bool,
    features_alone: bool = False,
) -> Traced:
    start = time.perf_counter()
    fed = make_inputs(unwrap(module), input, real)
    module = make_twin(module, clone=real)  # a real forward may write tensors
    parts = dict(module.named_modules())  # walked once: it is slow
    unpack_weights(parts.values())
    _to_evaluation(parts.values())
    if real:
        _refuse_meta(module)
    scopes = Scopes(parts)
    recorder = Recorder(scopes, real, features_alone)
    with ExitStack() as stack:
        aliases = _know_module(recorder, module, parts)
        stack.enter_context(torch.inference_mode())
        for name, tensor in fed.tensors.items():
            recorder.input(tensor, name, fed.examples.get(name))
        stack.enter_context(recorder)
        stack.enter_context(Literals(recorder.reads.elements, None if real else recorder.literal))
        result = _call(module, fed, scopes, recorder)
    found = _output_values(recorder, result, outputs)
    recorder.lower.builder.output(found)
    graph = _with_roles(recorder)
    used = reaching(graph.nodes, graph.outputs)
    is_fed = any(used[k] for k, node in enumerate(graph.nodes) if isinstance(node.op, Input))
    if (
        recorder.evaluation.selecting and not is_fed
    ):  # masks and conditions are all there is: so they are the features
        return _trace(module, input, outputs, real, features_alone=True)
    types = {name: type(part).__name__ for name, part in parts.items()}
    if real:
        recorder.lower.note("stated", "the forward was computed for real, not on the meta device")
    notes = (*fed.notes, *recorder.lower.notes, *_notes_on_leaves(graph, used, recorder.evaluation.selecting))
    if is_fed:
        graph = _without_idle_inputs(graph, used)
    return Traced(graph, aliases, types, time.perf_counter() - start, real, notes)


def _notes_on_leaves(graph: Graph, used: Sequence[bool], selecting: Container[int]) -> list[Note]:
    """What of the leaves the outputs depend on, and whether its elements are known."""
    notes = []
    for place, (node, is_used) in enumerate(zip(graph.nodes, used, strict=True)):
        if isinstance(node.op, Input) and not is_used:
            how = "is a mask or condition alone, not in N_I" if place in selecting else "reaches no output"
            notes.append(Note("stated", f"input '{node.op.name}' {how}"))
        elif isinstance(node.op, Constant) and is_used and node.op.name not in _UNNAMED:
            notes.append(Note("unknown", f"values of buffer '{node.op.name}'"))
    return notes


def _without_idle_inputs(graph: Graph, used: Sequence[bool]) -> Graph:
    """The graph in which inputs that carry no feature to an output are constants (convention 13)."""
    nodes = [
        replace(node, op=Constant(node.op.name, node.shape))
        if isinstance(node.op, Input) and not is_used
        else node
        for node, is_used in zip(graph.nodes, used, strict=True)
    ]
    return Graph(tuple(nodes), graph.outputs)


_UNNAMED = ("constant", "unknown")
"""How the recorder calls constants that the module does not name."""


def trace_model(
    module: torch.nn.Module,
    input: Any = None,
    *,
    name: str | None = None,
    outputs: Sequence[str] | None = None,
    real: bool = False,
    verifier: Callable[..., Verification] | None = None,
) -> Model:
    """A module as a model to analyse; see `trace`."""
    traced = trace(module, input, outputs=outputs, real=real)
    return Model(
        name or type(unwrap(module)).__name__,
        traced.graph,
        traced.seconds,
        traced.module_types,
        traced.aliases,
        verifier,
        traced.notes,
    )


def _know_module(
    recorder: Recorder, module: torch.nn.Module, parts: Mapping[str, torch.nn.Module]
) -> dict[str, tuple[str, ...]]:
    """Leaves of parameters and values of buffers; returns the further names of tied parameters."""
    names: dict[torch.Tensor, list[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    if any(torch.nn.parameter.is_lazy(parameter) for parameter in names):
        raise SpecError("the module has lazy parameters: call it once, so that their shapes are known")
    if not names:
        raise GraphError(f"module '{type(module).__name__}' has no learnable parameter")
    for parameter, (first, *_) in names.items():
        recorder.parameter(parameter, first)
    for buffer in known_buffers(parts):
        if buffer.is_running_statistic:
            recorder.running_statistic(buffer.tensor, buffer.name)
        else:
            recorder.buffer(buffer.tensor, buffer.name, buffer.constant)
    return {first: tuple(rest) for first, *rest in names.values() if rest}


def _refuse_meta(module: torch.nn.Module) -> None:
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if tensor.is_meta:
            raise SpecError(
                f"real=True needs weights, and '{name}' lies on the meta device: build the module on the CPU"
            )


def _to_evaluation(parts: Collection[torch.nn.Module]) -> None:
    """Evaluation mode and stand-in forwards, on modules that are nobody else's."""
    rules = {kind: find_module_rules(kind) for kind in {type(part) for part in parts}}
    for part in parts:
        if isinstance(part, torch.jit.ScriptModule):
            continue  # its twin was made so, and TorchScript calls its methods
        part.__dict__["training"] = False
        # The fused paths of these have no structure of their own; the flag that turns them off is everyone's.
        if type(part).forward is torch.nn.MultiheadAttention.forward:
            part.__dict__.update(training=True, dropout=0.0)
        elif isinstance(part, torch.nn.TransformerEncoderLayer):
            part.__dict__["activation_relu_or_gelu"] = 0
        elif isinstance(part, torch.nn.TransformerEncoder):
            part.__dict__["use_nested_tensor"] = False
        for method, stand_in in rules[type(part)].items():
            part.__dict__[method] = partial(stand_in, part)


def _call(module: torch.nn.Module, fed: Inputs, scopes: Scopes, recorder: Recorder) -> Any:
    """The forward's result; what goes wrong in it is an error that names the module."""
    try:
        return module(*fed.args, **fed.kwargs)
    except RepriorError as error:
        path = scopes.raised_in(error)
        raise error.in_module(path, f"module '{path or type(module).__name__}'") from error.__cause__
    except Exception as error:
        if _is_ours(error, recorder):
            raise
        path = scopes.raised_in(error)
        where = f"in module '{path or type(module).__name__}'"
        lines = str(error).strip().splitlines()
        message = lines[0] if lines else type(error).__name__
        raise ShapeError(
            f"{where}: the forward failed with {type(error).__name__}: {message}{fed.hint}", module=path
        ) from error


def _is_ours(error: Exception, recorder: Recorder) -> bool:
    """Whether an exception came out of a rule or the recorder: a bug, not the traced model's failure."""
    if error is recorder.evaluation.refused:
        return False
    package = str(Path(__file__).parent)
    literals = Literals.__module__  # passes on what the forward calls
    ours = [
        frame.f_code
        for frame, _ in walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(package) and frame.f_globals.get("__name__") != literals
    ]
    return ours[-1] not in (_call.__code__, Scopes.call.__code__)


def _output_values(recorder: Recorder, result: Any, wanted: Sequence[str] | None) -> list[int]:
    """The nodes of the floating tensors that the forward returned."""
    values = [recorder.value(one) for one in output_tensors(result, wanted).values()]
    return list(dict.fromkeys(recorder.lower.node(value) for value in values))


def _with_roles(recorder: Recorder) -> Graph:
    """The graph, with what its parameters turned out to be."""
    graph = recorder.lower.builder.graph()
    nodes = list(graph.nodes)
    for position, role in recorder.lower.roles.items():
        leaf = nodes[position].op
        if isinstance(leaf, Parameter) and leaf.role != role:
            nodes[position] = Node(replace(leaf, role=role), (), leaf.shape)
    return Graph(tuple(nodes), graph.outputs)
