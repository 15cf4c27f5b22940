# ruff: noqa
# fmt: off
"""Small modules of everything a practitioner writes, by name: a module and its example.

`fn` makes a module of a function of (s, *inputs), where s has the parameters, modules and buffers that are
named; `op` puts a linear map before the function, `img` a convolution, so that paths to what is before it show.
"""

import math
import warnings
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from torch.nn.utils import parametrizations, spectral_norm, weight_norm

_random = torch.get_rng_state()
torch.manual_seed(0)
CASES = {}


def _deprecated(make, module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(module)


class Fn(nn.Module):
    """A module from a function f(s, *inputs) and shapes of parameters, modules and buffers."""

    def __init__(self, f, /, **parts):
        super().__init__()
        self.run = f
        for k, v in parts.items():
            if isinstance(v, nn.Module):
                setattr(self, k, v)
            elif isinstance(v, torch.Tensor):
                self.register_buffer(k, v)
            else:
                v = (v,) if isinstance(v, int) else v
                setattr(self, k, nn.Parameter(torch.rand(v) + 0.1))

    def forward(self, *x):
        return self.run(self, *x)


def add(name, module, *x):
    assert name not in CASES, name
    CASES[name] = (module, x)


def fn(name, f, /, *x, **parts):
    """f gets (s, *x)."""
    add(name, Fn(f, **parts), *x)


def op(name, f, shape=(2, 4), /, **parts):
    """x -> x @ w -> f -> @ v: what is before and behind f is seen."""
    k = shape[-1]

    def g(s, x):
        return f(s, x @ s.w)

    fn(name, g, torch.rand(shape[:-1] + (3,)), w=(3, k), **parts)


R = torch.rand
ids = lambda *s, high=3: torch.randint(0, high, s)

# --- MLPs -----------------------------------------------------------------------------------------------
add("mlp_relu", nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), R(2, 3))
add("mlp_bn", nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)), R(2, 3))
for act in "ReLU GELU SiLU Mish Hardswish Hardsigmoid ELU CELU SELU Softplus Softsign Tanh Sigmoid LogSigmoid LeakyReLU PReLU RReLU Hardshrink Softshrink Tanhshrink Threshold ReLU6 Hardtanh GLU Softmin".split():
    a = {"Threshold": lambda: nn.Threshold(0.1, 0.0)}.get(act, getattr(nn, act))()
    d = 2 if act == "GLU" else 4
    add("act_" + act, nn.Sequential(nn.Linear(3, 4), a, nn.Linear(d, 2)), R(2, 3))
op("silu_hand", lambda s, x: x * torch.sigmoid(x))
op("silu_hand_shared", lambda s, x: x * torch.sigmoid(x) + x)
op("gelu_tanh_hand", lambda s, x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
op("gelu_erf_hand", lambda s, x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2))))
op("hswish_hand", lambda s, x: x * F.relu6(x + 3) / 6)
op("mish_hand", lambda s, x: x * torch.tanh(F.softplus(x)))
op("three_way", lambda s, x: (x + s.c) + x, c=4)
op("three_sum", lambda s, x: x + s.c + s.d, c=4, d=4)
op("residual", lambda s, x: x + F.relu(x) @ s.v, v=(4, 4))
op("residual_scaled", lambda s, x: x + s.g * (F.relu(x) @ s.v), v=(4, 4), g=4)
op("relu_then_two", lambda s, x: (h := F.relu(x)) + h @ s.v, v=(4, 4))
op("abs_sq", lambda s, x: x.abs() + x.square())
op("snake", lambda s, x: x + torch.sin(s.a * x) ** 2 / s.a, a=4)
op("aconc", lambda s, x: (s.p1 - s.p2) * x * torch.sigmoid(s.b * (s.p1 - s.p2) * x) + s.p2 * x, p1=4, p2=4, b=4)
op("maxout", lambda s, x: x.view(2, 2, 2).amax(-1))
op("swiglu", lambda s, x: (F.silu(x) * (x @ s.u)) @ s.v, u=(4, 4), v=(4, 2))
op("geglu_chunk", lambda s, x: (lambda a, b: a * F.gelu(b))(*x.chunk(2, -1)) @ s.v, v=(2, 3))
op("gate_sig", lambda s, x: torch.sigmoid(x @ s.u) * torch.tanh(x @ s.v), u=(4, 4), v=(4, 4))
op("highway", lambda s, x: (t := torch.sigmoid(x @ s.u)) * F.relu(x @ s.v) + (1 - t) * x, u=(4, 4), v=(4, 4))
op("lerp", lambda s, x: torch.lerp(x, x @ s.v, torch.sigmoid(s.t)), v=(4, 4), t=4)
op("addcmul", lambda s, x: torch.addcmul(x, x @ s.v, s.t), v=(4, 4), t=4)
op("addcdiv", lambda s, x: torch.addcdiv(x, x @ s.v, s.t), v=(4, 4), t=4)
op("clamp", lambda s, x: x.clamp(0, 1) * 2)
op("clamp_learned", lambda s, x: torch.minimum(torch.maximum(x, s.lo), s.hi), lo=4, hi=4)
op("pow_learned", lambda s, x: x.abs() ** s.p, p=4)
op("where_self", lambda s, x: torch.where(x > 0, x, 0.1 * x))
op("where_const", lambda s, x: torch.where(torch.tensor([True, False, True, True]), x, s.c), c=4)
op("relu_mask_mul", lambda s, x: x * (x > 0))
op("softplus_hand", lambda s, x: torch.log(1 + torch.exp(x)))
op("logcosh", lambda s, x: torch.log(torch.cosh(x)))
op("crelu", lambda s, x: torch.cat([F.relu(x), F.relu(-x)], -1) @ s.v, v=(8, 2))
op("bias_broadcast", lambda s, x: x[:, :, None] + s.b, b=3)
op("outer", lambda s, x: x[:, :, None] * x[:, None, :])
op("poly", lambda s, x: s.a * x**2 + s.b * x + s.c, a=4, b=4, c=4)
op("chebyshev", lambda s, x: torch.stack([torch.ones_like(x), x, 2 * x * x - 1], -1).flatten(1) @ s.v, v=(12, 2))
op("kan_rbf", lambda s, x: torch.exp(-((x[..., None] - torch.linspace(-1, 1, 3)) ** 2)).flatten(1) @ s.v, v=(12, 2))
op("kan_rbf_learned", lambda s, x: torch.exp(-((x[..., None] - s.c) ** 2)).flatten(1) @ s.v, v=(12, 2), c=3)
op("siren", lambda s, x: torch.sin(30 * (x @ s.v)), v=(4, 2))
op("fourier_features", lambda s, x: torch.cat([torch.sin(x @ s.B), torch.cos(x @ s.B)], -1) @ s.v, B=R(4, 3), v=(6, 2))
op("fourier_zero_B", lambda s, x: torch.cat([torch.sin(x @ s.B), torch.cos(x @ s.B)], -1) @ s.v, B=torch.tensor([[1.0, 0], [0, 0], [0, 0], [0, 1]]), v=(4, 2))

# --- convolutions ----------------------------------------------------------------------------------------
for i, kw in enumerate(
    [
        dict(kernel_size=3), dict(kernel_size=3, padding=1), dict(kernel_size=3, padding=1, stride=2), dict(kernel_size=3, dilation=2, padding=2),
        dict(kernel_size=3, padding=1, groups=2), dict(kernel_size=3, padding=1, padding_mode="reflect"), dict(kernel_size=3, padding=1, padding_mode="circular"),
        dict(kernel_size=3, padding=1, padding_mode="replicate"), dict(kernel_size=(1, 3), padding="same"), dict(kernel_size=2, padding="same"), dict(kernel_size=1),
    ]
):
    add(f"conv2d_{i}", nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, **kw)), R(1, 2, 4, 4))
for i, kw in enumerate([dict(kernel_size=2, stride=2), dict(kernel_size=3, stride=2, padding=1, output_padding=1), dict(kernel_size=3, groups=2), dict(kernel_size=3, dilation=2, padding=2)]):
    add(f"convT_{i}", nn.Sequential(nn.Conv2d(2, 4, 1), nn.ConvTranspose2d(4, 2, **kw)), R(1, 2, 3, 3))
add("conv1d", nn.Sequential(nn.Conv1d(2, 3, 3, padding=1), nn.ReLU(), nn.Conv1d(3, 2, 2, stride=2)), R(2, 2, 4))
add("conv1d_causal", nn.Sequential(nn.ConstantPad1d((2, 0), 0.0), nn.Conv1d(2, 3, 3)), R(1, 2, 4))
add("conv3d", nn.Sequential(nn.Conv3d(1, 2, 2, padding=1), nn.ReLU()), R(1, 1, 2, 2, 2))
add("convT1d", nn.ConvTranspose1d(2, 3, 4, 2, 1), R(1, 2, 3))
add("pad1_then_conv", nn.Sequential(nn.ConstantPad2d(1, 1.0), nn.Conv2d(1, 2, 3)), R(1, 1, 3, 3))
add("dwconv", nn.Sequential(nn.Conv2d(3, 3, 3, padding=1, groups=3), nn.Conv2d(3, 2, 1)), R(1, 3, 3, 3))


def unfold_conv(s, x):
    u = F.unfold(x, 3, padding=1)
    return (s.w.flatten(1) @ u).view(1, -1, 3, 3)


fn("unfold_conv", unfold_conv, R(1, 2, 3, 3), w=(2, 2, 3, 3))
fn("unfold_mulsum", lambda s, x: (F.unfold(x, 3, padding=1).view(1, 2, 9, 9) * s.w[None, :, :, None]).sum(2), R(1, 2, 3, 3), w=(2, 9))
fn("pad_shift_dw", lambda s, x: sum(F.pad(x, (1, 1))[:, :, k : k + 4] * s.w[:, k, None] for k in range(3)), R(1, 2, 4), w=(2, 3))
fn("pad_mul", lambda s, x: F.pad(x, (1, 1)) * s.w, R(1, 3), w=5)
fn("pad_mul_one", lambda s, x: F.pad(x, (1, 1), value=1.0) * s.w, R(1, 3), w=5)
fn("conv_unfold_tensor", lambda s, x: (F.pad(x, (2, 0)).unfold(-1, 3, 1) * s.w).sum(-1), R(1, 2, 4), w=(1, 2, 1, 3))
fn("conv_as_strided", lambda s, x: x.as_strided((3, 2), (1, 1)) @ s.w, R(4), w=(2, 2))
fn("fold", lambda s, x: F.fold((x @ s.w).transpose(1, 2), (3, 3), 2), R(1, 4, 3), w=(3, 8))
fn("conv_functional_gen", lambda s, x: F.conv2d(x, (s.a @ s.b).view(2, 1, 2, 2)), R(1, 1, 3, 3), a=(2, 3), b=(3, 4))
fn("dynamic_conv", lambda s, x: F.conv2d(x, torch.einsum("k,koihw->oihw", torch.softmax(x.mean((0, 2, 3)) @ s.r, 0), s.bank)), R(1, 2, 3, 3), r=(2, 3), bank=(3, 2, 2, 2, 2))
fn("involution", lambda s, x: ((x.mean(1, keepdim=True).flatten(2).transpose(1, 2) @ s.w).transpose(1, 2).unsqueeze(1) * F.unfold(x, 3, padding=1).view(1, 2, 9, 4)).sum(2), R(1, 2, 2, 2), w=(1, 9))
add("mbconv", nn.Sequential(nn.Conv2d(2, 4, 1, bias=False), nn.BatchNorm2d(4), nn.SiLU(), nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.BatchNorm2d(4), nn.SiLU(), nn.Conv2d(4, 2, 1, bias=False), nn.BatchNorm2d(2)), R(1, 2, 3, 3))
add("bn_zero_mean_pad", nn.Sequential(nn.ZeroPad2d(1), nn.BatchNorm2d(1)), R(1, 1, 2, 2))
_b = nn.BatchNorm2d(1); _b.running_mean.fill_(0.5)
add("bn_mean_pad", nn.Sequential(nn.ZeroPad2d(1), _b), R(1, 1, 2, 2))

# --- norms -----------------------------------------------------------------------------------------------
for nm, m in dict(ln=nn.LayerNorm(4), rms=nn.RMSNorm(4), lnna=nn.LayerNorm(4, elementwise_affine=False), ln2=nn.LayerNorm((2, 4))).items():
    op(f"norm_{nm}", lambda s, x: s.n(x) @ s.v, n=m, v=(4, 2))
    op(f"norm_res_{nm}", lambda s, x: x + s.n(x), n=type(m)(m.normalized_shape, elementwise_affine=m.elementwise_affine))
    op(f"norm_pre_{nm}", lambda s, x: x + s.n(x) @ s.v, n=type(m)(m.normalized_shape, elementwise_affine=m.elementwise_affine), v=(4, 4))
for nm, m in dict(gn=lambda: nn.GroupNorm(2, 4), inst=lambda: nn.InstanceNorm1d(4, affine=True), inst0=lambda: nn.InstanceNorm1d(4), gn1=lambda: nn.GroupNorm(1, 4), bn=lambda: nn.BatchNorm1d(4)).items():
    fn(f"norm_{nm}", lambda s, x: s.n(s.c(x)), R(2, 2, 3), n=m(), c=nn.Conv1d(2, 4, 1))
    fn(f"norm_res_{nm}", lambda s, x: (h := s.c(x)) + s.n(h), R(2, 2, 3), n=m(), c=nn.Conv1d(2, 4, 1))
add("lrn", nn.Sequential(nn.Conv2d(2, 4, 1), nn.LocalResponseNorm(3), nn.Conv2d(4, 2, 1)), R(1, 2, 2, 2))

mean = lambda x, d=-1: x.mean(d, keepdim=True)
op("ln_hand", lambda s, x: (x - mean(x)) / torch.sqrt(((x - mean(x)) ** 2).mean(-1, keepdim=True) + 1e-5) * s.g + s.b, g=4, b=4)
op("ln_hand_c", lambda s, x: (c := x - mean(x)) * torch.rsqrt(mean(c * c) + 1e-5) * s.g + s.b, g=4, b=4)
op("ln_hand_var", lambda s, x: (x - mean(x)) / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt() * s.g + s.b, g=4, b=4)
op("ln_hand_std", lambda s, x: s.g * (x - mean(x)) / (x.std(-1, keepdim=True) + 1e-5) + s.b, g=4, b=4)
op("ln_hand_assoc", lambda s, x: (x - mean(x)) * (s.g / (x.std(-1, keepdim=True) + 1e-5)) + s.b, g=4, b=4)
op("ln_hand_e2", lambda s, x: (x - mean(x)) / torch.sqrt(mean(x * x) - mean(x) ** 2 + 1e-5) * s.g, g=4)
op("ln_hand_varmean", lambda s, x: (lambda vm: (x - vm[1]) * torch.rsqrt(vm[0] + 1e-5) * s.g)(torch.var_mean(x, -1, keepdim=True)), g=4)
op("ln_hand_sum", lambda s, x: (x - x.sum(-1, keepdim=True) / 4) / x.std(-1, keepdim=True))
op("ln_hand_mul_out", lambda s, x: x * (r := torch.rsqrt(x.var(-1, keepdim=True) + 1e-5) * s.g) + (s.b - mean(x) * r), g=4, b=4)
op("ln_hand_residual", lambda s, x: x + (x - mean(x)) / x.std(-1, keepdim=True) * s.g, g=4)
op("ln_hand_einsum", lambda s, x: (c := x - mean(x)) / (torch.einsum("bi,bi->b", c, c)[:, None] + 1e-5).sqrt() * s.g, g=4)
op("rms_hand", lambda s, x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * s.g, g=4)
op("rms_hand_g1", lambda s, x: x * (s.g * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)), g=4)
op("rms_hand_g2", lambda s, x: s.g * x / x.norm(dim=-1, keepdim=True), g=4)
op("rms_hand_g3", lambda s, x: x * (s.g / x.norm(dim=-1, keepdim=True)), g=4)
op("rms_hand_gemma", lambda s, x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * (1 + s.g), g=4)
op("rms_res", lambda s, x: x + x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * s.g, g=4)
op("rms_scalar_scale", lambda s, x: x * (s.g / x.norm(dim=-1, keepdim=True)), g=1)
op("norm_one_token", lambda s, x: torch.softmax(x, 0) @ s.v, (1, 4), v=(4, 2))
op("norm_one_ln", lambda s, x: F.layer_norm(x, (1,)), (2, 1))
op("norm_one_normalize", lambda s, x: F.normalize(x), (2, 1))
op("norm_one_hand", lambda s, x: (x - mean(x)) / (x.std(-1, keepdim=True, unbiased=False) + 1), (2, 1))
op("norm_expand_ln", lambda s, x: F.layer_norm(x[:, :, None].expand(2, 4, 3), (4, 3)))
op("norm_expand_sm", lambda s, x: torch.softmax(x[:, :, None].expand(2, 4, 3), 1))
op("norm_repeat_gn", lambda s, x: F.group_norm(x[:, :, None].repeat(1, 1, 2), 2))
op("norm_ri_ln", lambda s, x: F.layer_norm(x.repeat_interleave(2, -1), (8,)))
op("norm_ri_hand", lambda s, x: (r := x.repeat_interleave(2, -1)) / r.norm(dim=-1, keepdim=True))
op("l2", lambda s, x: F.normalize(x, dim=-1))
op("l2_hand", lambda s, x: x / x.norm(dim=-1, keepdim=True).clamp(min=1e-6))
op("l2_hand_sum", lambda s, x: x / (x * x).sum(-1, keepdim=True).sqrt())
op("l2_view", lambda s, x: (x.view(2, 2, 2) / x.view(2, 2, 2).norm(dim=-1, keepdim=True)).view(2, 4))
op("l1", lambda s, x: x / x.abs().sum(-1, keepdim=True))
op("maxnorm", lambda s, x: x / x.amax(-1, keepdim=True))
op("minmax", lambda s, x: (x - x.amin(-1, keepdim=True)) / (x.amax(-1, keepdim=True) - x.amin(-1, keepdim=True)))
op("grn", lambda s, x: s.g * (x * (gx := x.norm(p=2, dim=0, keepdim=True)) / (gx.mean(-1, keepdim=True) + 1e-6)) + s.b + x, g=4, b=4)
op("grn2", lambda s, x: s.g * (x * ((gx := x.norm(p=2, dim=0, keepdim=True)) / (gx.mean(-1, keepdim=True) + 1e-6))) + s.b + x, g=4, b=4)
op("grn3", lambda s, x: x + torch.addcmul(s.b, s.g, x * ((gx := x.norm(p=2, dim=0, keepdim=True)) / (gx.mean(-1, keepdim=True) + 1e-6))), g=4, b=4)
op("center_only", lambda s, x: (x - mean(x)) @ s.v, v=(4, 2))
op("center_tokens", lambda s, x: (x - x.mean(0, keepdim=True)) @ s.v, v=(4, 2))
op("add_mean", lambda s, x: x + x.mean(0, keepdim=True))
op("add_max", lambda s, x: x + x.amax(0, keepdim=True))
op("mul_mean", lambda s, x: x * x.mean(0, keepdim=True))
op("mul_sig_mean", lambda s, x: x * torch.sigmoid(x.mean(0, keepdim=True)))
op("mul_learned_mean", lambda s, x: x * torch.sigmoid(s.a * x.mean(0, keepdim=True) + s.b), a=4, b=4)
op("gain_outer_mean", lambda s, x: x * (s.a * x.mean(0, keepdim=True)), a=4)
op("equivariant", lambda s, x: x @ s.u + x.mean(0, keepdim=True) @ s.v, u=(4, 2), v=(4, 2))
op("perm_max", lambda s, x: (x - x.amax(0, keepdim=True)) @ s.v, v=(4, 2))
op("center_other_axis", lambda s, x: F.layer_norm(x - x.mean(0, keepdim=True), (4,)))
op("center_other_axis_hand", lambda s, x: (c := x - x.mean(0, keepdim=True)) / c.norm(dim=-1, keepdim=True))
op("simam", lambda s, x: x * torch.sigmoid((d := (x - mean(x)) ** 2) / (4 * (d.sum(-1, keepdim=True) / 3 + 1e-4)) + 0.5))
op("zca", lambda s, x: (x - x.mean(0)) / (x.std(0) + 1e-5))
op("adain", lambda s, x: (x - mean(x)) / x.std(-1, keepdim=True) * (y := x @ s.u).std(-1, keepdim=True) + mean(y), u=(4, 4))
op("film", lambda s, x: F.layer_norm(x, (4,)) * (1 + x @ s.u) + x @ s.v, u=(4, 4), v=(4, 4))
op("ln_mask_zero", lambda s, x: F.layer_norm(x * torch.tensor([1.0, 1, 0, 1]), (4,), s.g, s.b), g=4, b=4)
op("rms_mask_zero", lambda s, x: F.rms_norm(x * torch.tensor([1.0, 1, 0, 1]), (4,), s.g), g=4)
op("rms_hand_mask_zero", lambda s, x: (y := x * torch.tensor([1.0, 1, 0, 1])) * torch.rsqrt(mean(y * y) + 1e-6) * s.g, g=4)
op("ln_hand_mask_zero", lambda s, x: ((y := x * torch.tensor([1.0, 1, 0, 1])) - mean(y)) / (y.std(-1, keepdim=True) + 1e-6) * s.g, g=4)
op("ln_pad_cat_one", lambda s, x: F.layer_norm(torch.cat([x, torch.ones(2, 1)], -1), (5,), s.g), g=5)
op("ln_twice", lambda s, x: F.layer_norm(F.layer_norm(x, (4,)) * s.g, (4,)), g=4)
op("scalenorm", lambda s, x: s.g * F.normalize(x, dim=-1) * 2, g=1)
op("dyt", lambda s, x: torch.tanh(s.a * x) * s.g + s.b, a=1, g=4, b=4)
op("frn", lambda s, x: torch.maximum(s.g * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) + s.b, s.t), g=4, b=4, t=4)
op("relu_norm_mul", lambda s, x: F.relu(x) / (F.relu(x).sum(-1, keepdim=True) + 1))
op("groupnorm_hand", lambda s, x: ((v := x.view(2, 2, 2)) - mean(v)).div(v.var(-1, keepdim=True).add(1e-5).sqrt()).view(2, 4) * s.g + s.b, g=4, b=4)
op("switch_norm", lambda s, x: (x - (m := s.a[0] * mean(x) + s.a[1] * x.mean(0, keepdim=True))) / (s.a[0] * x.var(-1, keepdim=True) + s.a[1] * x.var(0, keepdim=True)).sqrt(), a=2)
op("evonorm_s", lambda s, x: x * torch.sigmoid(s.v * x) / x.std(-1, keepdim=True) * s.g, v=4, g=4)
op("pixelnorm", lambda s, x: x / torch.sqrt(torch.mean(x**2, dim=1, keepdim=True) + 1e-8))
op("divisive", lambda s, x: x / (1 + s.a * x.pow(2).sum(-1, keepdim=True)), a=1)
op("norm_vector_learned_eps", lambda s, x: x / (x.pow(2).mean(-1, keepdim=True) + s.e).sqrt(), e=1)

# --- softmax and masks -----------------------------------------------------------------------------------
op("sm", lambda s, x: torch.softmax(x, -1) @ s.v, v=(4, 2))
op("lsm", lambda s, x: torch.log_softmax(x, -1))
op("sm_hand", lambda s, x: (e := torch.exp(x)) / e.sum(-1, keepdim=True))
op("sm_hand_max", lambda s, x: (e := torch.exp(x - x.amax(-1, keepdim=True))) / e.sum(-1, keepdim=True))
op("sm_hand_maxv", lambda s, x: (e := torch.exp(x - x.max(-1, keepdim=True).values)) / e.sum(-1, keepdim=True))
op("sm_hand_twice", lambda s, x: torch.exp(x) / torch.exp(x).sum(-1, keepdim=True))
op("sm_lse", lambda s, x: torch.exp(x - torch.logsumexp(x, -1, keepdim=True)))
op("lsm_lse", lambda s, x: x - torch.logsumexp(x, -1, keepdim=True))
op("lsm_hand", lambda s, x: x - x.exp().sum(-1, keepdim=True).log())
op("lsm_hand_max", lambda s, x: (c := x - x.amax(-1, keepdim=True)) - c.exp().sum(-1, keepdim=True).log())
op("lsm_log", lambda s, x: torch.log(torch.softmax(x, -1)))
op("sm_temp", lambda s, x: torch.softmax(x / s.t, -1), t=1)
op("gumbel_like", lambda s, x: torch.softmax((x + torch.tensor([0.1, 0.2, 0.3, 0.4])) / 0.5, -1))
op("softmin_hand", lambda s, x: torch.softmax(-x, -1))
op("sm_plus_one", lambda s, x: (e := torch.exp(x)) / (1 + e.sum(-1, keepdim=True)))
op("sm_2d", lambda s, x: torch.softmax(x.flatten(), 0).view(2, 4) @ s.v, v=(4, 2))
op("sinkhorn", lambda s, x: (lambda p: p / p.sum(0, keepdim=True))((e := torch.exp(x)) / e.sum(1, keepdim=True)))
op("dual_softmax", lambda s, x: torch.softmax(x, 0) * torch.softmax(x, 1))
op("relu_attn_norm", lambda s, x: (r := F.relu(x) ** 2) / (r.sum(-1, keepdim=True) + 1e-6))
M4 = torch.tensor([[True, False, True, True], [False, True, True, False]])
for nm, f in dict(
    fill=lambda s, x: x.masked_fill(M4, float("-inf")),
    fillmin=lambda s, x: x.masked_fill(M4, torch.finfo(x.dtype).min),
    add=lambda s, x: x + torch.zeros(2, 4).masked_fill(M4, float("-inf")),
    addmin=lambda s, x: x + M4 * torch.finfo(x.dtype).min,
    add1e9=lambda s, x: x + M4 * -1e9,
    where=lambda s, x: torch.where(M4, torch.tensor(float("-inf")), x),
    fillt=lambda s, x: x.masked_fill(M4, torch.tensor(float("-inf"))),
    mulneg=lambda s, x: x - 1e10 * M4.float(),
    logmask=lambda s, x: x + torch.log((~M4).float()),
).items():
    op("mask_sm_" + nm, lambda s, x, f=f: torch.softmax(f(s, x), -1) @ s.v, v=(4, 2))
    op("mask_smh_" + nm, lambda s, x, f=f: (e := torch.exp((y := f(s, x)) - y.amax(-1, keepdim=True))) / e.sum(-1, keepdim=True) @ s.v, v=(4, 2))


def iw(s, x):
    y = x.clone()
    y[M4] = float("-inf")
    return torch.softmax(y, -1) @ s.v


op("mask_index_write", iw, v=(4, 2))


def iw2(s, x):
    y = x.clone()
    y[:, 2:] = float("-inf")
    return torch.softmax(y, -1) @ s.v


op("mask_slice_write", iw2, v=(4, 2))


def iw3(s, x):
    y = x.clone()
    y[torch.arange(2), torch.tensor([1, 3])] = float("-inf")
    return torch.softmax(y, -1) @ s.v


op("mask_index2_write", iw3, v=(4, 2))
op("mask_cat_inf", lambda s, x: torch.softmax(torch.cat([x, torch.full((2, 1), float("-inf"))], -1), -1) @ s.v, v=(5, 2))
op("mask_cat_zero", lambda s, x: torch.softmax(torch.cat([x, torch.zeros(2, 1)], -1), -1) @ s.v, v=(5, 2))
op("mask_after_zero", lambda s, x: (torch.softmax(x, -1) * (~M4)) @ s.v, v=(4, 2))
op("mask_after_renorm", lambda s, x: (p := torch.softmax(x, -1) * (~M4)) / p.sum(-1, keepdim=True) @ s.v, v=(4, 2))
op("mask_before_zero", lambda s, x: torch.softmax(x * (~M4), -1) @ s.v, v=(4, 2))
op("mask_all_row", lambda s, x: torch.softmax(x.masked_fill(torch.tensor([[True], [False]]), -1e30), -1) @ s.v, v=(4, 2))
op("tril_exp", lambda s, x: torch.exp(torch.tril(x)) @ s.v, (4, 4), v=(4, 2))
op("tril_mul", lambda s, x: torch.tril(x) @ s.v, (4, 4), v=(4, 2))
op("one_minus_mask", lambda s, x: (1 - x * M4) @ s.v, v=(4, 2))
op("sig_pad", lambda s, x: torch.sigmoid(F.pad(x, (1, 1))) @ s.v, v=(6, 2))
op("tanh_pad", lambda s, x: torch.tanh(F.pad(x, (1, 1))) @ s.v, v=(6, 2))
op("cos_pad", lambda s, x: torch.cos(F.pad(x, (1, 1))) @ s.v, v=(6, 2))
op("softplus_pad", lambda s, x: F.softplus(F.pad(x, (1, 1))) @ s.v, v=(6, 2))
op("bias_pad", lambda s, x: (F.pad(x, (1, 1)) + s.b) @ s.v, v=(6, 2), b=6)
op("relu_minus_one_pad", lambda s, x: F.relu(F.pad(x, (1, 1)) - 1) @ s.v, v=(6, 2))
op("relu_plus_one_pad", lambda s, x: F.relu(F.pad(x, (1, 1)) + 1) @ s.v, v=(6, 2))
op("fill_one", lambda s, x: x.masked_fill(M4, 1.0) @ s.v, v=(4, 2))
op("fill_zero", lambda s, x: x.masked_fill(M4, 0.0) @ s.v, v=(4, 2))
op("cat_ones", lambda s, x: torch.cat([x, torch.ones(2, 1)], -1) @ s.v, v=(5, 2))
op("cat_zeros", lambda s, x: torch.cat([x, torch.zeros(2, 1)], -1) @ s.v, v=(5, 2))
op("cat_const", lambda s, x: torch.cat([x, torch.arange(2.0).expand(2, 2)], -1) @ s.v, v=(6, 2))
op("zero_times_exp", lambda s, x: (torch.zeros(2, 4) * torch.exp(x)) + x)
op("cumsum", lambda s, x: torch.cumsum(x, -1) @ s.v, v=(4, 2))
op("cumsum_mask", lambda s, x: torch.cumsum(x * torch.tensor([0.0, 1, 0, 1]), -1) @ s.v, v=(4, 2))
op("segsum", lambda s, x: torch.exp((c := torch.cumsum(x, -1))[:, :, None] - c[:, None, :]).tril() @ s.v, v=(4, 2))
op("segsum_inf", lambda s, x: torch.exp(((c := torch.cumsum(x, -1))[:, :, None] - c[:, None, :]).masked_fill(~torch.ones(4, 4, dtype=torch.bool).tril(), float("-inf"))) @ s.v, v=(4, 2))
op("cumprod", lambda s, x: torch.cumprod(x, -1) @ s.v, v=(4, 2))
op("logcumsumexp", lambda s, x: torch.logcumsumexp(x, -1) @ s.v, v=(4, 2))
op("cummean", lambda s, x: torch.cumsum(x, 0) / torch.arange(1, 3.0)[:, None] @ s.v, v=(4, 2))
op("tril_mean", lambda s, x: (torch.tril(torch.ones(2, 2)) / torch.arange(1, 3.0)[:, None]) @ x @ s.v, v=(4, 2))
fn("fed_mask_mul", lambda s, x, m: (x @ s.w) * m[..., None] @ s.v, R(1, 3, 2), torch.ones(1, 3), w=(2, 3), v=(3, 2))
fn("fed_mask_sm", lambda s, x, m: torch.softmax((x @ s.w).masked_fill(~m, float("-inf")), -1) @ s.v, R(2, 2), torch.ones(2, 3, dtype=torch.bool), w=(2, 3), v=(3, 2))
fn("fed_mask_add", lambda s, x, m: torch.softmax((x @ s.w) + (1 - m) * torch.finfo(torch.float32).min, -1) @ s.v, R(2, 2), torch.ones(2, 3), w=(2, 3), v=(3, 2))
fn("fed_and_causal", lambda s, x, m: torch.softmax((x @ s.w).masked_fill(~(m & torch.ones(3, 3, dtype=torch.bool).tril()), float("-inf")), -1) @ s.v, R(3, 2), torch.ones(3, 3, dtype=torch.bool), w=(2, 3), v=(3, 2))
fn("fed_bool_mean", lambda s, x, m: ((x @ s.w) * m[..., None]).sum(1) / m.sum(1, keepdim=True), R(1, 3, 2), torch.ones(1, 3), w=(2, 3))

# --- attention -------------------------------------------------------------------------------------------


def qkv(s, x, h=2):
    b, n, d = x.shape
    return [t.view(b, n, h, -1).transpose(1, 2) for t in (x @ s.w).chunk(3, -1)]


def att(name, f, /, n=3, **parts):
    fn("att_" + name, lambda s, x: f(s, *qkv(s, x)).transpose(1, 2).flatten(2) @ s.o, R(1, n, 4), w=(4, 12), o=(4, 2), **parts)


att("sdpa", lambda s, q, k, v: F.scaled_dot_product_attention(q, k, v))
att("causal", lambda s, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True))
att("boolmask", lambda s, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=torch.tensor([[True, True, False], [False, True, True], [True, False, True]])))
att("addmask", lambda s, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=torch.triu(torch.full((3, 3), float("-inf")), 1)))
att("bias", lambda s, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=s.b), b=(2, 3, 3))
att("hand", lambda s, q, k, v: torch.softmax(q @ k.transpose(-1, -2) / 1.4, -1) @ v)
att("hand_causal", lambda s, q, k, v: torch.softmax((q @ k.transpose(-1, -2) / 1.4).masked_fill(torch.triu(torch.ones(3, 3, dtype=torch.bool), 1), float("-inf")), -1) @ v)
att("hand_tril_where", lambda s, q, k, v: torch.softmax(torch.where(torch.tril(torch.ones(3, 3)) == 0, float("-inf"), q @ k.transpose(-1, -2)), -1) @ v)
att("einsum", lambda s, q, k, v: torch.einsum("bhij,bhjd->bhid", torch.softmax(torch.einsum("bhid,bhjd->bhij", q, k), -1), v))
att("qknorm", lambda s, q, k, v: F.scaled_dot_product_attention(F.rms_norm(q, (2,), s.a), F.rms_norm(k, (2,), s.b), v), a=2, b=2)
att("cosine", lambda s, q, k, v: torch.softmax(F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-1, -2) * s.t, -1) @ v, t=(2, 1, 1))
att("cos_after", lambda s, q, k, v: torch.softmax((q @ k.transpose(-1, -2)) / (q.norm(dim=-1, keepdim=True) * k.norm(dim=-1, keepdim=True).transpose(-1, -2)), -1) @ v)
att("alibi", lambda s, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=-(torch.arange(3)[:, None] - torch.arange(3)).abs().float() * torch.tensor([0.5, 0.25]).view(2, 1, 1)))
att("relpos", lambda s, q, k, v: torch.softmax(q @ k.transpose(-1, -2) + s.t[:, (torch.arange(3)[:, None] - torch.arange(3)) + 2], -1) @ v, t=(2, 5))
att("relpos_t5", lambda s, q, k, v: torch.softmax(q @ k.transpose(-1, -2) + F.embedding((torch.arange(3)[:, None] - torch.arange(3)).abs().clamp(max=1), s.t).permute(2, 0, 1), -1) @ v, t=(3, 2))
att("relshift", lambda s, q, k, v: torch.softmax(q @ k.transpose(-1, -2) + F.pad(q @ s.r, (1, 0)).view(1, 2, 4, 3)[:, :, 1:].reshape(1, 2, 3, 3), -1) @ v, r=(2, 3))
att("talking", lambda s, q, k, v: torch.einsum("bhij,hg->bgij", torch.softmax(torch.einsum("bhij,hg->bgij", q @ k.transpose(-1, -2), s.a), -1), s.b) @ v, a=(2, 2), b=(2, 2))
att("sigmoid", lambda s, q, k, v: torch.sigmoid(q @ k.transpose(-1, -2)) @ v)
att("linear", lambda s, q, k, v: ((fq := F.elu(q) + 1) @ ((fk := F.elu(k) + 1).transpose(-1, -2) @ v)) / (fq @ fk.sum(-2, keepdim=True).transpose(-1, -2)))
att("linear_nonorm", lambda s, q, k, v: F.elu(q) @ (F.elu(k).transpose(-1, -2) @ v))
att("efficient", lambda s, q, k, v: torch.softmax(q, -1) @ (torch.softmax(k, -2).transpose(-1, -2) @ v))
att("evit", lambda s, q, k, v: (lambda o: o[..., :-1] / (o[..., -1:] + 1e-5))(F.relu(q) @ (F.relu(k).transpose(-1, -2) @ F.pad(v, (0, 1), value=1.0))))
att("xca", lambda s, q, k, v: (torch.softmax(F.normalize(q, dim=-2).transpose(-1, -2) @ F.normalize(k, dim=-2), -1) @ v.transpose(-1, -2)).transpose(-1, -2))
att("pooled", lambda s, q, k, v: F.scaled_dot_product_attention(q, k.mean(-2, keepdim=True), v.mean(-2, keepdim=True)))
att("sink", lambda s, q, k, v: torch.softmax(torch.cat([q @ k.transpose(-1, -2), s.z.view(1, 2, 1, 1).expand(1, 2, 3, 1)], -1), -1)[..., :-1] @ v, z=2)
att("sink_zero", lambda s, q, k, v: torch.softmax(torch.cat([q @ k.transpose(-1, -2), torch.zeros(1, 2, 3, 1)], -1), -1)[..., :-1] @ v)
att("unnorm", lambda s, q, k, v: (e := torch.exp(q @ k.transpose(-1, -2))) @ v / e.sum(-1, keepdim=True))
att("gqa", lambda s, q, k, v: F.scaled_dot_product_attention(q, k[:, :1].expand(1, 2, 3, 2), v[:, :1].expand(1, 2, 3, 2)))
att("gqa_ri", lambda s, q, k, v: torch.softmax(q @ k[:, :1].repeat_interleave(2, 1).transpose(-1, -2), -1) @ v[:, :1].repeat_interleave(2, 1))
att("window", lambda s, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=(torch.arange(4)[:, None] - torch.arange(4)).abs() < 2), n=4)
att("window_part", lambda s, q, k, v: F.scaled_dot_product_attention(q.reshape(1, 4, 2, 2), k.reshape(1, 4, 2, 2), v.reshape(1, 4, 2, 2)).reshape(1, 2, 4, 2), n=4)
att("causal_cross", lambda s, q, k, v: F.scaled_dot_product_attention(q[:, :, :2], k, v, is_causal=True))
att("v_gate", lambda s, q, k, v: F.scaled_dot_product_attention(q, k, v) * torch.sigmoid(v))
att("softcap", lambda s, q, k, v: torch.softmax(torch.tanh(q @ k.transpose(-1, -2) / 5) * 5, -1) @ v)
att("retention", lambda s, q, k, v: (q @ k.transpose(-1, -2) * torch.tril(0.9 ** (torch.arange(3)[:, None] - torch.arange(3)).clamp(min=0).float())) @ v)
att("retention_norm", lambda s, q, k, v: (r := q @ k.transpose(-1, -2) * torch.tril(torch.ones(3, 3))) / r.sum(-1, keepdim=True).abs().clamp(min=1) @ v)
att("topk", lambda s, q, k, v: torch.softmax((a := q @ k.transpose(-1, -2)).masked_fill(a < a.topk(2, -1).values[..., -1:], float("-inf")), -1) @ v)


def rope(x):
    n, d = x.shape[-2:]
    f = torch.arange(n)[:, None] * (1.0 / 100 ** (torch.arange(0, d, 2) / d))
    f = torch.cat([f, f], -1)
    a, b = x.chunk(2, -1)
    return x * f.cos() + torch.cat([-b, a], -1) * f.sin()


def rope2(x):
    n, d = x.shape[-2:]
    f = torch.arange(n)[:, None] * (1.0 / 100 ** (torch.arange(0, d, 2) / d))
    a, b = x[..., ::2], x[..., 1::2]
    return torch.stack([a * f.cos() - b * f.sin(), a * f.sin() + b * f.cos()], -1).flatten(-2)


def rope3(x):
    n, d = x.shape[-2:]
    f = torch.arange(n)[:, None] * (1.0 / 100 ** (torch.arange(0, d, 2) / d))
    c = torch.polar(torch.ones_like(f), f)
    return torch.view_as_real(torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2)) * c).flatten(-2)


for nm, r in (("rope_half", rope), ("rope_inter", rope2), ("rope_complex", rope3)):
    att(nm, lambda s, q, k, v, r=r: F.scaled_dot_product_attention(r(q), r(k), v))
add("mha", nn.MultiheadAttention(4, 2, batch_first=True), *[R(1, 3, 4)] * 3)
fn("mha_mask", lambda s, x: s.m(x, x, x, attn_mask=torch.triu(torch.ones(3, 3, dtype=torch.bool), 1), need_weights=False)[0], R(1, 3, 4), m=nn.MultiheadAttention(4, 2, batch_first=True))
fn("mha_weights", lambda s, x: s.m(x, x, x, attn_mask=torch.triu(torch.ones(3, 3, dtype=torch.bool), 1))[0], R(1, 3, 4), m=nn.MultiheadAttention(4, 2, batch_first=True))
fn("mha_biaskv", lambda s, x: s.m(x, x, x, need_weights=False)[0], R(1, 2, 4), m=nn.MultiheadAttention(4, 2, batch_first=True, add_bias_kv=True, add_zero_attn=True))
fn("mha_kdim", lambda s, x, y: s.m(x, y, y)[0], R(1, 2, 4), R(1, 3, 3), m=nn.MultiheadAttention(4, 2, kdim=3, vdim=3, batch_first=True))
add("enc", nn.TransformerEncoderLayer(4, 2, 6, batch_first=True, norm_first=True, activation="gelu"), R(1, 3, 4))
add("dec", nn.TransformerDecoderLayer(4, 2, 6, batch_first=True), R(1, 2, 4), R(1, 3, 4))
fn("dec_causal", lambda s, x, y: s.m(x, y, tgt_mask=nn.Transformer.generate_square_subsequent_mask(2)), R(1, 2, 4), R(1, 3, 4), m=nn.TransformerDecoderLayer(4, 2, 6, batch_first=True))
fn("enc_causal", lambda s, x: s.m(x, mask=nn.Transformer.generate_square_subsequent_mask(3), is_causal=True), R(1, 3, 4), m=nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), 2, enable_nested_tensor=False))
fn("cls_token", lambda s, x: (lambda t: F.scaled_dot_product_attention(t, t, t)[:, 0] @ s.v)(torch.cat([s.c.expand(2, 1, 3), x @ s.w], 1) + s.p), R(2, 2, 2), c=(1, 1, 3), w=(2, 3), p=(1, 3, 3), v=(3, 2))
fn("perceiver", lambda s, x: F.scaled_dot_product_attention((s.l @ s.q)[None], x @ s.k, x @ s.vv), R(1, 3, 2), l=(2, 3), q=(3, 2), k=(2, 2), vv=(2, 2))
fn("attn_pool", lambda s, x: torch.softmax(x @ s.q, 1).transpose(1, 2) @ (x @ s.w), R(1, 3, 2), q=(2, 1), w=(2, 2))
fn("attn_pool_mul", lambda s, x: (torch.softmax(x @ s.q, 1) * (x @ s.w)).sum(1), R(1, 3, 2), q=(2, 1), w=(2, 2))
fn("additive_attn", lambda s, x: torch.softmax(torch.tanh((x @ s.a)[:, :, None] + (x @ s.b)[:, None]) @ s.v, 2).squeeze(-1) @ x, R(1, 3, 2), a=(2, 2), b=(2, 2), v=(2, 1))
fn("swin_bias", lambda s, x: torch.softmax(x @ x.transpose(-1, -2) @ s.w + s.t[s.i.view(-1)].view(4, 4, 1).permute(2, 0, 1), -1), R(1, 4, 2), w=(4, 4), t=(9, 1), i=torch.tensor([[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]))


def swin_shift_mask(s, x):
    m = torch.zeros(1, 4, 4, 1)
    c = 0
    for a in (slice(0, -2), slice(-2, -1), slice(-1, None)):
        for b in (slice(0, -2), slice(-2, -1), slice(-1, None)):
            m[:, a, b] = c
            c += 1
    m = m.view(2, 2, 2, 2).permute(0, 2, 1, 3).reshape(4, 4)
    m = m[:, None] - m[:, :, None]
    m = m.masked_fill(m != 0, -100.0).masked_fill(m == 0, 0.0)
    h = torch.roll(x @ s.w, (-1, -1), (1, 2)).view(1, 2, 2, 2, 2, 2).permute(0, 1, 3, 2, 4, 5).reshape(4, 4, 2)
    return torch.softmax(h @ h.transpose(1, 2) + m, -1) @ h


fn("swin_shift_mask", swin_shift_mask, R(1, 4, 4, 2), w=(2, 2))

# --- channel and spatial attention -----------------------------------------------------------------------
C = dict(c=nn.Conv2d(2, 4, 1))


def img(name, f, shape=(1, 2, 2, 3), /, **parts):
    fn("img_" + name, lambda s, x: f(s, s.c(x)), R(shape), c=nn.Conv2d(shape[1], 4, 1), **parts)


img("se", lambda s, x: x * torch.sigmoid(s.b(F.relu(s.a(x.mean((2, 3), keepdim=True))))), a=nn.Conv2d(4, 2, 1), b=nn.Conv2d(2, 4, 1))
img("se_adaptive", lambda s, x: x * torch.sigmoid(s.b(F.relu(s.a(F.adaptive_avg_pool2d(x, 1).flatten(1)))))[:, :, None, None], a=nn.Linear(4, 2), b=nn.Linear(2, 4))
img("se_res", lambda s, x: x + x * torch.sigmoid(s.b(F.relu(s.a(x.mean((2, 3), keepdim=True))))), a=nn.Conv2d(4, 2, 1), b=nn.Conv2d(2, 4, 1))
img("eca", lambda s, x: x * torch.sigmoid(F.conv1d(x.mean((2, 3))[:, None], s.k, padding=1)).view(1, 4, 1, 1), k=(1, 1, 3))
img("cbam", lambda s, x: (y := x * torch.sigmoid(s.m(x.mean((2, 3))) + s.m(x.amax((2, 3))))[:, :, None, None]) * torch.sigmoid(s.k(torch.cat([y.mean(1, keepdim=True), y.amax(1, keepdim=True)], 1))), m=nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 4)), k=nn.Conv2d(2, 1, 3, padding=1))
img("nonlocal", lambda s, x: x + s.o((torch.softmax((q := s.q(x).flatten(2)).transpose(1, 2) @ s.k(x).flatten(2), -1) @ s.v(x).flatten(2).transpose(1, 2)).transpose(1, 2).reshape(1, 2, 2, 3)), q=nn.Conv2d(4, 2, 1), k=nn.Conv2d(4, 2, 1), v=nn.Conv2d(4, 2, 1), o=nn.Conv2d(2, 4, 1))
img("gc", lambda s, x: x + s.t((x.flatten(2) @ torch.softmax(s.k(x).flatten(2), -1).transpose(1, 2))[..., None]), k=nn.Conv2d(4, 1, 1), t=nn.Conv2d(4, 4, 1))
img("sk", lambda s, x: (lambda u1, u2: (lambda a: a[:, 0] * u1 + a[:, 1] * u2)(torch.softmax(s.f((u1 + u2).mean((2, 3))).view(1, 2, 4, 1, 1), 1)))(s.a(x), s.b(x)), a=nn.Conv2d(4, 4, 1), b=nn.Conv2d(4, 4, 3, padding=1), f=nn.Linear(4, 8))
img("sk_stack", lambda s, x: (torch.stack(u := [s.a(x), s.b(x)], 1) * torch.softmax(s.f((u[0] + u[1]).mean((2, 3))).view(1, 2, 4, 1, 1), 1)).sum(1), a=nn.Conv2d(4, 4, 1), b=nn.Conv2d(4, 4, 3, padding=1), f=nn.Linear(4, 8))
img("coordatt", lambda s, x: x * torch.sigmoid(s.a(x.mean(3, keepdim=True))) * torch.sigmoid(s.b(x.mean(2, keepdim=True))), a=nn.Conv2d(4, 4, 1), b=nn.Conv2d(4, 4, 1))
img("spatial_gate", lambda s, x: x * torch.sigmoid(s.k(x)), k=nn.Conv2d(4, 1, 3, padding=1))
img("simam", lambda s, x: x * torch.sigmoid((d := (x - x.mean((2, 3), keepdim=True)).pow(2)) / (4 * (d.sum((2, 3), keepdim=True) / 5 + 1e-4)) + 0.5))
img("mean_gate", lambda s, x: x * torch.sigmoid(x.mean((2, 3), keepdim=True)))
img("grn", lambda s, x: s.g * (x * (gx := x.norm(p=2, dim=(2, 3), keepdim=True)) / (gx.mean(1, keepdim=True) + 1e-6)) + s.b + x, g=(1, 4, 1, 1), b=(1, 4, 1, 1))
img("ln2d_perm", lambda s, x: F.layer_norm(x.permute(0, 2, 3, 1), (4,), s.g, s.b).permute(0, 3, 1, 2), g=4, b=4)
img("ln2d_hand", lambda s, x: s.g[:, None, None] * ((x - (u := x.mean(1, keepdim=True))) / torch.sqrt((x - u).pow(2).mean(1, keepdim=True) + 1e-6)) + s.b[:, None, None], g=4, b=4)
img("gap", lambda s, x: x.mean((2, 3)) @ s.v, v=(4, 2))
for nm, p in dict(max2=nn.MaxPool2d(2), avg2=nn.AvgPool2d(2), max3s1=nn.MaxPool2d(3, 1, 1), avg3s1=nn.AvgPool2d(3, 1, 1), avgnopad=nn.AvgPool2d(3, 1, 1, count_include_pad=False), ada2=nn.AdaptiveAvgPool2d(2), adamax=nn.AdaptiveMaxPool2d((1, 2)), lp=nn.LPPool2d(2, 2), ceil=nn.MaxPool2d(2, ceil_mode=True), up=nn.Upsample(scale_factor=2), upb=nn.Upsample(scale_factor=2, mode="bilinear"), upba=nn.Upsample(size=(3, 5), mode="bilinear", align_corners=True), ps=nn.PixelShuffle(2), cs=nn.ChannelShuffle(2), pad=nn.ReflectionPad2d(1), rep=nn.ReplicationPad2d(1), circ=nn.CircularPad2d(1), upc=nn.Upsample(size=(3, 4), mode="bicubic"), softmax2d=nn.Softmax2d(), adaodd=nn.AdaptiveAvgPool2d((2, 2)), inorm=nn.InstanceNorm2d(4)).items():
    img("pool_" + nm, lambda s, x: s.p(x), p=p)
img("gem", lambda s, x: x.clamp(min=1e-6).pow(s.p).mean((2, 3)).pow(1 / s.p), p=1)
img("poolformer", lambda s, x: x + F.avg_pool2d(x, 3, 1, 1) - x)
img("poolformer_ls", lambda s, x: x + s.g * (F.avg_pool2d(x, 3, 1, 1) - x), g=(4, 1, 1))
img("blurpool", lambda s, x: F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]).expand(4, 1, 3, 3), groups=4))
img("sobel", lambda s, x: F.conv2d(x, torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).expand(4, 1, 3, 3), groups=4, padding=1))
img("spp", lambda s, x: torch.cat([F.adaptive_max_pool2d(x, k).flatten(1) for k in (1, 2)], 1) @ s.v, v=(20, 2))
img("focus", lambda s, x: torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2]], 1), (1, 2, 2, 4))
img("shift_tsm", lambda s, x: torch.cat([F.pad(x[:, :1, :, 1:], (0, 1)), F.pad(x[:, 1:2, :, :-1], (1, 0)), x[:, 2:]], 1) * s.g, g=(4, 2, 3))
img("roll_shift", lambda s, x: torch.roll(x, 1, 3) * s.g, g=(4, 2, 3))
img("pixel_unshuffle", lambda s, x: F.pixel_unshuffle(x, 2) * s.g, (1, 2, 2, 2), g=(16, 1, 1))
img("shufflenet", lambda s, x: torch.cat([x[:, :2], s.d(x[:, 2:])], 1).view(1, 2, 2, 2, 3).transpose(1, 2).reshape(1, 4, 2, 3) * s.g, d=nn.Conv2d(2, 2, 1), g=(4, 2, 3))
img("dense", lambda s, x: torch.cat([x, y := F.relu(s.a(x)), F.relu(s.b(torch.cat([x, y], 1)))], 1), a=nn.Conv2d(4, 2, 3, padding=1), b=nn.Conv2d(6, 2, 1))
img("csp", lambda s, x: torch.cat([s.a(x), s.b(s.d(x))], 1), a=nn.Conv2d(4, 2, 1), b=nn.Conv2d(2, 2, 1), d=nn.Conv2d(4, 2, 1))
img("inception", lambda s, x: torch.cat([s.a(x), s.b(x), F.max_pool2d(x, 3, 1, 1)], 1), a=nn.Conv2d(4, 2, 1), b=nn.Conv2d(4, 2, 3, padding=1))
img("res2net", lambda s, x: torch.cat([(y := s.a(x[:, :2])), s.b(x[:, 2:] + y)], 1), a=nn.Conv2d(2, 2, 3, padding=1), b=nn.Conv2d(2, 2, 3, padding=1))
img("ghost", lambda s, x: torch.cat([x, s.d(x)], 1), d=nn.Conv2d(4, 4, 3, padding=1, groups=4))
img("condconv", lambda s, x: F.conv2d(x, (torch.sigmoid(x.mean((2, 3)) @ s.r) @ s.bank).view(2, 4, 1, 1)), r=(4, 3), bank=(3, 8))
img("ws_conv", lambda s, x: F.conv2d(x, (s.w - s.w.mean((1, 2, 3), keepdim=True)) / (s.w.std((1, 2, 3), keepdim=True) + 1e-5)), w=(2, 4, 1, 2))
img("ws_nf", lambda s, x: F.conv2d(x, (s.w - (m := s.w.mean((1, 2, 3), keepdim=True))) * (s.g * torch.rsqrt(s.w.var((1, 2, 3), keepdim=True) * 8 + 1e-4))), w=(2, 4, 1, 2), g=(2, 1, 1, 1))
img("ws_nf2", lambda s, x: F.conv2d(x, s.w * (sc := torch.rsqrt(s.w.var((1, 2, 3), keepdim=True) * 8 + 1e-4) * s.g) - s.w.mean((1, 2, 3), keepdim=True) * sc), w=(2, 4, 1, 2), g=(2, 1, 1, 1))
img("ws_bn", lambda s, x: F.conv2d(x, F.batch_norm(s.w.reshape(1, 2, -1), None, None, weight=s.g, training=True).reshape(2, 4, 1, 2)), w=(2, 4, 1, 2), g=2)
img("stylegan", lambda s, x: F.conv2d(x, (w := s.w * (s.s[None, :, None, None] + 1)) * torch.rsqrt(w.pow(2).sum((1, 2, 3), keepdim=True) + 1e-8)), w=(2, 4, 1, 2), s=4)
img("stylegan_dyn", lambda s, x: F.conv2d(x, (w := s.w * (x.mean((0, 2, 3)) @ s.a)[None, :, None, None]) * torch.rsqrt(w.pow(2).sum((1, 2, 3), keepdim=True) + 1e-8)), w=(2, 4, 1, 2), a=(4, 4))
img("cos_conv", lambda s, x: F.conv2d(x, F.normalize(s.w, dim=1)) / x.norm(dim=1, keepdim=True), w=(2, 4, 1, 1))
img("unet", lambda s, x: s.u(torch.cat([F.interpolate(s.a(F.max_pool2d(x, 2)), size=(2, 3)), x], 1)), a=nn.Conv2d(4, 2, 1), u=nn.Conv2d(6, 2, 1))
img("unet_convT", lambda s, x: s.u(torch.cat([s.t(s.a(F.max_pool2d(x, 2))), x], 1)), (1, 2, 2, 2), a=nn.Conv2d(4, 2, 1), t=nn.ConvTranspose2d(2, 2, 2, 2), u=nn.Conv2d(6, 2, 1))
img("repvgg", lambda s, x: F.relu(s.b1(s.c3(x)) + s.b2(s.c1(x)) + s.b3(x)), c3=nn.Conv2d(4, 4, 3, padding=1, bias=False), c1=nn.Conv2d(4, 4, 1, bias=False), b1=nn.BatchNorm2d(4), b2=nn.BatchNorm2d(4), b3=nn.BatchNorm2d(4))
img("fft_filter", lambda s, x: torch.fft.irfft2(torch.fft.rfft2(x) * torch.view_as_complex(s.f), s=(2, 3)), f=(4, 2, 2, 2))
img("grid_sample_const", lambda s, x: F.grid_sample(x, torch.tensor([[[[-0.5, 0.0], [0.5, 0.0]]]]), align_corners=False))
img("grid_sample", lambda s, x: F.grid_sample(x, F.affine_grid((x.mean((2, 3)) @ s.t).view(1, 2, 3), (1, 4, 2, 3), align_corners=False), align_corners=False), t=(4, 6))
img("coordconv", lambda s, x: s.k(torch.cat([x, torch.linspace(-1, 1, 3).view(1, 1, 1, 3).expand(1, 1, 2, 3)], 1)), k=nn.Conv2d(5, 2, 1))
img("layerscale", lambda s, x: x + s.g.view(1, 4, 1, 1) * s.k(x), g=4, k=nn.Conv2d(4, 4, 1))
img("posenc", lambda s, x: x + s.p, p=(1, 4, 2, 3))
img("pos_interp", lambda s, x: x + F.interpolate(s.p, size=(2, 3), mode="bicubic"), p=(1, 4, 2, 2))
img("capsule_squash", lambda s, x: (lambda v: (n := v.pow(2).sum(-1, keepdim=True)) / (1 + n) * v / n.sqrt())(x.flatten(2).transpose(1, 2)))
img("netvlad", lambda s, x: (lambda f: (torch.softmax(f @ s.c2, -1)[..., None] * (f[:, :, None] - s.cent)).sum(1))(x.flatten(2).transpose(1, 2)), c2=(4, 2), cent=(2, 4))
img("bilinear_pool", lambda s, x: (f := x.flatten(2)) @ f.transpose(1, 2) / 6)
img("gram_sqrt_norm", lambda s, x: F.normalize(torch.sign(g := (f := x.flatten(2)) @ f.transpose(1, 2) / 6) * (g.abs() + 1e-5).sqrt(), dim=-1))
img("stochdepth", lambda s, x: x + F.dropout(s.k(x), 0.5, s.training), k=nn.Conv2d(4, 4, 1))
img("minibatch_std", lambda s, x: torch.cat([x, x.std(1, keepdim=True)], 1))
img("antialias", lambda s, x: F.interpolate(x, size=(1, 2), mode="bilinear", antialias=True))
img("maxunpool", lambda s, x: (lambda y, i: F.max_unpool2d(y, i, 2))(*F.max_pool2d(x, 2, return_indices=True)), (1, 2, 2, 2))

# --- embeddings and indices ------------------------------------------------------------------------------
fn("emb", lambda s, i: s.e(i) @ s.v, ids(1, 3), e=nn.Embedding(4, 3), v=(3, 2))
fn("emb_pos", lambda s, i: (s.e(i) + s.p(torch.arange(3))) @ s.v, ids(1, 3), e=nn.Embedding(4, 3), p=nn.Embedding(5, 3), v=(3, 2))
fn("emb_type", lambda s, i: s.e(i) + s.t(torch.zeros_like(i)), ids(1, 3), e=nn.Embedding(4, 3), t=nn.Embedding(2, 3))
fn("emb_type_fed", lambda s, i: s.e(i) + s.t(s.z[:, :3].gather(1, i.clamp(max=2))), ids(1, 3), e=nn.Embedding(4, 3), t=nn.Embedding(2, 3), z=torch.zeros(1, 5, dtype=torch.long))
fn("emb_padidx", lambda s, i: s.e(i), ids(1, 3), e=nn.Embedding(4, 3, padding_idx=0))
fn("emb_tied", lambda s, i: torch.tanh(s.e(i)) @ s.e.weight.T, ids(1, 3), e=nn.Embedding(4, 3))
fn("emb_onehot", lambda s, i: F.one_hot(i, 4).float() @ s.e, ids(1, 3), e=(4, 3))
fn("emb_index", lambda s, i: s.e[i], ids(1, 3), e=(4, 3))
fn("emb_bag", lambda s, i: s.e(i), ids(2, 3), e=nn.EmbeddingBag(4, 3))
fn("emb_bag_sum", lambda s, i: s.e(i).sum(1), ids(2, 3), e=nn.Embedding(4, 3))
fn("emb_offset", lambda s, i: s.e(i + torch.tensor([0, 3])), ids(2, 2), e=nn.Embedding(6, 3))
fn("emb_sep", lambda s, i: torch.cat([s.a(i[:, 0]), s.b(i[:, 1])], -1) @ s.v, ids(2, 2), a=nn.Embedding(3, 2), b=nn.Embedding(4, 2), v=(4, 2))
fn("emb_fm", lambda s, i: ((e := s.e(i)).sum(1) ** 2 - (e**2).sum(1)).sum(-1), ids(2, 3), e=nn.Embedding(4, 3))
fn("emb_const", lambda s, x: x + s.e(torch.tensor([0, 2, 0])), R(1, 3, 2), e=nn.Embedding(4, 2))
fn("emb_maxnorm", lambda s, i: F.normalize(s.e(i), dim=-1), ids(1, 3), e=nn.Embedding(4, 3))
fn("gather_fed", lambda s, x, i: torch.gather(x @ s.w, 1, i), R(2, 2), ids(2, 2), w=(2, 3))
fn("gather_const", lambda s, x: torch.gather(x @ s.w, 1, torch.tensor([[0, 0], [2, 1]])), R(2, 2), w=(2, 3))
fn("take_along", lambda s, x: torch.take_along_dim(x @ s.w, torch.tensor([[0, 0], [2, 1]]), 1), R(2, 2), w=(2, 3))
fn("index_list", lambda s, x: (x @ s.w)[..., [0, 2]], R(2, 2), w=(2, 3))
fn("index_tensor_dev", lambda s, x: (x @ s.w)[..., torch.tensor([0, 2], device=x.device)], R(2, 2), w=(2, 3))
fn("index_bool", lambda s, x: (x @ s.w)[:, torch.tensor([True, False, True])], R(2, 2), w=(2, 3))
fn("index_last_fed", lambda s, x, i: (x @ s.w)[torch.arange(2), i], R(2, 3, 2), ids(2), w=(2, 3))
fn("index_2d_const", lambda s, x: (x @ s.w)[[0, 1, 1], [2, 0, 2]], R(2, 2), w=(2, 3))
fn("index_row_fed", lambda s, x, i: (x @ s.w)[i] @ s.v, R(3, 2), ids(4), w=(2, 3), v=(3, 2))
fn("index_select_fed", lambda s, x, i: torch.index_select(x @ s.w, 1, i) @ s.v, R(3, 2), ids(2), w=(2, 3), v=(2, 2))
fn("masked_select", lambda s, x: torch.masked_select(x @ s.w, torch.tensor([True, False, True])), R(2, 2), w=(2, 3))
fn("gnn_const", lambda s, x: torch.zeros(3, 3).index_add(0, torch.tensor([0, 1, 1, 2]), (x @ s.w)[[1, 0, 2, 1]]) @ s.v, R(3, 2), w=(2, 3), v=(3, 2))
fn("gnn_fed", lambda s, x, e: torch.zeros(3, 3).index_add(0, e[0], (x @ s.w)[e[1]]) @ s.v, R(3, 2), ids(2, 4), w=(2, 3), v=(3, 2))
fn("gnn_scatter_fed", lambda s, x, e: torch.zeros(3, 3).scatter_add(0, e[0][:, None].expand(4, 3), (x @ s.w)[e[1]]) @ s.v, R(3, 2), ids(2, 4), w=(2, 3), v=(3, 2))
fn("gnn_scatter_self", lambda s, x, e: (h := x @ s.w).scatter_add(0, e[0][:, None].expand(4, 3), h[e[1]]) @ s.v, R(3, 2), ids(2, 4), w=(2, 3), v=(3, 2))
fn("gnn_adj", lambda s, x: torch.tensor([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]) @ x @ s.w, R(3, 2), w=(2, 3))
fn("gnn_adj_fed", lambda s, x, a: F.relu(a @ x @ s.w) @ s.v, R(3, 2), R(3, 3), w=(2, 3), v=(3, 2))
fn("gnn_gcn_norm", lambda s, x, a: (d := a.sum(1).pow(-0.5))[:, None] * a * d[None] @ (x @ s.w), R(3, 2), R(3, 3), w=(2, 3))
fn("gat", lambda s, x: torch.softmax(F.leaky_relu((h := x @ s.w) @ s.a + (h @ s.b).T).masked_fill(torch.tensor([[False, False, True], [False, False, False], [True, False, False]]), -1e9), -1) @ h, R(3, 2), w=(2, 3), a=(3, 1), b=(3, 1))
fn("gnn_mean_reduce", lambda s, x: torch.zeros(3, 3).scatter_reduce(0, torch.tensor([0, 1, 1, 2])[:, None].expand(4, 3), (x @ s.w)[[1, 0, 2, 1]], "mean", include_self=False), R(3, 2), w=(2, 3))
fn("gnn_max_reduce", lambda s, x: torch.zeros(3, 3).scatter_reduce(0, torch.tensor([0, 1, 1, 2])[:, None].expand(4, 3), (x @ s.w)[[1, 0, 2, 1]], "amax", include_self=False), R(3, 2), w=(2, 3))
fn("scatter_const", lambda s, x: torch.zeros(2, 4).scatter(1, torch.tensor([[0, 2, 3], [1, 0, 2]]), x @ s.w) @ s.v, R(2, 2), w=(2, 3), v=(4, 2))
fn("scatter_fed", lambda s, x, i: torch.zeros(2, 4).scatter(1, i, x @ s.w) @ s.v, R(2, 2), ids(2, 3), w=(2, 3), v=(4, 2))
fn("index_copy_const", lambda s, x: (x @ s.w).index_copy(1, torch.tensor([2, 0]), x @ s.u) @ s.v, R(2, 2), w=(2, 3), u=(2, 2), v=(3, 2))
fn("index_copy_fed", lambda s, x, i: (x @ s.w).index_copy(0, i, x @ s.u) @ s.v, R(2, 2), torch.tensor([1, 0]), w=(2, 3), u=(2, 3), v=(3, 2))
fn("index_fill_const", lambda s, x: (x @ s.w).index_fill(1, torch.tensor([2, 0]), 0.0) @ s.v, R(2, 2), w=(2, 3), v=(3, 2))
fn("index_fill_one", lambda s, x: (x @ s.w).index_fill(1, torch.tensor([2, 0]), 1.0) @ s.v, R(2, 2), w=(2, 3), v=(3, 2))


def slots(s, x):
    y = torch.zeros(2, 5)
    y[:, 1:4] = x @ s.w
    return y @ s.v


fn("write_slice", slots, R(2, 2), w=(2, 3), v=(5, 2))


def slots2(s, x):
    y = torch.ones(2, 5)
    y[:, 1:4] += x @ s.w
    return y @ s.v


fn("write_iadd", slots2, R(2, 2), w=(2, 3), v=(5, 2))


def slots3(s, x):
    y = x.new_zeros(2, 3, 2)
    for t in range(3):
        y[:, t] = x[:, t] @ s.w
    return y @ s.v


fn("write_loop", slots3, R(2, 3, 2), w=(2, 2), v=(2, 2))


def slots4(s, x):
    y = (x @ s.w).clone()
    y[:, 0] = 0
    y[:, 1] *= s.g
    return y @ s.v


fn("write_zero_mul", slots4, R(2, 2), w=(2, 3), v=(3, 2), g=1)


def slots5(s, x):
    y = x @ s.w
    y[..., 1:] = y[..., 1:] + y[..., :-1]
    return y @ s.v


fn("write_alias", slots5, R(2, 2), w=(2, 3), v=(3, 2))


def slots6(s, x):
    y = torch.empty(2, 4)
    y[:, 0::2] = torch.sin(x @ s.w)
    y[:, 1::2] = torch.cos(x @ s.w)
    return y @ s.v


fn("write_even_odd", slots6, R(2, 2), w=(2, 2), v=(4, 2))


def slots7(s, x):
    y = x @ s.w
    m = torch.tensor([[True, False, True], [False, False, True]])
    y[m] = 0
    return y @ s.v


fn("write_bool_zero", slots7, R(2, 2), w=(2, 3), v=(3, 2))


def slots8(s, x):
    y = torch.zeros(2, 3)
    m = torch.tensor([[True, False, True], [False, False, True]])
    y[m] = (x @ s.w)[m] * 2
    return y @ s.v


fn("write_bool_some", slots8, R(2, 2), w=(2, 3), v=(3, 2))
fn("as_strided_T", lambda s, x: (x @ s.w).T.as_strided((2, 2), (2, 1)) @ s.v, R(2, 2), w=(2, 3), v=(2, 2))
fn("as_strided_off", lambda s, x: (x @ s.w)[1:].as_strided((2, 2), (1, 1), 1) @ s.v, R(3, 2), w=(2, 3), v=(2, 2))
fn("as_strided_chunks", lambda s, x: (x @ s.w).as_strided((2, 4), (3, 1)) * s.g, R(3, 2), w=(2, 3), g=(2, 4))
fn("unfold_windows", lambda s, x: (x @ s.w).unfold(0, 2, 1) * s.g, R(3, 2), w=(2, 3), g=(2, 3, 2))
fn("diag", lambda s, x: torch.diagonal(x @ s.w) * s.g, R(3, 2), w=(2, 3), g=3)
fn("diag_embed", lambda s, x: torch.diag_embed(x @ s.w) @ s.v, R(2, 2), w=(2, 3), v=(3, 2))
fn("trace", lambda s, x: torch.trace(x @ s.w), R(3, 2), w=(2, 3))
fn("flip_cat", lambda s, x: torch.cat([x @ s.w, (x @ s.w).flip(0)], -1) @ s.v, R(3, 2), w=(2, 3), v=(6, 2))
fn("sort", lambda s, x: torch.sort(x @ s.w, -1).values @ s.v, R(2, 2), w=(2, 3), v=(3, 2))
fn("topk", lambda s, x: torch.topk(x @ s.w, 2).values @ s.v, R(2, 2), w=(2, 3), v=(2, 2))
fn("quantile", lambda s, x: torch.quantile(x @ s.w, 0.5, dim=1), R(2, 2), w=(2, 3))
fn("median", lambda s, x: torch.median(x @ s.w, 1).values, R(2, 2), w=(2, 3))
fn("std_only", lambda s, x: torch.std(x @ s.w, 1), R(2, 2), w=(2, 3))
fn("meanstd_pool", lambda s, x: torch.cat([(h := x @ s.w).mean(1), h.std(1)], -1) @ s.v, R(1, 3, 2), w=(2, 3), v=(6, 2))
fn("norm_out", lambda s, x: torch.linalg.norm(x @ s.w, dim=1), R(2, 2), w=(2, 3))
fn("prod_all", lambda s, x: torch.prod(x @ s.w, 1), R(2, 2), w=(2, 3))
fn("vq", lambda s, x: s.cb[torch.cdist(x @ s.w, s.cb).argmin(-1)] @ s.v, R(2, 2), w=(2, 3), cb=(4, 3), v=(3, 2))
fn("vq_ste", lambda s, x: (h := x @ s.w) + (s.cb[torch.cdist(h, s.cb).argmin(-1)] - h).detach(), R(2, 2), w=(2, 3), cb=(4, 3))
fn("cdist", lambda s, x: torch.cdist(x @ s.w, s.p), R(2, 2), w=(2, 3), p=(4, 3))
fn("proto_hand", lambda s, x: -((x @ s.w)[:, None] - s.p).pow(2).sum(-1), R(2, 2), w=(2, 3), p=(4, 3))
fn("rbf", lambda s, x: torch.exp(-s.beta * ((x[:, None] - s.p) ** 2).sum(-1)) @ s.v, R(2, 2), p=(4, 2), beta=4, v=(4, 2))

# --- weights ----------------------------------------------------------------------------------------------

fn("wn_new", lambda s, x: s.l(x), R(2, 3), l=parametrizations.weight_norm(nn.Linear(3, 2)))
fn("wn_old", lambda s, x: s.l(x), R(2, 3), l=_deprecated(weight_norm, nn.Linear(3, 2)))
fn("wn_hand", lambda s, x: x @ (s.g * s.v / s.v.norm(dim=1, keepdim=True)).T, R(2, 3), v=(2, 3), g=(2, 1))
fn("wn_hand2", lambda s, x: x @ (s.v * (s.g / s.v.norm(dim=1, keepdim=True))).T, R(2, 3), v=(2, 3), g=(2, 1))
fn("wn_out", lambda s, x: (x @ s.v.T) * (s.g / s.v.norm(dim=1)), R(2, 3), v=(2, 3), g=2)
fn("sn_old", lambda s, x: s.l(x), R(2, 3), l=_deprecated(spectral_norm, nn.Linear(3, 2)))
fn("sn_new", lambda s, x: s.l(x), R(2, 3), l=parametrizations.spectral_norm(nn.Linear(3, 2)))
fn("cos_cls", lambda s, x: F.linear(F.normalize(x @ s.w), F.normalize(s.v)) * s.t, R(2, 3), w=(3, 2), v=(4, 2), t=1)
fn("cos_cls_after", lambda s, x: ((h := x @ s.w) @ s.v.T) / (h.norm(dim=1, keepdim=True) * s.v.norm(dim=1)), R(2, 3), w=(3, 2), v=(4, 2))
fn("cos_cls_two_div", lambda s, x: ((h := x @ s.w) @ s.v.T) / h.norm(dim=1, keepdim=True) / s.v.norm(dim=1), R(2, 3), w=(3, 2), v=(4, 2))
fn("cos_sim", lambda s, x: F.cosine_similarity((x @ s.w)[:, None], s.v, dim=-1), R(2, 3), w=(3, 2), v=(4, 2))
fn("cos_sim_hand", lambda s, x: ((h := (x @ s.w)[:, None]) * s.v).sum(-1) / (h.norm(dim=-1) * s.v.norm(dim=-1)), R(2, 3), w=(3, 2), v=(4, 2))
fn("cos_sim_pair", lambda s, x: F.cosine_similarity(x @ s.w, x @ s.v, dim=-1), R(2, 3), w=(3, 2), v=(3, 2))
fn("clip", lambda s, x, y: F.normalize(x @ s.w) @ F.normalize(y @ s.v).T * s.t.exp(), R(2, 3), R(2, 4), w=(3, 2), v=(4, 2), t=1)
fn("arcface", lambda s, x: torch.cos(torch.acos(F.linear(F.normalize(x), F.normalize(s.v)).clamp(-0.99, 0.99)) + 0.5), R(2, 3), v=(4, 3))
fn("lora", lambda s, x: x @ (s.w + s.a @ s.b), R(2, 3), w=(3, 4), a=(3, 1), b=(1, 4))
fn("lora_side", lambda s, x: x @ s.w + x @ s.a @ s.b, R(2, 3), w=(3, 4), a=(3, 1), b=(1, 4))
fn("dora", lambda s, x: x @ (s.m * (v := s.w + s.a @ s.b) / v.norm(dim=0, keepdim=True)), R(2, 3), w=(3, 4), a=(3, 1), b=(1, 4), m=(1, 4))
fn("hyper", lambda s, x: x @ (s.z @ s.h).view(3, 2), R(2, 3), z=(1, 2), h=(2, 6))
fn("hyper_dyn", lambda s, x: torch.einsum("bi,bij->bj", x, (x @ s.h).view(2, 3, 2)), R(2, 3), h=(3, 6))
fn("tied", lambda s, x: F.relu(x @ s.w) @ s.w, R(2, 3), w=(3, 3))
fn("tied_T", lambda s, x: F.relu(x @ s.w) @ s.w.T, R(2, 3), w=(3, 4))
fn("bank", lambda s, x: x @ torch.einsum("k,kij->ij", torch.softmax(s.a, 0), s.b), R(2, 3), a=2, b=(2, 3, 4))
fn("bank_sum", lambda s, x: x @ (torch.softmax(s.a, 0)[:, None, None] * s.b).sum(0), R(2, 3), a=2, b=(2, 3, 4))
fn("buffer_mul", lambda s, x: x @ (s.w * s.m), R(2, 3), w=(3, 3), m=torch.tensor([[1.0, 0, 1], [0, 1, 1], [1, 1, 0]]))
fn("made", lambda s, x: F.relu(F.linear(x, s.w * torch.tril(torch.ones(3, 3), -1))) @ s.v, R(2, 3), w=(3, 3), v=(3, 2))
fn("butterfly", lambda s, x: x @ torch.block_diag(s.a, s.b) @ s.v, R(2, 4), a=(2, 2), b=(2, 2), v=(4, 2))
fn("toeplitz", lambda s, x: x @ s.t[(torch.arange(3)[:, None] - torch.arange(3)) + 2], R(2, 3), t=5)
fn("circulant", lambda s, x: x @ torch.stack([s.t.roll(k) for k in range(3)]), R(2, 3), t=3)
fn("kron", lambda s, x: x @ torch.kron(s.a, s.b), R(2, 4), a=(2, 2), b=(2, 2))
fn("sym", lambda s, x: x @ (s.a + s.a.T), R(2, 3), a=(3, 3))
fn("sym_triu", lambda s, x: x @ (s.a.triu() + s.a.triu(1).T), R(2, 3), a=(3, 3))
fn("skew_exp", lambda s, x: x @ torch.linalg.matrix_exp(s.a - s.a.T), R(2, 3), a=(3, 3))
fn("softmax_weights", lambda s, x: x @ torch.softmax(s.a, 0), R(2, 3), a=(3, 3))
fn("pos_weights", lambda s, x: x @ F.softplus(s.a), R(2, 3), a=(3, 3))
fn("ste_binary", lambda s, x: x @ ((torch.sign(s.a) - s.a).detach() + s.a), R(2, 3), a=(3, 3))
fn("xnor", lambda s, x: x @ (torch.sign(s.a) * s.a.abs().mean(0, keepdim=True)), R(2, 3), a=(3, 3))
fn("ternary", lambda s, x: x @ ((s.a / (sc := s.a.abs().mean())).round().clamp(-1, 1) * sc), R(2, 3), a=(3, 3))
fn("fakequant", lambda s, x: x @ torch.fake_quantize_per_tensor_affine(s.a, 0.1, 0, -128, 127), R(2, 3), a=(3, 3))
fn("lsq", lambda s, x: x @ ((s.a / s.sc).round().clamp(-4, 3) * s.sc), R(2, 3), a=(3, 3), sc=1)
fn("bilinear", lambda s, x: s.b(x, x), R(2, 3), b=nn.Bilinear(3, 3, 2))
fn("bilinear2", lambda s, x, y: s.b(x @ s.w, y), R(2, 3), R(2, 4), b=nn.Bilinear(3, 4, 2), w=(3, 3))
fn("einsum3", lambda s, x: torch.einsum("bi,ij,jk->bk", x, s.a, s.b), R(2, 3), a=(3, 2), b=(2, 4))
fn("einsum_biaff", lambda s, x: torch.einsum("bi,oij,bj->bo", x, s.a, x), R(2, 3), a=(2, 3, 3))
fn("einsum_outer", lambda s, x: torch.einsum("bi,j->bij", x @ s.w, s.a), R(2, 3), w=(3, 2), a=3)
fn("einsum_diag", lambda s, x: torch.einsum("bii->bi", (x @ s.w).view(2, 2, 2)) * s.g, R(2, 3), w=(3, 4), g=2)
fn("einsum_hadamard", lambda s, x: torch.einsum("bi,bi,i->b", x @ s.w, x @ s.u, s.g), R(2, 3), w=(3, 4), u=(3, 4), g=4)
fn("cp", lambda s, x: torch.einsum("bi,ir,jr->bj", x, s.a, s.b), R(2, 3), a=(3, 2), b=(4, 2))
fn("tt", lambda s, x: torch.einsum("bij,iar,rjc->bac", x.view(2, 2, 2), s.a, s.b), R(2, 4), a=(2, 2, 2), b=(2, 2, 2))
fn("tensordot", lambda s, x: torch.tensordot(x, s.a, dims=([1], [0])), R(2, 3), a=(3, 2, 2))
fn("multi_dot", lambda s, x: torch.linalg.multi_dot([x, s.a, s.b]), R(2, 3), a=(3, 2), b=(2, 4))
fn("gram", lambda s, x: (h := x @ s.w) @ h.T, R(3, 2), w=(2, 2))
fn("fm_hand", lambda s, x: 0.5 * ((x @ s.v).pow(2) - (x.pow(2) @ s.v.pow(2))).sum(1), R(2, 3), v=(3, 2))
fn("dcn_cross", lambda s, x: x * (x @ s.w) + s.b + x, R(2, 3), w=(3, 1), b=3)
fn("dlrm", lambda s, x: (lambda z: (z @ z.transpose(1, 2))[:, [1, 2, 2], [0, 0, 1]])((x @ s.w).view(2, 3, 2)), R(2, 3), w=(3, 6))
fn("moe_dense", lambda s, x: torch.einsum("be,beo->bo", torch.softmax(x @ s.r, -1), torch.einsum("bi,eio->beo", x, s.e)), R(2, 3), r=(3, 2), e=(2, 3, 4))
fn("moe_sum", lambda s, x: sum(torch.softmax(x @ s.r, -1)[:, k : k + 1] * (x @ s.e[k]) for k in range(2)), R(2, 3), r=(3, 2), e=(2, 3, 4))
fn("moe_topk_mask", lambda s, x: (lambda g: torch.einsum("be,beo->bo", g * torch.zeros_like(g).scatter(1, g.topk(1, -1).indices, 1.0), torch.einsum("bi,eio->beo", x, s.e)))(torch.softmax(x @ s.r, -1)), R(2, 3), r=(3, 2), e=(2, 3, 4))
fn("spline_gate", lambda s, x: torch.einsum("bi,bo,io->bo", x, x @ s.u, s.w), R(2, 3), u=(3, 2), w=(3, 2))
fn("ensemble", lambda s, x: torch.stack([x @ s.a, x @ s.b]).mean(0), R(2, 3), a=(3, 2), b=(3, 2))
fn("batchensemble", lambda s, x: ((x * s.r) @ s.w) * s.s, R(2, 3), r=3, w=(3, 2), s=2)
fn("vmap_linear", lambda s, x: torch.vmap(lambda w: x @ w)(s.e), R(2, 3), e=(2, 3, 4))
fn("two_outputs", lambda s, x: (x @ s.a, F.relu(x @ s.a) @ s.b), R(2, 3), a=(3, 2), b=(2, 2))
fn("dict_output", lambda s, x: {"p": torch.softmax(x @ s.a, -1), "q": x @ s.a}, R(2, 3), a=(3, 2))
fn("dead_branch", lambda s, x: (x @ s.b, None)[0] + 0 * (x @ s.a), R(2, 3), a=(3, 2), b=(3, 2))
fn("scalar_param", lambda s, x: x * s.t, R(2, 3), t=())
fn("householder", lambda s, x: x - 2 * (x @ s.v)[:, None] * s.v / (s.v @ s.v), R(2, 3), v=3)
fn("orthogonal", lambda s, x: s.l(x), R(2, 3), l=parametrizations.orthogonal(nn.Linear(3, 3)))
fn("inverse", lambda s, x: x @ torch.linalg.inv(s.a), R(2, 3), a=(3, 3))
fn("flow_coupling", lambda s, x: torch.cat([x[:, :2], x[:, 2:] * torch.exp(x[:, :2] @ s.a) + x[:, :2] @ s.b], 1), R(2, 4), a=(2, 2), b=(2, 2))
fn("actnorm", lambda s, x: (x @ s.w + s.b) * s.ls.exp(), R(2, 3), w=(3, 3), b=3, ls=3)
fn("vae", lambda s, x: (lambda mu, lv: (mu + torch.exp(0.5 * lv) * torch.ones_like(mu)) @ s.d)(x @ s.m, x @ s.l), R(2, 3), m=(3, 2), l=(3, 2), d=(2, 3))

# --- recurrent, scans, mixers -------------------------------------------------------------------------------
add("lstm", nn.LSTM(2, 2, batch_first=True), R(1, 3, 2))
add("lstm_bi2", nn.LSTM(2, 2, num_layers=2, bidirectional=True), R(2, 1, 2))
add("lstm_proj", nn.LSTM(2, 3, proj_size=2), R(3, 1, 2))
add("gru", nn.GRU(2, 2), R(3, 2, 2))
add("gru_bi", nn.GRU(2, 2, bidirectional=True, num_layers=2), R(2, 1, 2))
add("rnn", nn.RNN(2, 3), R(3, 1, 2))
fn("lstm_last", lambda s, x: s.m(x)[0][:, -1], R(2, 3, 2), m=nn.LSTM(2, 2, batch_first=True))
fn("lstm_h", lambda s, x: s.m(x)[1][0], R(2, 3, 2), m=nn.LSTM(2, 2, batch_first=True))
fn("gru_h0", lambda s, x: s.m(x, s.h)[0], R(3, 1, 2), m=nn.GRU(2, 2), h=(1, 1, 2))
fn("lstm_fed_h0", lambda s, x, h: s.m(x, (h, h))[0], R(3, 1, 2), R(1, 1, 2), m=nn.LSTM(2, 2))


def cell(name, c, lstm=False):
    def f(s, x):
        h = torch.zeros(x.shape[1], 2)
        h = (h, h) if lstm else h
        out = []
        for t in range(x.shape[0]):
            h = s.m(x[t], h)
            out.append(h[0] if lstm else h)
        return torch.stack(out)

    fn(name, f, R(3, 1, 2), m=c)


cell("lstmcell", nn.LSTMCell(2, 2), True)
cell("grucell", nn.GRUCell(2, 2))
cell("rnncell", nn.RNNCell(2, 2))


def rnn_hand(s, x):
    h, out = torch.zeros(1, 2), []
    for t in range(3):
        h = torch.tanh(x[t] @ s.w + h @ s.u + s.b)
        out.append(h)
    return torch.stack(out)


fn("rnn_hand", rnn_hand, R(3, 1, 2), w=(2, 2), u=(2, 2), b=2)


def ssm(s, x):
    h, out = torch.zeros(2, 3), []
    a = torch.exp(-torch.exp(s.A))
    for t in range(3):
        d = F.softplus(x[t] * s.dt)
        h = torch.exp(d[:, None] * -torch.exp(s.A)) * h + d[:, None] * (x[t] @ s.B)[None] * x[t][:, None]
        out.append((h * (x[t] @ s.C)[None]).sum(-1) + s.D * x[t])
    return torch.stack(out)


fn("mamba_loop", ssm, R(3, 2), A=(2, 3), dt=2, B=(2, 3), C=(2, 3), D=2)


def s4d(s, x):
    k = (s.C[:, :, None] * torch.exp(-torch.exp(s.A)[:, :, None] * torch.arange(3))).sum(1)
    return sum(F.pad(x, (j, 0))[..., :3] * k[:, j, None] for j in range(3))


fn("s4d_kernel", s4d, R(1, 2, 3), A=(2, 2), C=(2, 2))
fn("s4d_fft", lambda s, x: torch.fft.irfft(torch.fft.rfft(x, 6) * torch.fft.rfft(s.k, 6), 6)[..., :3], R(1, 2, 3), k=(2, 3))
fn("minGRU", lambda s, x: (lambda z, h: torch.cumsum(z * h / (p := torch.cumprod(1 - z, 0)), 0) * p)(torch.sigmoid(x @ s.z), x @ s.h), R(3, 2), z=(2, 2), h=(2, 2))
fn("token_shift", lambda s, x: (x * s.m + F.pad(x, (0, 0, 1, -1)) * (1 - s.m)) @ s.w, R(1, 3, 2), m=2, w=(2, 2))
fn("token_shift_zp", lambda s, x: (x + (nn.ZeroPad2d((0, 0, 1, -1))(x) - x) * s.m) @ s.w, R(1, 3, 2), m=2, w=(2, 2))
fn("token_shift_cat", lambda s, x: torch.lerp(x, torch.cat([torch.zeros(1, 1, 2), x[:, :-1]], 1), s.m) @ s.w, R(1, 3, 2), m=2, w=(2, 2))
fn("wkv", lambda s, x: (lambda k, v: sum_wkv(k, v, s))(x @ s.k, x @ s.v), R(3, 2), k=(2, 2), v=(2, 2), w=2, u=2)


def sum_wkv(k, v, s):
    a = b = torch.zeros(2)
    out = []
    for t in range(3):
        e = torch.exp(s.u + k[t])
        out.append((a + e * v[t]) / (b + e))
        a = torch.exp(-s.w) * a + torch.exp(k[t]) * v[t]
        b = torch.exp(-s.w) * b + torch.exp(k[t])
    return torch.stack(out)


fn("fnet", lambda s, x: torch.fft.fft2(x @ s.w).real @ s.v, R(1, 2, 2), w=(2, 3), v=(3, 2))
fn("fft_abs", lambda s, x: torch.fft.rfft(x @ s.w).abs() @ s.v, R(1, 2), w=(2, 3), v=(2, 2))
fn("mixer", lambda s, x: (y := x + (F.gelu(F.layer_norm(x, (2,)).transpose(1, 2) @ s.a) @ s.b).transpose(1, 2)) + F.gelu(F.layer_norm(y, (2,)) @ s.c) @ s.d, R(1, 3, 2), a=(3, 2), b=(2, 3), c=(2, 3), d=(3, 2))
fn("gmlp", lambda s, x: (lambda u, v: u * (s.p @ F.layer_norm(v, (2,)) + s.b))(*(x @ s.w).chunk(2, -1)), R(1, 3, 2), w=(2, 4), p=(3, 3), b=(3, 1))
fn("gmlp_causal", lambda s, x: (lambda u, v: u * (s.p.tril() @ v))(*(x @ s.w).chunk(2, -1)), R(1, 3, 2), w=(2, 4), p=(3, 3))
fn("mean_token", lambda s, x: (h := x @ s.w) + h.mean(1, keepdim=True) * s.g, R(1, 3, 2), w=(2, 2), g=2)
fn("mean_sub", lambda s, x: ((h := x @ s.w) - h.mean(1, keepdim=True)) @ s.v, R(1, 3, 2), w=(2, 2), v=(2, 2))
fn("deepset", lambda s, x: F.relu(x @ s.w).sum(1) @ s.v, R(1, 3, 2), w=(2, 2), v=(2, 2))
fn("pointnet", lambda s, x: torch.cat([(h := F.relu(x @ s.w)), h.amax(1, keepdim=True).expand(1, 3, 2)], -1) @ s.v, R(1, 3, 2), w=(2, 2), v=(4, 2))
fn("edgeconv", lambda s, x: F.relu(torch.cat([x[:, None].expand(3, 3, 2), x[None] - x[:, None]], -1) @ s.w).amax(1) @ s.v, R(3, 2), w=(4, 3), v=(3, 2))
fn("egnn", lambda s, x: (x[:, None] - x[None]) * ((x @ s.w)[:, None] * (x @ s.w)[None]).sum(-1, keepdim=True), R(3, 2), w=(2, 2))
fn("hopfield", lambda s, x: torch.softmax(x @ s.k.T * s.beta, -1) @ s.k, R(2, 3), k=(4, 3), beta=1)
fn("slot", lambda s, x: (lambda a: (a / a.sum(1, keepdim=True)).transpose(0, 1) @ (x @ s.v))(torch.softmax((x @ s.k) @ s.q.T, -1) + 1e-8), R(3, 2), k=(2, 2), q=(2, 2), v=(2, 2))
fn("slot_right", lambda s, x: (lambda a: (a / a.sum(0, keepdim=True)).T @ (x @ s.v))(torch.softmax((x @ s.k) @ s.q.T, -1) + 1e-8), R(3, 2), k=(2, 2), q=(2, 2), v=(2, 2))
fn("hyena_like", lambda s, x: (x @ s.a) * F.conv1d(((x @ s.b) * (x @ s.c)).transpose(1, 2), s.k, groups=2, padding=2)[..., :3].transpose(1, 2), R(1, 3, 2), a=(2, 2), b=(2, 2), c=(2, 2), k=(2, 1, 3))
fn("neural_ode", lambda s, x: [x := x + 0.1 * torch.tanh(x @ s.w) for _ in range(3)][-1], R(2, 2), w=(2, 2))
fn("deq_weight_tied", lambda s, x: _deq(s, x), R(2, 2), w=(2, 2))


def _deq(s, x):
    h = torch.zeros_like(x)
    for _ in range(3):
        h = torch.tanh(x + h @ s.w)
    return h


fn("maskedmean", lambda s, x: ((x @ s.w) * torch.tensor([1.0, 1, 0])[None, :, None]).sum(1) / 2, R(1, 3, 2), w=(2, 2))
fn("crf_logsumexp", lambda s, x: torch.logsumexp((x @ s.w)[:, :, None] + s.t, 1), R(2, 3), w=(3, 2), t=(2, 2))
fn("mil", lambda s, x: torch.logsumexp(x @ s.w, 1), R(1, 3, 2), w=(2, 2))
fn("noisy_or", lambda s, x: 1 - torch.prod(1 - torch.sigmoid(x @ s.w), 1), R(1, 3, 2), w=(2, 2))
fn("mdn", lambda s, x: torch.cat([torch.softmax(x @ s.a, -1), x @ s.b, F.elu(x @ s.c) + 1], -1), R(2, 3), a=(3, 2), b=(3, 2), c=(3, 2))
fn("nerf_posenc", lambda s, x: torch.cat([f(x * 2**k) for k in range(2) for f in (torch.sin, torch.cos)], -1) @ s.w, R(2, 2), w=(8, 2))
fn("time_embed", lambda s, x, t: x + torch.cat([(t[:, None] * torch.tensor([1.0, 0.1])).sin(), (t[:, None] * torch.tensor([1.0, 0.1])).cos()], -1) @ s.w, R(2, 3), R(2), w=(4, 3))
fn("skip_concat_list", lambda s, x: torch.cat([x, x @ s.w, x @ s.w @ s.w], -1) @ s.v, R(2, 3), w=(3, 3), v=(9, 2))
fn("split_sizes", lambda s, x: (lambda a, b, c: a * b.sum(-1, keepdim=True) + c)(*torch.split(x @ s.w, [2, 1, 2], -1)), R(2, 3), w=(3, 5))
fn("unbind", lambda s, x: sum(t * (k + 1) for k, t in enumerate((x @ s.w).unbind(-1))), R(2, 3), w=(3, 3))
fn("mean_of_dims", lambda s, x: (x @ s.w).mean(), R(2, 3), w=(3, 3))
fn("repeat_tile", lambda s, x: (x @ s.w).repeat(2, 2) * s.g, R(2, 3), w=(3, 2), g=(4, 4))
fn("expand_add", lambda s, x: (x @ s.w)[:, None].expand(2, 3, 2) + s.p, R(2, 3), w=(3, 2), p=(3, 2))
fn("meshgrid_bias", lambda s, x: x @ s.w + (s.a[:, None] + s.b[None]).view(-1), R(2, 3), w=(3, 4), a=2, b=2)
fn("relu_chain_view", lambda s, x: (h := F.relu(x @ s.w)).flatten() + (x @ s.w).flatten() * 2, R(2, 3), w=(3, 2))
fn("pw_through_view", lambda s, x: F.relu(y := x @ s.w).view(-1) + y.view(-1), R(2, 3), w=(3, 2))
fn("pw_through_T", lambda s, x: F.relu(y := x @ s.w).T + y.T, R(2, 3), w=(3, 2))
fn("pw_through_slice", lambda s, x: F.relu(y := x @ s.w)[:, :1] + y[:, :1], R(2, 3), w=(3, 2))
fn("pw_stack_sum", lambda s, x: torch.stack([F.relu(y := x @ s.w), y]).sum(0), R(2, 3), w=(3, 2))
fn("pw_cat", lambda s, x: torch.cat([F.relu(y := x @ s.w), y], -1) * torch.cat([y, y], -1), R(2, 3), w=(3, 2))
fn("pw_broadcast", lambda s, x: F.relu(y := x @ s.w)[:, :, None] + y[:, :, None] + s.b, R(2, 3), w=(3, 2), b=3)
fn("flip_add", lambda s, x: (y := x @ s.w) + y.flip(-1), R(2, 3), w=(3, 2))
fn("where_cond_other", lambda s, x: torch.where((x @ s.w) > 0, x @ s.u, x @ s.v), R(2, 3), w=(3, 2), u=(3, 2), v=(3, 2))
fn("threshold_gate", lambda s, x: (x @ s.u) * ((x @ s.w) > 0).float(), R(2, 3), w=(3, 2), u=(3, 2))
fn("argmax_out", lambda s, x: F.one_hot((x @ s.w).argmax(-1), 2).float() @ s.v, R(2, 3), w=(3, 2), v=(2, 3))


def img2(name, f, shape=(1, 2, 3, 4), /, **parts):
    fn("img2_" + name, lambda s, x: f(s, s.c(x)), R(shape), c=nn.Conv2d(shape[1], 4, 1), **parts)


inf = float("-inf")
# --- constants -----------------------------------------------------------------------------------------------
op("c_numpy", lambda s, x: x[:, torch.from_numpy(np.array([0, 3]))])
op("c_list_neg", lambda s, x: x[:, [-1, 0]])
op("c_nonzero", lambda s, x: x[:, torch.tensor([0, 1, 0, 1]).nonzero().squeeze(1)])
op("c_where1", lambda s, x: x[:, torch.where(torch.tensor([0, 1, 0, 1]) > 0)[0]])
op("c_tril_indices", lambda s, x: x[tuple(torch.tril_indices(4, 4))], (4, 4))
op("c_tril_write", lambda s, x: (lambda m: (m.__setitem__(tuple(torch.tril_indices(4, 4, -1)), x.flatten()[:6]), m)[1])(torch.eye(4)) @ s.v, (2, 4), v=(4, 2))
op("c_eye_mul", lambda s, x: x * torch.eye(4), (4, 4))
op("c_eye_mm", lambda s, x: torch.eye(4) @ x, (4, 4))
op("c_perm", lambda s, x: x[:, s.p], p=torch.tensor([2, 0, 3, 1]))
op("c_perm_inv", lambda s, x: x[:, s.p][:, s.p.argsort()], p=torch.tensor([2, 0, 3, 1]))
op("c_onehot_mm", lambda s, x: F.one_hot(torch.tensor([0, 2]), 4).float() @ x.T @ s.v, (2, 4), v=(2, 2))
op("c_isin", lambda s, x: x * torch.isin(torch.arange(4), torch.tensor([1, 2])))
op("c_bucket", lambda s, x: x + s.t[torch.bucketize(torch.arange(4.0), torch.tensor([0.5, 2.5]))], t=3)
op("c_mod", lambda s, x: x + s.t[torch.arange(4) % 2], t=2)
op("c_floordiv", lambda s, x: x + s.t[torch.arange(4) // 2], t=3)
op("c_clamp_idx", lambda s, x: x + s.t[torch.arange(4).clamp(max=1)], t=3)
op("c_rep_int", lambda s, x: x.repeat_interleave(torch.tensor([1, 0, 2, 1]), dim=1) @ s.v, v=(4, 2))
op("c_mask_loop", lambda s, x: (x @ _loopmask()) @ s.v, v=(4, 2))
op("c_scatter_mask", lambda s, x: x * torch.zeros(2, 4).scatter_(1, torch.tensor([[0, 1], [2, 3]]), 1.0))
op("c_outer_mask", lambda s, x: x[:, :, None] * (torch.arange(4)[:, None] >= torch.arange(3)))
op("c_logical", lambda s, x: x.masked_fill(~(torch.tensor([True, False, True, True]) & (torch.arange(4) > 1)), 0) @ s.v, v=(4, 2))
op("c_xor", lambda s, x: x * (torch.tensor([True, False, True, True]) ^ (torch.arange(4) > 1)) @ s.v, v=(4, 2))
op("c_block_mask", lambda s, x: x.masked_fill(torch.block_diag(torch.ones(2, 2), torch.ones(2, 2)) == 0, 0) @ s.v, (4, 4), v=(4, 2))
op("c_bool_rows", lambda s, x: x[torch.tensor([True, False])])
op("c_bool_2d", lambda s, x: x[torch.tensor([[True, False, True, True], [False, True, False, False]])])
op("c_where3", lambda s, x: torch.where(torch.arange(4) < 2, x, torch.zeros(())) @ s.v, v=(4, 2))
op("c_where_ones", lambda s, x: torch.where(torch.arange(4) < 2, x, 1.0) @ s.v, v=(4, 2))
op("c_where_param", lambda s, x: torch.where(torch.arange(4) < 2, x, s.m) @ s.v, v=(4, 2), m=1)
op("c_mask_token", lambda s, x: (lambda m: x * (1 - m) + s.m * m)(torch.tensor([[1.0], [0.0]])) @ s.v, v=(4, 2), m=4)
op("c_mul_buffer0", lambda s, x: x * s.z + x, z=torch.zeros(4))
op("c_diag_mask", lambda s, x: x - torch.diag(torch.diagonal(x)), (4, 4))
op("c_fill_diag", lambda s, x: x.clone().fill_diagonal_(0.0) @ s.v, (4, 4), v=(4, 2))
op("c_fill_diag_inf", lambda s, x: x.clone().fill_diagonal_(inf).softmax(-1) @ s.v, (4, 4), v=(4, 2))
op("c_topk_const", lambda s, x: x[:, torch.tensor([0.1, 0.9, 0.5, 0.2]).topk(2).indices])
op("c_sort_const", lambda s, x: x[:, torch.tensor([0.1, 0.9, 0.5, 0.2]).argsort(descending=True)[:2]])
op("c_unique", lambda s, x: x[:, torch.tensor([3, 1, 1]).unique()])
op("c_cumsum_idx", lambda s, x: x[:, torch.ones(3, dtype=torch.long).cumsum(0)])
op("c_linspace_idx", lambda s, x: x[:, torch.linspace(0, 3, 2).long()])
op("c_round_idx", lambda s, x: x[:, (torch.arange(2) * 1.6).round().long()])
op("c_to_dtype", lambda s, x: x * torch.tensor([1, 0, 1, 0]).to(device=x.device, dtype=x.dtype))
op("c_to_bool", lambda s, x: x.masked_fill(~torch.tensor([1, 0, 1, 0]).to(x.device, torch.bool), 0) @ s.v, v=(4, 2))
op("c_type_as", lambda s, x: x * torch.tensor([1, 0, 1, 0]).type_as(x))
op("c_as_tensor", lambda s, x: x[:, torch.as_tensor([1, 3], device=x.device)])
op("c_new_tensor", lambda s, x: x * x.new_tensor([1.0, 0, 1, 0]))
op("c_scalar_tensor", lambda s, x: x.masked_fill(torch.tensor([True, False, False, True]), torch.tensor(inf, device=x.device)).softmax(-1) @ s.v, v=(4, 2))
op("c_full_like", lambda s, x: torch.where(torch.tensor([True, False, False, True]), torch.full_like(x, inf), x).softmax(-1) @ s.v, v=(4, 2))
op("c_zeros_like_cat", lambda s, x: torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1) @ s.v, v=(4, 2))
op("c_ones_like_mul", lambda s, x: torch.ones_like(x) * s.g + x, g=4)
op("c_expand_zero", lambda s, x: (torch.zeros(1, 4).expand(2, 4) + x) @ s.v, v=(4, 2))
op("c_fmod_gate", lambda s, x: x * (torch.arange(4) % 2 == 0) @ s.v, v=(4, 2))
op("c_haar", lambda s, x: x @ torch.tensor([[1.0, 1, 1, 0], [1, 1, -1, 0], [1, -1, 0, 1], [1, -1, 0, -1]]) @ s.v, v=(4, 2))
op("c_dct", lambda s, x: x @ torch.cos(math.pi / 4 * (torch.arange(4)[:, None] + 0.5) * torch.arange(4)[None]) @ s.v, v=(4, 2))
op("c_hadamard", lambda s, x: x @ torch.tensor([[1.0, 1], [1, -1]]).kron(torch.tensor([[1.0, 1], [1, -1]])) @ s.v, v=(4, 2))
op("c_diff", lambda s, x: torch.diff(x, dim=-1) @ s.v, v=(3, 2))
op("c_prepend_diff", lambda s, x: torch.diff(x, dim=-1, prepend=torch.zeros(2, 1)) @ s.v, v=(4, 2))
op("c_einsum_const", lambda s, x: torch.einsum("bi,ij->bj", x, torch.tril(torch.ones(4, 4))) @ s.v, v=(4, 2))


def _loopmask():
    m = torch.zeros(4, 4)
    for i in range(4):
        for j in range(4):
            if abs(i - j) == 1:
                m[i, j] = 1
    return m


# --- fed ids ----------------------------------------------------------------------------------------------------
E = lambda n=4, d=3: nn.Embedding(n, d)
fn("i_padmask", lambda s, i: (s.e(i) * (i != 0)[..., None]).sum(1) @ s.v, ids(2, 3), e=E(), v=(3, 2))
fn("i_padmask_sm", lambda s, i: (lambda h: torch.softmax((h @ h.transpose(1, 2)).masked_fill((i == 0)[:, None], inf), -1) @ h)(s.e(i)), ids(1, 3), e=E())
fn("i_roberta_pos", lambda s, i: s.e(i) + s.p((torch.cumsum(i.ne(1).int(), 1) * i.ne(1).int()).long() + 1), ids(1, 3), e=E(), p=nn.Embedding(6, 3))
fn("i_lastpos", lambda s, i: s.e(i)[torch.arange(2), i.argmax(-1)], ids(2, 3), e=E())
fn("i_mod_hash", lambda s, i: s.e(i % 2) + s.f(i // 2), ids(2, 3), e=nn.Embedding(2, 3), f=nn.Embedding(2, 3))
fn("i_bias_pos_fed", lambda s, i, p: s.e(i) + s.p(p), ids(2, 3), ids(2, 3), e=E(), p=E())
fn("i_mean_embed", lambda s, i: s.e(i).mean(1) @ s.v, ids(2, 3), e=E(), v=(3, 2))
fn("i_cls", lambda s, i: torch.tanh(s.e(i)[:, 0] @ s.v), ids(2, 3), e=E(), v=(3, 2))
fn("i_segment", lambda s, i, t: F.layer_norm(s.e(i) + s.t(t) + s.p.weight[:3], (3,)), ids(1, 3), ids(1, 3, high=2), e=E(), t=nn.Embedding(2, 3), p=E())
fn("i_const_table", lambda s, i: s.e(i) * s.z[i][..., None], ids(1, 3), e=E(), z=torch.tensor([0.0, 1, 1, 1]))
fn("i_table_then", lambda s, i: s.z[i] @ s.v, ids(1, 3), z=torch.zeros(4, 3), v=(3, 2))
fn("i_sincos_fed", lambda s, i: s.z[i] @ s.v + s.e(i), ids(1, 3), z=torch.tensor([[0.0, 1], [1, 0], [0.5, 0.5], [0, 0]]), v=(2, 3), e=E())
fn("i_logits_masked", lambda s, i: (s.e(i) @ s.e.weight.T)[:, -1], ids(1, 3), e=E())
fn("i_lm_loss", lambda s, i, y: F.cross_entropy((s.e(i) @ s.v).flatten(0, 1), y.flatten()), ids(1, 3), ids(1, 3), e=E(), v=(3, 4))
fn("i_mse", lambda s, x, y: F.mse_loss(x @ s.w, y), R(2, 3), R(2, 2), w=(3, 2))
fn("i_nll", lambda s, x, y: F.nll_loss(F.log_softmax(x @ s.w, -1), y), R(2, 3), ids(2), w=(3, 3))
fn("i_bce", lambda s, x, y: F.binary_cross_entropy_with_logits(x @ s.w, y), R(2, 3), R(2, 2), w=(3, 2))
fn("i_word_char", lambda s, i, c: torch.cat([s.e(i), s.c(c).amax(2)], -1) @ s.v, ids(1, 2), ids(1, 2, 3), e=E(), c=nn.Embedding(4, 2), v=(5, 2))
fn("i_skipgram", lambda s, i, j: torch.sigmoid((s.e(i) * s.f(j)).sum(-1)), ids(3), ids(3), e=E(), f=E())
fn("i_neg", lambda s, i, j: torch.bmm(s.f(j), s.e(i).unsqueeze(2)).squeeze(2), ids(2), ids(2, 3), e=E(), f=E())
fn("i_ncf", lambda s, u, i: torch.cat([s.a(u) * s.b(i), F.relu(torch.cat([s.c(u), s.d(i)], -1) @ s.w)], -1) @ s.v, ids(2), ids(2), a=E(4, 2), b=E(3, 2), c=E(4, 2), d=E(3, 2), w=(4, 2), v=(4, 1))
fn("i_mf_bias", lambda s, u, i: (s.a(u) * s.b(i)).sum(-1) + s.c(u).squeeze(-1) + s.d(i).squeeze(-1) + s.m, ids(2), ids(2), a=E(4, 2), b=E(3, 2), c=E(4, 1), d=E(3, 1), m=1)
fn("i_transE", lambda s, h, r, t: -(s.e(h) + s.r(r) - s.e(t)).norm(dim=-1), ids(2), ids(2), ids(2), e=E(), r=E())
fn("i_rotatE", lambda s, h, r, t: (s.e(h) * s.r(r) * s.e(t)).sum(-1), ids(2), ids(2), ids(2), e=E(), r=E())
fn("i_textcnn", lambda s, i: F.relu(s.c(s.e(i).transpose(1, 2))).amax(-1), ids(1, 4), e=E(), c=nn.Conv1d(3, 2, 2))
fn("i_lookup_2d", lambda s, i, j: s.t[i, j], ids(3), ids(3), t=(3, 3, 2))
fn("i_lookup_mix", lambda s, i: s.t[i, 1], ids(3), t=(3, 3, 2))
fn("i_lookup_arange", lambda s, i: s.t[torch.arange(3), i], ids(3), t=(3, 3, 2))
fn("i_lookup_slice", lambda s, i: s.t[:, i], ids(2), t=(3, 3, 2))
fn("i_lookup_none", lambda s, i: s.t[i][:, None] + s.t[i][None], ids(2), t=(3, 2))
fn("i_select_task", lambda s, x, i: torch.bmm(x[:, None], s.t[i]).squeeze(1), R(2, 3), ids(2), t=(3, 3, 2))
fn("i_gather_seq", lambda s, x, i: (x @ s.w).gather(1, i[..., None].expand(-1, -1, 3)), R(1, 3, 2), ids(1, 2), w=(2, 3))
fn("i_gather_one", lambda s, x, i: (x @ s.w).gather(1, i[:, None]).squeeze(1), R(2, 2), ids(2), w=(2, 3))
fn("i_batched_sel", lambda s, x, i: torch.stack([(x @ s.w)[b].index_select(0, i[b]) for b in range(2)]), R(2, 3, 2), ids(2, 2), w=(2, 3))
fn("i_ordinal", lambda s, i: (i[..., None] > torch.arange(3)).float() @ s.v, ids(1, 3), v=(3, 2))
fn("i_float", lambda s, i: i.float()[..., None] * s.v, ids(1, 3), v=3)
fn("i_put_fed", lambda s, x, i: torch.zeros(3, 3).index_put((i,), x @ s.w) @ s.v, R(2, 2), torch.tensor([0, 2]), w=(2, 3), v=(3, 2))
fn("i_put_fed_acc", lambda s, x, i: torch.zeros(3, 3).index_put((i,), x @ s.w, accumulate=True) @ s.v, R(2, 2), torch.tensor([0, 2]), w=(2, 3), v=(3, 2))
fn("i_put_pair", lambda s, x, i: torch.zeros(3, 3).index_put((torch.arange(2), i), (x @ s.w)) @ s.v, R(2, 2), torch.tensor([0, 2]), w=2, v=(3, 2))
fn("i_copy_fed_self", lambda s, x, i: (x @ s.w).index_add(1, i, x @ s.u) @ s.v, R(2, 2), torch.tensor([1, 0]), w=(2, 3), u=(2, 2), v=(3, 2))
fn("i_fill_fed", lambda s, x, i: (x @ s.w).index_fill(1, i, 0.0) @ s.v, R(2, 2), torch.tensor([1]), w=(2, 3), v=(3, 2))
fn("i_scatter_val_fed", lambda s, x, i: (x @ s.w).scatter(1, i, 0.0) @ s.v, R(2, 2), ids(2, 1), w=(2, 3), v=(3, 2))
fn("i_gnn_degnorm", lambda s, x, e: (lambda d: torch.zeros(3, 3).index_add(0, e[0], (x @ s.w)[e[1]] / d[e[0], None]))(torch.ones(3).index_add(0, e[0], torch.ones(4))), R(3, 2), ids(2, 4), w=(2, 3))
fn("i_gat_edge", lambda s, x, e: (lambda h: torch.zeros(3, 3).index_add(0, e[0], h[e[1]] * torch.sigmoid(torch.cat([h[e[0]], h[e[1]]], -1) @ s.a)))(x @ s.w), R(3, 2), ids(2, 4), w=(2, 3), a=(6, 1))
fn("i_pool_batch", lambda s, x, b: torch.zeros(2, 3).scatter_reduce(0, b[:, None].expand(-1, 3), x @ s.w, "amax", include_self=False), R(3, 2), ids(3, high=2), w=(2, 3))
fn("i_mean_incl", lambda s, x, b: torch.zeros(2, 3).scatter_reduce(0, b[:, None].expand(-1, 3), x @ s.w, "mean", include_self=True), R(3, 2), ids(3, high=2), w=(2, 3))

# --- writes in place ---------------------------------------------------------------------------------------------


def w1(s, x):
    y = x.clone()
    y += s.c
    y.mul_(s.g).relu_()
    return y


op("w_chain", w1, c=4, g=4)


def w2(s, x):
    y = torch.zeros(2, 4)
    y[:, [0, 2]] = x[:, :2]
    return y @ s.v


op("w_list_assign", w2, v=(4, 2))


def w3(s, x):
    y = torch.zeros(2, 4)
    y.index_add_(1, torch.tensor([0, 0, 3, 1]), x)
    return y @ s.v


op("w_index_add", w3, v=(4, 2))


def w4(s, x):
    y = x.clone()
    y.view(-1)[::2] = 0
    return y @ s.v


op("w_view_zero", w4, v=(4, 2))


def w5(s, x):
    y = x.clone()
    y.t()[1] += s.b
    return y @ s.v


op("w_t_add", w5, b=2, v=(4, 2))


def w6(s, x):
    y = torch.zeros(2, 6)
    y[:, 1:5].copy_(x)
    y[:, 0].fill_(1.0)
    return y @ s.v


op("w_copy_fill", w6, v=(6, 2))


def w7(s, x):
    y = x.clone()
    for k in range(1, 4):
        y[:, k] = y[:, k] + s.a * y[:, k - 1]
    return y


op("w_ar_loop", w7, a=1)


def w8(s, x):
    out = x.new_empty(2, 2, 4)
    torch.mul(x, s.g, out=out[0])
    torch.add(x, s.g, out=out[1])
    return out


op("w_out", w8, g=4)


def w9(s, x):
    y = x.clone()
    y[0], y[1] = x[1], x[0] * 2
    return y @ s.v


op("w_swap", w9, v=(4, 2))


def w10(s, x):
    y = torch.full((2, 5), inf)
    y[:, :4] = x
    return y.softmax(-1) @ s.v


op("w_inf_buffer", w10, v=(5, 2))


def w11(s, x):
    y = torch.zeros(2, 4)
    y[torch.arange(2), torch.tensor([1, 3])] = x[:, 0]
    return y @ s.v


op("w_pair_assign", w11, v=(4, 2))


def w12(s, x):
    y = torch.zeros(2, 4)
    y[torch.tensor([[1, 0, 0, 1], [0, 1, 1, 0]]).bool()] = x.flatten()[:4]
    return y @ s.v


op("w_bool_assign", w12, v=(4, 2))


def w13(s, x):
    y = torch.zeros(2, 4).masked_scatter(torch.tensor([[1, 0, 0, 1], [0, 1, 1, 0]]).bool(), x)
    return y @ s.v


op("w_masked_scatter", w13, v=(4, 2))


def w14(s, x):
    a, b = x.split(2, -1)
    a.add_(b)
    return x @ s.v


op("w_split_alias", w14, v=(4, 2))


def w15(s, x):
    m = torch.zeros(2, 4)
    m[:, 0] = 1
    m[1, 2] = 2
    return (x * m) @ s.v


op("w_const_mask", w15, v=(4, 2))


def w16(s, x):
    y = x.expand(2, 2, 4).clone()
    y[0] *= s.g
    return y


op("w_expand_clone", w16, g=4)
op("w_slice_scatter", lambda s, x: torch.slice_scatter(torch.zeros(2, 6), x, 1, 1, 5) @ s.v, v=(6, 2))
op("w_select_scatter", lambda s, x: torch.select_scatter(x, torch.zeros(2), 1, 0) @ s.v, v=(4, 2))
op("w_put_", lambda s, x: torch.zeros(3, 4).index_put_((torch.tensor([2, 0]),), x) @ s.v, v=(4, 2))
op("w_take", lambda s, x: torch.take(x, torch.tensor([0, 5, 5])))

# --- norms ---------------------------------------------------------------------------------------------------------
fn("n_bn_nostats", lambda s, x: s.n(s.c(x)), R(2, 2, 3), c=nn.Conv1d(2, 4, 1), n=nn.BatchNorm1d(4, track_running_stats=False))
fn("n_bn_func_train", lambda s, x: F.batch_norm(x @ s.w, None, None, s.g, s.b, training=True), R(3, 2), w=(2, 3), g=3, b=3)
fn("n_in_track", lambda s, x: s.n(s.c(x)), R(2, 2, 3), c=nn.Conv1d(2, 4, 1), n=nn.InstanceNorm1d(4, affine=True, track_running_stats=True))
op("n_linalg", lambda s, x: x / torch.linalg.vector_norm(x, dim=-1, keepdim=True))
op("n_pow_half", lambda s, x: x / (x.pow(2).sum(-1, keepdim=True) ** 0.5 + 1e-6))
op("n_pow_neg", lambda s, x: x * (x.pow(2).mean(-1, keepdim=True) + 1e-6) ** -0.5 * s.g, g=4)
op("n_recip", lambda s, x: x * x.norm(dim=-1, keepdim=True).reciprocal())
op("n_recip2", lambda s, x: x * (1 / x.norm(dim=-1, keepdim=True)))
op("n_expand_as", lambda s, x: x.div(x.norm(dim=-1, keepdim=True).expand_as(x)))
op("n_repeat_stat", lambda s, x: x / x.norm(dim=-1, keepdim=True).repeat(1, 4))
op("n_T", lambda s, x: (x.T / x.norm(dim=-1)).T)
op("n_max_dim", lambda s, x: torch.maximum(x.norm(dim=-1, keepdim=True), torch.tensor(1e-6)).reciprocal() * x)
op("n_where_safe", lambda s, x: x / torch.where((n := x.norm(dim=-1, keepdim=True)) == 0, torch.ones_like(n), n))
op("n_clip_norm", lambda s, x: x * torch.clamp(1 / (x.norm(dim=-1, keepdim=True) + 1e-6), max=1.0))
op("n_exp_lse", lambda s, x: (x - torch.logsumexp(x, -1, keepdim=True)).exp() @ s.v, v=(4, 2))
op("n_exp_lsm", lambda s, x: torch.exp(F.log_softmax(x, -1)) @ s.v, v=(4, 2))
op("n_gated_rms", lambda s, x: F.rms_norm(x * F.silu(x @ s.u), (4,), s.g), u=(4, 4), g=4)
op("n_gated_rms_hand", lambda s, x: (y := x * F.silu(x @ s.u)) * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6) * s.g, u=(4, 4), g=4)
op("n_relu_rms_hand", lambda s, x: (y := F.relu(x)) * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6) * s.g, g=4)
op("n_add_ln_hand", lambda s, x: ((y := x + x @ s.u) - mean(y)) / y.std(-1, keepdim=True), u=(4, 4))
op("n_add_ln", lambda s, x: F.layer_norm(x + x @ s.u, (4,)), u=(4, 4))
op("n_float_cast", lambda s, x: (lambda y: (y - mean(y)) * torch.rsqrt((y - mean(y)).pow(2).mean(-1, keepdim=True) + 1e-5))(x.double()).float() * s.g, g=4)
op("n_llama", lambda s, x: s.g * (lambda h: h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-6))(x.to(torch.float32)).to(x.dtype), g=4)
op("n_gn_as_ln", lambda s, x: F.group_norm(x, 1, s.g, s.b), g=4, b=4)
op("n_in_as_ln", lambda s, x: F.instance_norm(x[:, None]).squeeze(1) * s.g, g=4)
op("n_adaln", lambda s, x: x + (lambda a: F.layer_norm(x, (4,)) * (1 + a[:, :4]) + a[:, 4:])(F.silu(x) @ s.m), m=(4, 8))
op("n_adaln_zero", lambda s, x: (lambda a, b, c: x + c * ((F.layer_norm(x, (4,)) * (1 + a) + b) @ s.u))(*(F.silu(x) @ s.m).chunk(3, -1)), m=(4, 12), u=(4, 4))
op("n_layernorm_axes", lambda s, x: F.layer_norm(x, (2, 4)), (2, 2, 4))
op("n_hand_axes", lambda s, x: (x - x.mean((1, 2), keepdim=True)) / (x.var((1, 2), keepdim=True) + 1e-5).sqrt(), (2, 2, 4))
op("n_two_step_mean", lambda s, x: (x - x.mean(1, keepdim=True).mean(2, keepdim=True)) / x.std((1, 2), keepdim=True), (2, 2, 4))
op("n_std_gate", lambda s, x: x * torch.sigmoid(x.std(-1, keepdim=True)))
op("n_mean_over_std", lambda s, x: x.mean(-1) / x.std(-1))
op("n_zscore_max", lambda s, x: x.amax(-1) / x.norm(dim=-1))
op("n_other_norm", lambda s, x: x / (x @ s.u).norm(dim=-1, keepdim=True), u=(4, 4))
op("n_norm_of_relu", lambda s, x: x / F.relu(x).sum(-1, keepdim=True))
op("n_relu_by_norm", lambda s, x: F.relu(x) / x.norm(dim=-1, keepdim=True))
op("n_squared_relu_attn", lambda s, x: F.relu(x).pow(2) / F.relu(x).pow(2).sum(-1, keepdim=True) @ s.v, v=(4, 2))
op("n_cat_norm", lambda s, x: (y := torch.cat([x, s.c.expand(2, 2)], -1)) / y.norm(dim=-1, keepdim=True), c=2)
op("n_stack_norm", lambda s, x: (y := torch.stack([x, x @ s.u])) / y.norm(dim=0, keepdim=True), u=(4, 4))
op("n_pos_then_ln_hand", lambda s, x: ((y := x + s.p) - mean(y)) / (y.var(-1, keepdim=True) + 1e-5).sqrt(), p=4)
op("n_mul_then_norm", lambda s, x: (y := x * s.p) / y.norm(dim=-1, keepdim=True), p=4)
op("n_norm_then_sq", lambda s, x: (x / x.norm(dim=-1, keepdim=True)).pow(2).sum(-1))
op("n_double", lambda s, x: (y := x / x.norm(dim=-1, keepdim=True)) / y.sum(-1, keepdim=True))
op("n_prod_stats", lambda s, x: x / (x.norm(dim=-1, keepdim=True) * x.norm(dim=0, keepdim=True)))
op("n_sum_stats", lambda s, x: x / (x.norm(dim=-1, keepdim=True) + x.norm(dim=0, keepdim=True)))
op("n_whiten_chan", lambda s, x: (x - x.mean(0)) * torch.rsqrt(x.var(0) + 1e-5) * s.g + s.b, g=4, b=4)
op("n_mean_var_axis", lambda s, x: (x - mean(x)) / x.var(0, keepdim=True))
op("n_lagged", lambda s, x: (x[:, 1:] - x[:, :-1]) / x.norm(dim=-1, keepdim=True))
op("n_temp_softmax_stat", lambda s, x: torch.softmax(x / x.std(-1, keepdim=True), -1) @ s.v, v=(4, 2))
op("n_qk_hand", lambda s, x: (lambda q, k: (q / q.norm(dim=-1, keepdim=True)) @ (k / k.norm(dim=-1, keepdim=True)).T)(x @ s.a, x @ s.b), a=(4, 3), b=(4, 3))
op("n_softpool", lambda s, x: (e := torch.exp(x)) .mul(x).sum(-1) / e.sum(-1))
op("n_softpool2", lambda s, x: (torch.softmax(x, -1) * x).sum(-1))
op("n_energy", lambda s, x: x * torch.rsqrt((x * x).sum()))
op("n_einsum_norm", lambda s, x: torch.einsum("bi,b->bi", x, 1 / x.norm(dim=-1)))
op("n_diag_mm", lambda s, x: torch.diag(1 / x.norm(dim=-1)) @ x)
op("n_ln_bias_first", lambda s, x: s.b + s.g * ((x - mean(x)) / x.std(-1, keepdim=True)), g=4, b=4)
op("n_ln_fold", lambda s, x: ((x - mean(x)) / (x.var(-1, keepdim=True) + 1e-5).sqrt()).mul(s.g).add(s.b) @ s.v, g=4, b=4, v=(4, 2))
op("n_ln_post_res_gate", lambda s, x: x + s.a * F.layer_norm(x @ s.u, (4,), s.g), a=1, u=(4, 4), g=4)
op("n_softmax_res", lambda s, x: x + torch.softmax(x, -1))
op("n_l2_res", lambda s, x: x + F.normalize(x, dim=-1))
op("n_l2_hand_res", lambda s, x: x + x / x.norm(dim=-1, keepdim=True))
op("n_ln_mul_res", lambda s, x: x * F.layer_norm(x, (4,)))
op("n_bn_res", lambda s, x: x + F.batch_norm(x, s.m, s.var, s.g, s.b), m=torch.rand(4), var=torch.rand(4) + 1, g=4, b=4)
op("n_bn_hand", lambda s, x: (x - s.m) / torch.sqrt(s.var + 1e-5) * s.g + s.b, m=torch.rand(4), var=torch.rand(4) + 1, g=4, b=4)
op("n_bn_hand_fold", lambda s, x: x * (sc := s.g * torch.rsqrt(s.var + 1e-5)) + (s.b - s.m * sc), m=torch.rand(4), var=torch.rand(4) + 1, g=4, b=4)
op("n_frozen_bn", lambda s, x: x * (sc := s.g * (s.var + 1e-5).rsqrt()).view(1, -1) + (s.b - s.m * sc).view(1, -1), m=torch.rand(4), var=torch.rand(4) + 1, g=torch.rand(4), b=torch.rand(4))

# --- images ------------------------------------------------------------------------------------------------------------
for nm, p in dict(maxd=nn.MaxPool2d(2, 1, dilation=2), avgceil=nn.AvgPool2d(2, ceil_mode=True), avgdiv=nn.AvgPool2d(2, divisor_override=3), ada3=nn.AdaptiveAvgPool2d((2, 3)), upar=nn.Upsample(size=(2, 2), mode="area"), upnex=nn.Upsample(size=(5, 7), mode="nearest-exact"), upn=nn.Upsample(size=(5, 7)), upcu=nn.Upsample(size=(4, 5), mode="bicubic", align_corners=True), upb3=nn.Upsample(size=(5, 3), mode="bilinear"), gmax=nn.AdaptiveMaxPool2d(1), zero=nn.ZeroPad2d((1, 0, 0, 2)), lp1=nn.LPPool2d(1, 2), unfold=nn.Unfold(2), flat=nn.Flatten(), unflat=nn.Unflatten(1, (2, 2)), drop=nn.Dropout2d(), alpha=nn.AlphaDropout(), fract=nn.FractionalMaxPool2d(2, output_size=2)).items():
    img2("p_" + nm, lambda s, x: s.p(x), p=p)
img2("crop_neg_pad", lambda s, x: F.pad(x, (-1, 0, 0, -1)) * s.g, g=(4, 2, 3))
img2("pad_const_scale", lambda s, x: F.conv2d(F.pad(x, (1, 1, 1, 1), value=-1.0), s.k), k=(2, 4, 3, 3))
img2("pixelcnn", lambda s, x: F.conv2d(x, s.k * s.m, padding=1), k=(2, 4, 3, 3), m=torch.tensor([[1.0, 1, 1], [1, 0, 0], [0, 0, 0]]))
img2("gated_conv", lambda s, x: F.elu(s.a(x)) * torch.sigmoid(s.b(x)), a=nn.Conv2d(4, 2, 3, padding=1), b=nn.Conv2d(4, 2, 3, padding=1))
img2("partial_conv", lambda s, x: F.conv2d(x * s.m, s.k, padding=1) * 9 / F.conv2d(s.m, torch.ones(1, 1, 3, 3), padding=1).clamp(min=1), k=(2, 4, 3, 3), m=torch.tensor([[0.0, 1, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1]])[None, None])
img2("fpn", lambda s, x: s.o(s.l(x) + F.interpolate(s.t(F.max_pool2d(x, 2, ceil_mode=True)), size=x.shape[-2:])), l=nn.Conv2d(4, 2, 1), t=nn.Conv2d(4, 2, 1), o=nn.Conv2d(2, 2, 3, padding=1))
img2("aspp", lambda s, x: torch.cat([s.a(x), s.b(x), F.interpolate(s.g(F.adaptive_avg_pool2d(x, 1)), size=x.shape[-2:], mode="bilinear")], 1), a=nn.Conv2d(4, 2, 1), b=nn.Conv2d(4, 2, 3, padding=2, dilation=2), g=nn.Conv2d(4, 2, 1))
img2("octave", lambda s, x: (s.hh(x[:, :2]) + F.interpolate(s.lh(F.avg_pool2d(x[:, 2:], (3, 2))), size=(3, 4)), s.ll(F.avg_pool2d(x[:, 2:], (3, 2))) + s.hl(F.avg_pool2d(x[:, :2], (3, 2)))), hh=nn.Conv2d(2, 2, 1), lh=nn.Conv2d(2, 2, 1), ll=nn.Conv2d(2, 2, 1), hl=nn.Conv2d(2, 2, 1))
img2("groups_loop", lambda s, x: torch.cat([F.conv2d(c, k) for c, k in zip(x.chunk(2, 1), s.k)], 1), k=(2, 3, 2, 1, 1))
img2("grouped", lambda s, x: F.conv2d(x, s.k.flatten(0, 1), groups=2), k=(2, 3, 2, 1, 1))
img2("im2col_mm", lambda s, x: (s.k.view(2, -1) @ F.unfold(x, (2, 2), stride=(1, 2))).view(1, 2, 2, 2), k=(2, 4, 2, 2))
img2("patchify", lambda s, x: x.unfold(2, 3, 3).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).flatten(3) @ s.k, k=(24, 2))
img2("patch_rearr", lambda s, x: x.view(1, 4, 1, 3, 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(1, 2, 24) @ s.k, k=(24, 2))
img2("patch_merge", lambda s, x: torch.cat([x[:, :, :2, 0::2], x[:, :, 1:, 1::2]], 1).permute(0, 2, 3, 1) @ s.k, k=(8, 2))
img2("depth_to_space", lambda s, x: x.view(1, 2, 2, 1, 3, 4).permute(0, 3, 4, 1, 5, 2).reshape(1, 1, 6, 8) * s.g, g=(6, 8))
img2("halo", lambda s, x: F.scaled_dot_product_attention(x.flatten(2).transpose(1, 2)[:, :, None], F.unfold(x, 3, padding=1).view(1, 4, 9, 12).permute(0, 3, 2, 1), F.unfold(x, 3, padding=1).view(1, 4, 9, 12).permute(0, 3, 2, 1)))
img2("local_attn_hand", lambda s, x: (torch.softmax((x.flatten(2)[:, :, None] * F.unfold(x, 3, padding=1).view(1, 4, 9, 12)).sum(1), 1)[:, None] * F.unfold(x, 3, padding=1).view(1, 4, 9, 12)).sum(2))
img2("axial", lambda s, x: (lambda h: F.scaled_dot_product_attention(h, h, h))(x.permute(0, 2, 3, 1)) + (lambda h: F.scaled_dot_product_attention(h, h, h))(x.permute(0, 3, 2, 1)).transpose(1, 2))
img2("permute_mlp", lambda s, x: x + torch.einsum("bchw,hk->bckw", x, s.a) + torch.einsum("bchw,wk->bchk", x, s.b), a=(3, 3), b=(4, 4))
img2("strip_pool", lambda s, x: x * torch.sigmoid(s.k(F.interpolate(s.a(x.mean(3, keepdim=True)), (3, 4)) + F.interpolate(s.b(x.mean(2, keepdim=True)), (3, 4)))), k=nn.Conv2d(4, 4, 1), a=nn.Conv2d(4, 4, (3, 1), padding=(1, 0)), b=nn.Conv2d(4, 4, (1, 3), padding=(0, 1)))
img2("lambda_l", lambda s, x: torch.einsum("bnk,bkv->bnv", x.flatten(2).transpose(1, 2) @ s.q, torch.einsum("bmk,bmv->bkv", torch.softmax(x.flatten(2).transpose(1, 2) @ s.k, 1), x.flatten(2).transpose(1, 2) @ s.v)), q=(4, 2), k=(4, 2), v=(4, 3))
img2("a2", lambda s, x: (g := x.flatten(2)) @ torch.softmax(g, -1).transpose(1, 2) @ torch.softmax(g, 1))
img2("sge", lambda s, x: (lambda v: v * torch.sigmoid((lambda t: (t - t.mean((2, 3), keepdim=True)) / (t.std((2, 3), keepdim=True) + 1e-5) * s.g + s.b)((v * v.mean((2, 3), keepdim=True)).sum(1, keepdim=True))))(x), g=1, b=1)
img2("fca", lambda s, x: x * torch.sigmoid((x * s.d).sum((2, 3)) @ s.u)[:, :, None, None], d=torch.rand(4, 3, 4), u=(4, 4))
img2("style_rand", lambda s, x: (x - (m := x.mean((2, 3), keepdim=True))) / (sd := x.std((2, 3), keepdim=True)) * (sd + s.a) + m + s.b, a=(4, 1, 1), b=(4, 1, 1))
img2("haar", lambda s, x: torch.cat([x[..., ::2] + x[..., 1::2], x[..., ::2] - x[..., 1::2]], 1) * s.g, g=(8, 3, 2))
img2("blur_zero_taps", lambda s, x: F.conv2d(x, torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).expand(4, 1, 3, 3), groups=4, padding=1))
img2("gabor", lambda s, x: F.conv2d(x, torch.exp(-s.sg[:, None, None, None] * torch.linspace(-1, 1, 3).view(1, 1, 1, 3) ** 2).expand(2, 4, 1, 3)), sg=2)
img2("sinc", lambda s, x: F.conv2d(x, torch.sin(s.f[:, None] * torch.arange(-1.0, 2)).view(2, 1, 1, 3).expand(2, 4, 1, 3)), f=2)
img2("noise_scale", lambda s, x: x + s.n * torch.zeros(1, 1, 3, 4), n=(4, 1, 1))
img2("ses_max_avg", lambda s, x: torch.cat([x.amax((2, 3)), x.mean((2, 3))], 1) @ s.v, v=(8, 2))
img2("lastmean", lambda s, x: x.mean(-1).mean(-1))
img2("sumsum", lambda s, x: x.sum(-1).sum(-1))
img2("topkpool", lambda s, x: x.flatten(2).topk(3, -1).values.mean(-1))
img2("norm2d_cf", lambda s, x: s.n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) + x, n=nn.LayerNorm(4))
img2("convnext", lambda s, x: x + s.g[:, None, None] * (F.gelu(s.n(s.d(x).permute(0, 2, 3, 1)) @ s.a) @ s.b).permute(0, 3, 1, 2), d=nn.Conv2d(4, 4, 3, padding=1, groups=4), n=nn.LayerNorm(4), a=(4, 6), b=(6, 4), g=4)
img2("attnpool2d", lambda s, x: (lambda t: F.scaled_dot_product_attention(t[:, :1] @ s.q, t @ s.k, t @ s.v)[:, 0])(torch.cat([(f := x.flatten(2).transpose(1, 2)).mean(1, keepdim=True), f], 1) + s.p), q=(4, 4), k=(4, 4), v=(4, 4), p=(13, 4))
img2("yolo_head", lambda s, x: (lambda p: torch.cat([torch.sigmoid(p[..., :2]) + torch.stack(torch.meshgrid(torch.arange(3), torch.arange(4), indexing="ij"), -1)[None, None], torch.exp(p[..., 2:4]) * torch.tensor([1.0, 2.0]), torch.sigmoid(p[..., 4:])], -1))(s.h(x).view(1, 1, 6, 3, 4).permute(0, 1, 3, 4, 2)), h=nn.Conv2d(4, 6, 1))
img2("dfl", lambda s, x: (torch.softmax(s.h(x).view(1, 2, 3, 12), 2) * torch.arange(3.0).view(1, 1, 3, 1)).sum(2), h=nn.Conv2d(4, 6, 1))
img2("dfl_conv", lambda s, x: F.conv2d(torch.softmax(s.h(x).view(1, 2, 3, 12), 2).transpose(1, 2), torch.arange(3.0).view(1, 3, 1, 1)), h=nn.Conv2d(4, 6, 1))
img2("softargmax", lambda s, x: (torch.softmax(x.flatten(2), -1) @ torch.stack(torch.meshgrid(torch.linspace(0, 1, 3), torch.linspace(0, 1, 4), indexing="ij"), -1).view(12, 2)))
img2("corr", lambda s, x: torch.stack([(x * torch.roll(x @ s.u, d, 3)).mean(1) for d in (-1, 0, 1)], 1), u=(4, 4))
img2("cost_volume", lambda s, x: torch.stack([F.pad(x[..., d:] * (x @ s.u)[..., : 4 - d], (d, 0)) for d in range(3)], 2).mean(1), u=(4, 4))
img2("warp_const", lambda s, x: F.grid_sample(x, F.affine_grid(torch.tensor([[[1.0, 0, 0.3], [0, 1, 0]]]), (1, 4, 3, 4), align_corners=True), align_corners=True))

# --- flows, structured weights, other ----------------------------------------------------------------------------------
fn("realnvp_mask", lambda s, x: (xb := x * s.m) + (1 - s.m) * (x * torch.exp(torch.tanh(xb @ s.a)) + xb @ s.b), R(2, 4), a=(4, 4), b=(4, 4), m=torch.tensor([1.0, 0, 1, 0]))
fn("glow_lu", lambda s, x: x @ (s.P @ (s.l.tril(-1) + torch.eye(3)) @ (s.u.triu(1) + torch.diag(s.d))), R(2, 3), l=(3, 3), u=(3, 3), d=3, P=torch.eye(3)[[2, 0, 1]])
fn("planar", lambda s, x: x + s.u * torch.tanh(x @ s.w + s.b)[:, None], R(2, 3), u=3, w=3, b=1)
fn("maf", lambda s, x: (x - F.linear(x, s.m * s.k)) * torch.exp(-F.linear(x, s.a * s.k)), R(2, 3), m=(3, 3), a=(3, 3), k=torch.ones(3, 3).tril(-1))
fn("revnet", lambda s, x: (lambda a, b: torch.cat([(y1 := a + b @ s.f), b + y1 @ s.g], -1))(*x.chunk(2, -1)), R(2, 4), f=(2, 2), g=(2, 2))
fn("soft_tree", lambda s, x: (lambda p: torch.stack([p[:, 0] * p[:, 1], p[:, 0] * (1 - p[:, 1]), (1 - p[:, 0]) * p[:, 2], (1 - p[:, 0]) * (1 - p[:, 2])], -1) @ s.leaf)(torch.sigmoid(x @ s.w)), R(2, 3), w=(3, 3), leaf=(4, 2))
fn("product_unit", lambda s, x: torch.exp(torch.log(x) @ s.w), R(2, 3), w=(3, 2))
fn("caps_routing", lambda s, x: _caps(s, x), R(1, 2, 2), w=(2, 3, 2, 2))
fn("spn", lambda s, x: torch.logsumexp(torch.log_softmax(s.a, 0) + (x @ s.w)[:, :, None], 1), R(2, 3), w=(3, 2), a=(2, 2))
fn("hmm", lambda s, x: _hmm(s, x), R(3, 2), w=(2, 2), t=(2, 2))
fn("complex_lin", lambda s, x: torch.cat([x[:, :2] @ s.a - x[:, 2:] @ s.b, x[:, :2] @ s.b + x[:, 2:] @ s.a], -1), R(2, 4), a=(2, 2), b=(2, 2))
fn("quaternion", lambda s, x: x @ torch.cat([torch.cat([s.r, -s.i], 1), torch.cat([s.i, s.r], 1)], 0), R(2, 4), r=(2, 2), i=(2, 2))
fn("fno", lambda s, x: torch.fft.irfft(torch.einsum("bim,iom->bom", torch.fft.rfft(x)[..., :2], torch.view_as_complex(s.w)), n=4) + torch.einsum("bin,io->bon", x, s.k), R(1, 2, 4), w=(2, 2, 2, 2), k=(2, 2))
fn("energy_grad", lambda s, x: torch.tanh(x @ s.w) @ s.w.T, R(2, 3), w=(3, 4))
fn("butterfly2", lambda s, x: (lambda y: torch.stack([y[..., 0] * s.a + y[..., 1] * s.b, y[..., 0] * s.c + y[..., 1] * s.d], -1).flatten(1))(x.view(2, 2, 2)), R(2, 4), a=2, b=2, c=2, d=2)
fn("monarch", lambda s, x: torch.einsum("bkj,jkl->bjl", torch.einsum("bjk,jkl->bjl", x.view(2, 2, 2), s.a).transpose(1, 2), s.b).flatten(1), R(2, 4), a=(2, 2, 2), b=(2, 2, 2))
fn("lowrank_diag", lambda s, x: x * s.d + (x @ s.u) @ s.v, R(2, 3), d=3, u=(3, 1), v=(1, 3))
fn("vera", lambda s, x: x @ s.w + ((x @ s.A) * s.d @ s.B) * s.b, R(2, 3), w=(3, 3), A=torch.rand(3, 2), B=torch.rand(2, 3), d=2, b=3)
fn("ia3", lambda s, x: ((x @ s.k) * s.l) @ ((x @ s.v) * s.m).T, R(2, 3), k=(3, 2), l=2, v=(3, 2), m=2)
fn("adapter", lambda s, x: x + F.relu(x @ s.d) @ s.u, R(2, 3), d=(3, 2), u=(2, 3))
fn("prefix", lambda s, x: (lambda k, v: torch.softmax(x @ k.T, -1) @ v)(torch.cat([s.pk, x @ s.k]), torch.cat([s.pv, x @ s.v])), R(2, 3), pk=(1, 3), pv=(1, 2), k=(3, 3), v=(3, 2))
fn("diff_attn", lambda s, x: (torch.softmax((x @ s.a) @ (x @ s.b).T, -1) - s.l * torch.softmax((x @ s.c) @ (x @ s.d).T, -1)) @ (x @ s.v), R(3, 2), a=(2, 2), b=(2, 2), c=(2, 2), d=(2, 2), l=1, v=(2, 2))
fn("gau", lambda s, x: (x @ s.u) * ((F.relu((z := F.silu(x @ s.z)) * s.g1 @ (z * s.g2).T) ** 2 / 3) @ (x @ s.v)), R(3, 2), u=(2, 2), z=(2, 2), g1=2, g2=2, v=(2, 2))
fn("causal_linear", lambda s, x: (lambda q, k, v: torch.einsum("nd,nde->ne", q, torch.cumsum(k[:, :, None] * v[:, None], 0)))(x @ s.q, x @ s.k, x @ s.v), R(3, 2), q=(2, 2), k=(2, 2), v=(2, 2))
fn("linformer", lambda s, x: torch.softmax((x @ s.q) @ (s.e @ x @ s.k).T, -1) @ (s.f @ x @ s.v), R(3, 2), q=(2, 2), k=(2, 2), v=(2, 2), e=(2, 3), f=(2, 3))
fn("nystrom_like", lambda s, x: (lambda q, k: torch.softmax(q @ k[:2].T, -1) @ torch.softmax(q[:2] @ k.T, -1))(x @ s.q, x @ s.k) @ x, R(3, 2), q=(2, 2), k=(2, 2))
fn("performer", lambda s, x: (lambda q, k: q @ (k.T @ (x @ s.v)))(torch.exp(x @ s.q @ s.R), torch.exp(x @ s.k @ s.R)), R(3, 2), q=(2, 2), k=(2, 2), v=(2, 2), R=torch.rand(2, 3))
fn("deberta", lambda s, x: (lambda q, k: torch.softmax(q @ k.T + torch.gather(q @ s.pk.T, 1, s.i) + torch.gather(k @ s.pq.T, 1, s.i).T, -1) @ x)(x @ s.q, x @ s.k), R(3, 2), q=(2, 2), k=(2, 2), pk=(5, 2), pq=(5, 2), i=(torch.arange(3)[:, None] - torch.arange(3)) + 2)
fn("txl_shift", lambda s, x: (lambda b: F.pad(b, (1, 0)).view(4, 3)[1:])((x @ s.q) @ s.r.T), R(3, 2), q=(2, 2), r=(3, 2))
fn("rot_partial", lambda s, x: torch.cat([rope((x @ s.w)[..., :2]), (x @ s.w)[..., 2:]], -1) @ s.v, R(3, 2), w=(2, 4), v=(4, 2))
fn("cpb", lambda s, x: torch.softmax(x @ x.T + (F.relu(s.g @ s.a) @ s.b)[s.i.view(-1)].view(3, 3), -1) @ x, R(3, 2), g=torch.linspace(-1, 1, 5)[:, None], a=(1, 4), b=(4, 1), i=(torch.arange(3)[:, None] - torch.arange(3)) + 2)
fn("dist_bias", lambda s, x: torch.softmax(x @ s.w @ x.T - s.m * (torch.arange(3)[:, None] - torch.arange(3)).abs(), -1) @ x, R(3, 2), w=(2, 2), m=1)
fn("delta_rule", lambda s, x: _delta(s, x), R(3, 2), k=(2, 2), v=(2, 2), q=(2, 2), b=2)
fn("gru_hand", lambda s, x: _gru(s, x), R(3, 2), wz=(2, 2), uz=(2, 2), wh=(2, 2), uh=(2, 2))
fn("lstm_hand", lambda s, x: _lstm(s, x), R(3, 2), w=(2, 8), u=(2, 8), b=8)
fn("lstm_peep", lambda s, x: _lstm(s, x, s.p), R(3, 2), w=(2, 8), u=(2, 8), b=8, p=2)
fn("bi_rnn_hand", lambda s, x: torch.cat([_rnn(x, s.w, s.u), _rnn(x.flip(0), s.a, s.b).flip(0)], -1), R(3, 2), w=(2, 2), u=(2, 2), a=(2, 2), b=(2, 2))
fn("rnn_learned_h0", lambda s, x: _rnn(x, s.w, s.u, s.h), R(3, 2), w=(2, 2), u=(2, 2), h=2)
fn("indrnn", lambda s, x: _indrnn(s, x), R(3, 2), w=(2, 2), u=2)
fn("convlstm_lite", lambda s, x: _convrnn(s, x), R(2, 1, 1, 3, 3), a=nn.Conv2d(1, 2, 3, padding=1), b=nn.Conv2d(2, 2, 3, padding=1))
fn("lru", lambda s, x: _lru(s, x), R(3, 2), nu=2, b=(2, 2), c=(2, 2))
fn("lru_pow", lambda s, x: torch.stack([sum(torch.sigmoid(s.a) ** (t - j) * (x[j] @ s.b) for j in range(t + 1)) for t in range(3)]), R(3, 2), a=2, b=(2, 2))
fn("seq2seq", lambda s, x: _s2s(s, x), R(3, 1, 2), e=nn.GRU(2, 2), d=nn.GRUCell(2, 2), o=(2, 2))
fn("seq_attn", lambda s, x: (lambda h: torch.softmax(h[-1] @ h.T, -1) @ h)(s.m(x)[0][:, 0]), R(3, 1, 2), m=nn.GRU(2, 2))
fn("lstm_mean", lambda s, x: s.m(x)[0].mean(0) @ s.v, R(3, 1, 2), m=nn.LSTM(2, 2), v=(2, 2))
fn("rnn_relu", lambda s, x: s.m(x)[0], R(3, 1, 2), m=nn.RNN(2, 2, nonlinearity="relu", bias=False))
fn("ntm_read", lambda s, x: torch.softmax(F.cosine_similarity((x @ s.k)[:, None], s.mem[None], -1) * F.softplus(x @ s.b), -1) @ s.mem, R(2, 3), k=(3, 2), mem=(4, 2), b=(3, 1))
fn("moco_logits", lambda s, x, y: torch.cat([((q := F.normalize(x @ s.a)) * F.normalize(y @ s.b)).sum(1, keepdim=True), q @ s.queue], 1), R(2, 3), R(2, 3), a=(3, 2), b=(3, 2), queue=torch.rand(2, 3))
fn("simclr", lambda s, x: (lambda z: (z @ z.T).masked_fill(torch.eye(3, dtype=torch.bool), inf).log_softmax(-1))(F.normalize(x @ s.w)), R(3, 2), w=(2, 2))
fn("barlow", lambda s, x, y: ((a := (x @ s.w)) - a.mean(0)).div(a.std(0)).T @ ((b := (y @ s.w)) - b.mean(0)).div(b.std(0)) / 3, R(3, 2), R(3, 2), w=(2, 2))
fn("siamese", lambda s, x, y: (x @ s.w - y @ s.w).abs() @ s.v, R(2, 3), R(2, 3), w=(3, 2), v=(2, 1))
fn("triplet_dist", lambda s, x, y: F.pairwise_distance(x @ s.w, y @ s.w), R(2, 3), R(2, 3), w=(3, 2))
fn("ode_rk4", lambda s, x: _rk4(s, x), R(2, 2), w=(2, 2))
fn("gauss_fourier_time", lambda s, x, t: x + F.silu(torch.cat([(t[:, None] * s.f * 6.28).sin(), (t[:, None] * s.f * 6.28).cos()], -1) @ s.a) @ s.b, R(2, 3), R(2), f=torch.rand(2), a=(4, 3), b=(3, 3))
fn("timestep_emb0", lambda s, x, t: x + torch.cat([(a := t[:, None] * torch.exp(-torch.arange(2) * 2.0)).cos(), a.sin()], -1) @ s.a, R(2, 3), ids(2), a=(4, 3))
fn("classifier_free", lambda s, x, y: x + s.e(y) * (1 - torch.zeros(2, 1)), R(2, 3), ids(2), e=nn.Embedding(3, 3))
fn("learned_sine", lambda s, x: torch.cat([s.t * x, torch.sin(x * s.f + s.p)], -1), R(2, 1), t=1, f=3, p=3)
fn("time2vec", lambda s, x: torch.cat([x @ s.a + s.b, torch.sin(x @ s.c + s.d)], -1), R(2, 3, 1), a=(1, 1), b=1, c=(1, 2), d=2)
fn("nbeats", lambda s, x: (lambda b, f: (x - b, f))(*torch.split(F.relu(x @ s.w) @ s.v, [3, 2], -1)), R(2, 3), w=(3, 4), v=(4, 5))
fn("dlinear", lambda s, x: (lambda t: (x - t) @ s.a + t @ s.b)(F.avg_pool1d(F.pad(x[:, None], (1, 1), mode="replicate"), 3, 1).squeeze(1)), R(1, 4), a=(4, 2), b=(4, 2))
fn("revin", lambda s, x: (lambda m, sd: (((x - m) / sd * s.g + s.b) @ s.w - s.b) / s.g * sd + m)(x.mean(1, keepdim=True), x.std(1, keepdim=True)), R(2, 4), g=1, b=1, w=(4, 4))
fn("nlinear", lambda s, x: (x - x[:, -1:]) @ s.w + x[:, -1:], R(2, 4), w=(4, 2))
fn("tcn", lambda s, x: F.relu(s.a(F.pad(x, (2, 0)))) + s.b(x), R(1, 2, 4), a=nn.Conv1d(2, 3, 2, dilation=2), b=nn.Conv1d(2, 3, 1))
fn("wavenet", lambda s, x: (lambda h: torch.tanh(h[:, :2]) * torch.sigmoid(h[:, 2:]))(s.a(F.pad(x, (1, 0)))), R(1, 2, 4), a=nn.Conv1d(2, 4, 2))
fn("ema_buffer", lambda s, x: x @ (0.9 * s.m + 0.1 * s.w), R(2, 3), w=(3, 2), m=torch.rand(3, 2))
fn("uncertain", lambda s, x: (lambda m, lv: torch.exp(-lv) * (m - x) ** 2 + lv)(x @ s.a, x @ s.b), R(2, 3), a=(3, 3), b=(3, 3))
fn("multitask_w", lambda s, x: torch.exp(-s.s[0]) * (x @ s.a).pow(2).mean() + s.s[0] + torch.exp(-s.s[1]) * (x @ s.b).pow(2).mean() + s.s[1], R(2, 3), a=(3, 2), b=(3, 2), s=2)
fn("mha_hand_nohead", lambda s, x: (lambda q, k, v: torch.softmax(torch.einsum("nhd,mhd->hnm", q, k), -1).transpose(0, 1).reshape(3, -1) @ s.o)(*(x @ s.w).view(3, 3, 2, 2).unbind(1)), R(3, 4), w=(4, 12), o=(6, 2))
fn("mqa", lambda s, x: (lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True))((x @ s.q).view(1, 3, 4, 2).transpose(1, 2), (x @ s.k).view(1, 3, 2, 2).transpose(1, 2), (x @ s.v).view(1, 3, 2, 2).transpose(1, 2)), R(3, 2), q=(2, 8), k=(2, 4), v=(2, 4))
fn("qkv_interleave", lambda s, x: (lambda t: F.scaled_dot_product_attention(t[0], t[1], t[2]))((x @ s.w).view(3, 2, 3, 2).permute(2, 1, 0, 3)), R(3, 2), w=(2, 12))
fn("sdpa_scale", lambda s, x: F.scaled_dot_product_attention((x @ s.q)[None], (x @ s.k)[None], (x @ s.v)[None], scale=1.0), R(3, 2), q=(2, 2), k=(2, 2), v=(2, 2))
fn("kv_memory", lambda s, x: torch.softmax((x @ s.q) @ torch.cat([s.mk, x @ s.k]).T, -1) @ torch.cat([s.mv, x @ s.v]), R(2, 3), q=(3, 2), k=(3, 2), v=(3, 2), mk=(2, 2), mv=(2, 2))
fn("pooled_query", lambda s, x: torch.softmax(s.q @ (x @ s.k).T, -1) @ x, R(3, 2), q=(1, 2), k=(2, 2))
fn("moe_expert_choice", lambda s, x: (lambda g: torch.einsum("ec,ecn,nd,edf->nf", *(lambda t: (t.values, F.one_hot(t.indices, 3).float()))(g.T.topk(2, -1)), x, s.e))(torch.softmax(x @ s.r, -1)), R(3, 2), r=(2, 2), e=(2, 2, 2))
fn("moe_softmax_topk", lambda s, x: (lambda g: torch.einsum("be,beo->bo", g * (g >= g.topk(1, -1).values), torch.einsum("bi,eio->beo", x, s.e)))(torch.softmax(x @ s.r, -1)), R(2, 3), r=(3, 2), e=(2, 3, 4))
fn("soft_moe", lambda s, x: (lambda l: torch.softmax(l, 1) @ (torch.softmax(l, 0).T @ x @ s.e))(x @ s.p), R(3, 2), p=(2, 2), e=(2, 2))
fn("mixture_depth", lambda s, x: x + torch.sigmoid(x @ s.r) * (x @ s.w), R(3, 2), r=(2, 1), w=(2, 2))
fn("capsule_em_vote", lambda s, x: torch.einsum("bic,ijcd->bijd", x, s.w).mean(1), R(1, 2, 2), w=(2, 3, 2, 2))
fn("tensor_sketch", lambda s, x: torch.einsum("bi,bj->bij", x @ s.a, x @ s.b).flatten(1) @ s.c, R(2, 3), a=(3, 2), b=(3, 2), c=(4, 2))
fn("poly_attn_mlp", lambda s, x: ((x @ s.a) * (x @ s.b) * (x @ s.c)) @ s.d, R(2, 3), a=(3, 2), b=(3, 2), c=(3, 2), d=(2, 2))
fn("xdeepfm", lambda s, x: torch.einsum("bhd,bmd,hmo->bod", x, x, s.w), R(1, 2, 2), w=(2, 2, 3))
fn("afm", lambda s, x: (lambda p: (torch.softmax(F.relu(p @ s.a) @ s.h, 1) * p).sum(1))((x[:, [0, 0, 1]] * x[:, [1, 2, 2]])), R(1, 3, 2), a=(2, 2), h=(2, 1))
fn("senet_rec", lambda s, x: x * F.relu(F.relu(x.mean(-1) @ s.a) @ s.b)[..., None], R(1, 3, 2), a=(3, 2), b=(2, 3))
fn("pnn", lambda s, x: torch.cat([x.flatten(1), torch.stack([(x[:, i] * x[:, j]).sum(-1) for i in range(3) for j in range(i)], 1)], 1) @ s.w, R(1, 3, 2), w=(9, 2))
fn("autoint", lambda s, x: F.relu(x @ s.r + torch.softmax((x @ s.q) @ (x @ s.k).transpose(1, 2), -1) @ (x @ s.v)), R(1, 3, 2), q=(2, 2), k=(2, 2), v=(2, 2), r=(2, 2))
fn("tabnet_mask", lambda s, x: (x * torch.softmax(s.p * (x @ s.w), -1)) @ s.v, R(2, 3), p=3, w=(3, 3), v=(3, 2))
fn("ft_tok", lambda s, x: x[..., None] * s.w + s.b, R(2, 3), w=(3, 2), b=(3, 2))
fn("nam", lambda s, x: torch.stack([F.relu(x[:, k : k + 1] @ s.a[k]) @ s.b[k] for k in range(3)]).sum(0), R(2, 3), a=(3, 1, 2), b=(3, 2, 1))
fn("grownet", lambda s, x: (h := x @ s.a) * s.t + torch.cat([x, h], -1) @ s.b, R(2, 3), a=(3, 2), b=(5, 2), t=1)


def _rnn(x, w, u, h=None):
    h = torch.zeros(2) if h is None else h
    out = []
    for t in range(len(x)):
        h = torch.tanh(x[t] @ w + h @ u)
        out.append(h)
    return torch.stack(out)


def _caps(s, x):
    u = torch.einsum("bic,ijcd->bijd", x, s.w)
    b = torch.zeros(1, 2, 3)
    for k in range(2):
        c = torch.softmax(b, 2)
        v = (c[..., None] * u).sum(1)
        n = v.pow(2).sum(-1, keepdim=True)
        v = n / (1 + n) * v / (n + 1e-8).sqrt()
        if k == 0:
            b = b + (u * v[:, None]).sum(-1)
    return v


def _hmm(s, x):
    a = torch.log_softmax(x[0] @ s.w, -1)
    for t in range(1, 3):
        a = torch.logsumexp(a[:, None] + torch.log_softmax(s.t, -1), 0) + torch.log_softmax(x[t] @ s.w, -1)
    return torch.logsumexp(a, 0)


def _delta(s, x):
    S, out = torch.zeros(2, 2), []
    for t in range(3):
        k, v, q, b = x[t] @ s.k, x[t] @ s.v, x[t] @ s.q, torch.sigmoid(x[t] @ s.b)
        S = S + b * torch.outer(v - S @ k, k)
        out.append(S @ q)
    return torch.stack(out)


def _gru(s, x):
    h, out = torch.zeros(2), []
    for t in range(3):
        z = torch.sigmoid(x[t] @ s.wz + h @ s.uz)
        h = (1 - z) * h + z * torch.tanh(x[t] @ s.wh + h @ s.uh)
        out.append(h)
    return torch.stack(out)


def _lstm(s, x, p=None):
    h = c = torch.zeros(2)
    out = []
    for t in range(3):
        i, f, g, o = (x[t] @ s.w + h @ s.u + s.b).chunk(4)
        if p is not None:
            f = f + p * c
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        out.append(h)
    return torch.stack(out)


def _indrnn(s, x):
    h, out = torch.zeros(2), []
    for t in range(3):
        h = F.relu(x[t] @ s.w + s.u * h)
        out.append(h)
    return torch.stack(out)


def _convrnn(s, x):
    h = torch.zeros(1, 2, 3, 3)
    for t in range(2):
        h = torch.tanh(s.a(x[t]) + s.b(h))
    return h


def _lru(s, x):
    h, out = torch.zeros(2), []
    lam = torch.exp(-torch.exp(s.nu))
    for t in range(3):
        h = lam * h + torch.sqrt(1 - lam**2) * (x[t] @ s.b)
        out.append(h @ s.c)
    return torch.stack(out)


def _s2s(s, x):
    h = s.e(x)[1][0]
    y, out = torch.zeros(1, 2), []
    for _ in range(2):
        h = s.d(y, h)
        y = h @ s.o
        out.append(y)
    return torch.stack(out)


def _rk4(s, x):
    f = lambda y: torch.tanh(y @ s.w)
    k1 = f(x)
    k2 = f(x + 0.05 * k1)
    k3 = f(x + 0.05 * k2)
    k4 = f(x + 0.1 * k3)
    return x + 0.1 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

torch.set_rng_state(_random)
