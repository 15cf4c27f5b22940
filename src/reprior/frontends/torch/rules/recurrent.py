"""Recurrent layers, unrolled over the length of the sequence (convention 10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from ..lower import Lower, is_zero
from ..registry import rule
from ..values import Value

__all__: list[str] = []

States = tuple[Value, ...]


class Weights(NamedTuple):
    """The tensors of one direction of one layer."""

    from_input: Value
    from_state: Value
    input_bias: Value | None
    state_bias: Value | None
    projection: Value | None = None


Step = Callable[[Lower, Value, States, Weights], States]


def _gates(lower: Lower, x: Value, weight: Value, bias: Value | None, count: int) -> list[Value]:
    """One product per gate."""
    product = lower.bias(lower.contract("bi,oi->bo", x, weight), bias)
    size = weight.shape[0] // count
    return [lower.slice(product, 1, gate * size, (gate + 1) * size) for gate in range(count)]


def _state_gates(lower: Lower, state: Value, weights: Weights, count: int) -> list[list[Value]]:
    """What each gate receives from the state: nothing but the bias while the state is zero."""
    if is_zero(state):
        if weights.state_bias is None:
            return [[] for _ in range(count)]
        bias = lower.role(weights.state_bias, "bias")
        size = bias.shape[0] // count
        return [[lower.slice(bias, 0, gate * size, (gate + 1) * size)] for gate in range(count)]
    return [[part] for part in _gates(lower, state, weights.from_state, weights.state_bias, count)]


def _pre_activations(lower: Lower, x: Value, state: Value, weights: Weights, count: int) -> list[Value]:
    """Sum of what each gate receives from the input and from the state."""
    inputs = _gates(lower, x, weights.from_input, weights.input_bias, count)
    states = _state_gates(lower, state, weights, count)
    return [
        lower.map("add", one, *rest, formula=torch.add) if rest else one
        for one, rest in zip(inputs, states, strict=True)
    ]


def rnn_step(lower: Lower, x: Value, states: States, weights: Weights) -> States:
    """``h' = act(W x + U h + b)``."""
    (total,) = _pre_activations(lower, x, states[0], weights, 1)
    return (lower.map("rnn", total, formula=torch.tanh),)


def lstm_step(lower: Lower, x: Value, states: States, weights: Weights) -> States:
    """``c' = f c + i g``, ``h' = o tanh(c')``."""
    hidden, cell = states
    gate_in, forget, new, out = _pre_activations(lower, x, hidden, weights, 4)
    update = lower.map("mul", gate_in, new, formula=_gated_new)
    if not is_zero(cell):
        update = lower.map("add", lower.map("mul", forget, cell, formula=_gated), update, formula=torch.add)
    cell = update
    hidden = lower.map("mul", out, cell, formula=_gated_new)
    if weights.projection is not None:
        hidden = lower.contract("bi,oi->bo", hidden, weights.projection)
    return hidden, cell


def gru_step(lower: Lower, x: Value, states: States, weights: Weights) -> States:
    """``n = tanh(W x + r (U h))``, ``h' = (1 - z) n + z h``."""
    hidden = states[0]
    reset_x, update_x, new_x = _gates(lower, x, weights.from_input, weights.input_bias, 3)
    reset_h, update_h, new_h = _state_gates(lower, hidden, weights, 3)
    update = lower.map("gate", update_x, *update_h, formula=_gate)
    if new_h:
        reset = lower.map("gate", reset_x, *reset_h, formula=_gate)
        new = lower.map("add", new_x, lower.map("mul", reset, *new_h, formula=torch.mul), formula=_new)
    else:
        new = lower.map("gate", new_x, formula=_new)
    fresh = lower.map("mul", update, new, formula=_rest)
    if is_zero(hidden):
        return (fresh,)
    return (lower.map("add", fresh, lower.map("mul", update, hidden, formula=torch.mul), formula=torch.add),)


def _gate(*terms: Any) -> Any:
    return torch.sigmoid(sum(terms))


def _new(*terms: Any) -> Any:
    return torch.tanh(sum(terms))


def _gated(gate: Any, x: Any) -> Any:
    return torch.sigmoid(gate) * x


def _gated_new(gate: Any, x: Any) -> Any:
    return torch.sigmoid(gate) * torch.tanh(x)


def _rest(gate: Any, x: Any) -> Any:
    return (1 - gate) * x


def _layer(
    lower: Lower, steps: Sequence[Value], states: States, weights: Weights, step: Step
) -> tuple[list[Value], States]:
    """One direction of one layer over the whole sequence."""
    outputs = []
    for x in steps:
        states = step(lower, x, states, weights)
        outputs.append(states[0])
    return outputs, states


def unroll(
    lower: Lower, x: Value, initial: Sequence[Value], params: Sequence[Value], has_biases: bool, layers: int,
    bidirectional: bool, batch_first: bool, step: Step,
) -> tuple[Value, ...]:  # fmt: skip
    """All layers: the outputs, and each kind of state after the last step, layers stacked."""
    batched = len(x.shape) == 3
    if not batched:
        x = lower.reshape(x, (x.shape[0], 1, x.shape[1]))
        initial = [lower.reshape(state, (state.shape[0], 1, state.shape[1])) for state in initial]
    elif batch_first:
        x = lower.permute(x, (1, 0, 2))
    directions = 2 if bidirectional else 1
    per_layer = len(params) // (layers * directions)
    steps = [lower.select(x, 0, time) for time in range(x.shape[0])]
    finals: list[States] = []
    for layer in range(layers):
        results = []
        for direction in range(directions):
            at = layer * directions + direction
            weights = _weights(params[at * per_layer : (at + 1) * per_layer], has_biases)
            states = tuple(lower.select(state, 0, at) for state in initial)
            ordered = steps[::-1] if direction else steps
            outputs, final = _layer(lower, ordered, states, weights, step)
            finals.append(final)
            results.append(outputs[::-1] if direction else outputs)
        steps = (
            [lower.concat(both, 1) for both in zip(*results, strict=True)] if bidirectional else results[0]
        )
    axis = 1 if batched and batch_first else 0
    stacked = [lower.concat([_at_axis(lower, one, axis) for one in steps], axis)]
    for kind in range(len(initial)):
        stacked.append(lower.concat([_at_axis(lower, final[kind], 0) for final in finals], 0))
    if not batched:
        stacked = [lower.reshape(one, (one.shape[0], one.shape[2])) for one in stacked]
    return tuple(stacked)


def _at_axis(lower: Lower, x: Value, axis: int) -> Value:
    """A new axis of size 1."""
    return lower.reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))


def _weights(params: Sequence[Value], has_biases: bool) -> Weights:
    """In PyTorch's order: W_ih, W_hh, then the biases, then the projection."""
    first, second, *rest = params
    biases = rest[:2] if has_biases else [None, None]
    projection = rest[2 if has_biases else 0 :]
    return Weights(first, second, *biases, *projection)


@rule("aten.lstm.input")
def lstm(
    lower: Lower, x: Value, states: Sequence[Value], params: Sequence[Value], has_biases: bool, layers: int,
    dropout: float, train: bool, bidirectional: bool, batch_first: bool,
) -> tuple[Value, ...]:  # fmt: skip
    """Long short-term memory."""
    return unroll(lower, x, states, params, has_biases, layers, bidirectional, batch_first, lstm_step)


def _single_state(step: Step) -> Any:
    def layers_of(
        lower: Lower, x: Value, state: Value, params: Sequence[Value], has_biases: bool, layers: int,
        dropout: float, train: bool, bidirectional: bool, batch_first: bool,
    ) -> tuple[Value, ...]:  # fmt: skip
        return unroll(lower, x, [state], params, has_biases, layers, bidirectional, batch_first, step)

    return layers_of


rule("aten.gru.input")(_single_state(gru_step))
rule("aten.rnn_tanh.input", "aten.rnn_relu.input")(_single_state(rnn_step))


def _cell(step: Step) -> Any:
    def cell(
        lower: Lower,
        x: Value,
        state: Value,
        w_ih: Value,
        w_hh: Value,
        b_ih: Value | None = None,
        b_hh: Value | None = None,
    ) -> Value:
        return step(lower, x, (state,), Weights(w_ih, w_hh, b_ih, b_hh))[0]

    return cell


rule("aten.gru_cell")(_cell(gru_step))
rule("aten.rnn_tanh_cell", "aten.rnn_relu_cell")(_cell(rnn_step))


@rule("aten.lstm_cell")
def lstm_cell(
    lower: Lower, x: Value, states: Sequence[Value], w_ih: Value, w_hh: Value, b_ih: Value | None = None,
    b_hh: Value | None = None,
) -> States:  # fmt: skip
    """One step of long short-term memory."""
    return lstm_step(lower, x, tuple(states), Weights(w_ih, w_hh, b_ih, b_hh))
