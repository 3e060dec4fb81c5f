"""Mamba's recurrence on a CPU, several times faster than transformers' own, with the same values and gradients."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers.models.mamba import modeling_mamba


@contextmanager
def fast_mamba() -> Iterator[None]:
    """Let transformers' Mamba use the functions below inside the block; its models stay what they are.

    transformers keeps each function that a GPU kernel may replace under a name of its module, and looks it up at
    every call. Its own versions index a (batch, width, tokens, state) tensor at every step, whose gradient is a tensor
    of that size again; and it would call an installed `mamba_ssm` for tensors on the CPU, where it cannot run.
    """
    replaced = {
        "mamba_inner_fn": lambda *_, **__: None,
        "causal_conv1d_fn": _convolution,
        "mamba_selective_scan": _selective_scan,
    }
    originals = {name: getattr(modeling_mamba, name) for name in replaced}
    try:
        for name, function in replaced.items():
            setattr(modeling_mamba, name, function)
        yield
    finally:
        for name, function in originals.items():
            setattr(modeling_mamba, name, function)


def _convolution(
    hidden_states: Tensor, weight: Tensor, bias: Tensor | None = None, activation: str | None = None, **_: Any
) -> Tensor:
    """Convolve each channel of (batch, width, tokens) with the past; as `modeling_mamba.causal_conv1d_fn`."""
    kernel = weight.shape[-1]
    states = hidden_states.transpose(1, 2)
    padded = functional.pad(states, (0, 0, kernel - 1, 0))
    # A sum of shifted copies: the library's convolution is slow where every channel is its own group.
    output = torch.zeros_like(states) if bias is None else bias
    for shift in range(kernel):
        output = output + padded[:, shift : shift + states.shape[1]] * weight[:, shift]
    if activation is not None:
        output = modeling_mamba.ACT2FN[activation](output)
    return output.transpose(1, 2)


def _selective_scan(
    hidden_states: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
    **_: Any,
) -> Tensor | tuple[Tensor, Tensor]:
    """Run the state space of every channel; parameters as `modeling_mamba.mamba_selective_scan`."""
    states, steps, gate = (None if tensor is None else tensor.transpose(1, 2) for tensor in (hidden_states, dt, z))
    assert states is not None and steps is not None
    if delta_bias is not None:
        steps = steps + delta_bias
    if delta_softplus:
        steps = functional.softplus(steps)
    output, last = _Scan.apply(states, steps, A.T, B.transpose(1, 2), C.transpose(1, 2))
    if D is not None:
        output = output + states * D
    if gate is not None:
        output = output * functional.silu(gate)
    output = output.transpose(1, 2)
    return (output, last) if return_last_state else output


class _Scan(torch.autograd.Function):
    """h_t = exp(A d_t) h_{t-1} + d_t B_t u_t; y_t = C_t . h_t, with its gradient written out.

    Shapes: u, d (batch, tokens, width); A (state, width); B, C (batch, tokens, state); y as u. Inside, time comes
    first, so that each step reads and writes one contiguous block.
    """

    @staticmethod
    def forward(ctx: Any, u: Tensor, d: Tensor, A: Tensor, B: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        u, d, B, C = (tensor.transpose(0, 1).contiguous() for tensor in (u, d, B, C))
        decay = torch.exp(d.unsqueeze(2) * A)
        states = B.unsqueeze(3) * (d * u).unsqueeze(2)
        for time in range(1, len(states)):
            states[time].addcmul_(decay[time], states[time - 1])
        output = torch.matmul(C.unsqueeze(2), states).squeeze(2)
        ctx.save_for_backward(u, d, A, B, C, decay, states)
        last = states[-1].transpose(1, 2).clone()
        ctx.mark_non_differentiable(last)
        return output.transpose(0, 1), last

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        u, d, A, B, C, decay, states = ctx.saved_tensors
        gradient = gradients[0].transpose(0, 1).contiguous()
        # Sums of products: the library's matrix-vector products are several times slower at these shapes.
        to_C = (states * gradient.unsqueeze(2)).sum(3)
        to_states = C.unsqueeze(3) * gradient.unsqueeze(2)
        for time in range(len(states) - 1, 0, -1):
            to_states[time - 1].addcmul_(decay[time], to_states[time])
        # The gradient with respect to A d_t: the first step has no past that could decay.
        to_exponent = torch.zeros_like(decay)
        torch.mul(to_states[1:], states[:-1], out=to_exponent[1:])
        to_exponent.mul_(decay)
        to_product = torch.matmul(B.unsqueeze(2), to_states).squeeze(2)
        to_B = (to_states * (d * u).unsqueeze(2)).sum(3)
        to_d = (to_exponent * A).sum(2) + to_product * u
        to_A = (to_exponent * d.unsqueeze(2)).sum((0, 1))
        batch_first = (tensor.transpose(0, 1) for tensor in (to_product * d, to_d, to_B, to_C))
        to_u, to_d, to_B, to_C = batch_first
        return to_u, to_d, to_A, to_B, to_C
