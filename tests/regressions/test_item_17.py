"""Item 17: operators that had no rule.

All of ``torch.fft`` and ``stft``, ``linalg`` and ``parametrizations.orthogonal``, ``masked_select`` with
a constant mask, einsum with a repeated letter, fractional pooling, in-place ``squeeze_``, ``quantile``,
``vmap``, ``index_reduce``, sparse mm, learnable fake-quant and QAT observers, ``func.jvp``/``grad``
inside forward, converted PTQ modules. Operator by operator: ``tests/frontends/torch/dependence``.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from reprior import analyze
from reprior.errors import RepriorError


class Applied(nn.Module):
    """A function of what is fed and of parameters."""

    def __init__(self, function: Callable[..., Any], *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.function = function
        self.learned = nn.ParameterList([nn.Parameter(torch.ones(shape)) for shape in shapes])

    def forward(self, *fed: torch.Tensor) -> Any:
        return self.function(*fed, *self.learned)


def _counts(function: Callable[..., Any], shape: tuple[int, ...], fed: Any) -> list[Any]:
    return analyze(Applied(function, shape), fed, exact=True).counts("learned.0").tolist()


# Number of outputs along the axes of a transform of four (or four by four) numbers.
TRANSFORMS = {
    "fft": 4, "ifft": 4, "rfft": 3, "irfft": 6, "hfft": 6, "ihfft": 3,
    "fft2": 16, "ifft2": 16, "rfft2": 12, "irfft2": 24, "hfft2": 24, "ihfft2": 12,
    "fftn": 16, "ifftn": 16, "rfftn": 12, "irfftn": 24, "hfftn": 24, "ihfftn": 12,
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMS)
def test_item_17_fourier(name: str) -> None:
    transform = getattr(torch.fft, name)
    found = _counts(lambda x, w: transform(x * w).abs(), (4, 4), torch.zeros(1, 4))
    assert found == [[TRANSFORMS[name]] * 4] * 4


def test_item_17_shifts_move() -> None:
    for shift in (torch.fft.fftshift, torch.fft.ifftshift):
        assert _counts(lambda x, w, shift=shift: shift(x * w), (4,), torch.zeros(1, 4)) == [1] * 4


def test_item_17_short_time_fourier_transform() -> None:
    def spectrum(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.stft(x * w, 4, 2, window=torch.ones(4), center=False, return_complex=True).abs()

    # Windows of four at 0, 2 and 4, three frequencies each.
    assert _counts(spectrum, (8,), torch.zeros(1, 8)) == [3, 3, 6, 6, 6, 6, 3, 3]

    def back(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        window = torch.hann_window(8)
        turned = torch.stft(x * w, 8, 4, window=window, return_complex=True)
        return torch.istft(turned, 8, 4, window=window)

    assert min(_counts(back, (32,), torch.zeros(1, 32))) > 0


@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("sizes", [(3, 3), (3, 2), (2, 3)])
def test_item_17_orthogonal_weights(kind: str, sizes: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = nn.utils.parametrizations.orthogonal(nn.Linear(*sizes), orthogonal_map=kind)
    analysis = analyze(layer, torch.zeros(1, sizes[0]), exact=True)
    counts = torch.from_numpy(analysis.counts("parametrizations.weight.original").astype(float))
    # A square one is made of the lower half of what is learned.
    unused = torch.ones(3, 3).triu(1) if sizes == (3, 3) else torch.zeros_like(counts)
    assert (counts == 0)[unused.bool()].all()
    assert (counts > 0).sum() >= 3


def test_item_17_masked_select() -> None:
    mask = torch.tensor([True, False, True])
    assert _counts(lambda x, w: torch.masked_select(x * w, mask), (3,), torch.zeros(2, 3)) == [2, 0, 2]
    with pytest.raises(RepriorError, match="shapes depend on data; real=True"):
        _counts(lambda x, w: torch.masked_select(w, x > 0), (3,), torch.zeros(3))


def test_item_17_einsum_takes_the_diagonal() -> None:
    assert _counts(lambda x, w: torch.einsum("ii,bi->b", w, x), (2, 2), torch.zeros(3, 2)) == [[3, 0], [0, 3]]


def test_item_17_shapes_changed_in_place() -> None:
    def forward(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        y = (x * w).unsqueeze(1)
        first = y[0]
        y.squeeze_(1)
        y.unsqueeze_(0)
        y.transpose_(1, 2)
        y = y.squeeze(0).t_()
        y[:, 1] = 0  # seen by the view taken before the shape changed
        return torch.cat([y, first])

    assert _counts(forward, (3,), torch.zeros(2, 3)) == [3, 0, 3]


def test_item_17_quantiles() -> None:
    at = torch.tensor([0.2, 0.8])
    for function in (torch.quantile, torch.nanquantile):
        for level, results in ((0.5, 1), (at, 2)):
            found = _counts(lambda x, w, f=function, q=level: f(x * w, q, dim=1), (3,), torch.zeros(2, 3))
            assert found == [2 * results] * 3


def test_item_17_fractional_pooling() -> None:
    pool = nn.FractionalMaxPool2d(2, output_size=2)
    # Of four positions, the windows start at 0 and 2.
    assert _counts(lambda x, w: pool(x * w), (4, 4), torch.zeros(1, 1, 4, 4)) == [[1] * 4] * 4
    # Of five, the step is 3, whatever is drawn.
    found = _counts(
        lambda x, w: nn.FractionalMaxPool3d(2, output_size=2)(x * w), (5,), torch.zeros(1, 1, 5, 5, 5)
    )
    assert found == [16, 16, 0, 16, 16]


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")
def test_item_17_transforms_of_functions() -> None:
    batch = torch.zeros(4, 3)
    assert _counts(lambda x, w: torch.vmap(lambda one: one @ w)(x), (3, 2), batch) == [[4, 4]] * 3
    assert _counts(lambda x, w: torch.vmap(lambda a, b: (a * b).sum())(x, w), (4, 3), batch) == [[1] * 3] * 4
    assert _counts(lambda x, w: torch.func.jvp(lambda a: a * w, (x,), (x,))[1], (3,), batch) == [4] * 3
    assert _counts(lambda x, w: torch.func.grad(lambda a: (a * w).sum())(x), (3,), batch) == [4] * 3


@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
@pytest.mark.parametrize("layout", ["coo", "csr"])
def test_item_17_sparse_matrices(layout: str) -> None:
    edges = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    held = edges.to_sparse() if layout == "coo" else edges.to_sparse_csr()
    # Row 1 is read by row 0; rows 0 and 2 by row 1; nothing by row 2.
    for product in (lambda x, w: torch.sparse.mm(held, x * w), lambda x, w: held @ (x * w)):
        assert _counts(product, (3, 2), torch.zeros(3, 2)) == [[1, 1]] * 3


def test_item_17_a_sparse_matrix_that_is_fed() -> None:
    fed = [torch.eye(2).to_sparse(), torch.zeros(2, 3)]
    assert _counts(lambda a, x, w: torch.sparse.mm(a, x @ w), (3, 2), fed) == [[4, 4]] * 3


def test_item_17_learnable_rounding() -> None:
    def forward(x: torch.Tensor, s: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return torch._fake_quantize_learnable_per_channel_affine(x, s, z, 1, -128, 127, 1.0)

    analysis = analyze(Applied(forward, (3,), (3,)), torch.zeros(2, 3), exact=True)
    assert analysis.counts("learned.0").tolist() == [2] * 3


def _network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2))


@pytest.fixture
def quantisation() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch moves it elsewhere
        yield torch.ao.quantization


IMAGE = torch.zeros(1, 3, 3, 3)


def test_item_17_dynamic_quantisation(quantisation: Any) -> None:
    network = _network().eval()
    plain = analyze(network, IMAGE, exact=True)
    small = quantisation.quantize_dynamic(copy.deepcopy(network), {nn.Linear}, dtype=torch.qint8)
    found = analyze(small, IMAGE, exact=True)
    assert [row.name for row in found.parameters] == [row.name for row in plain.parameters]
    for row in plain.parameters:
        assert (found.counts(row.name) == plain.counts(row.name)).all()


def test_item_17_static_quantisation(quantisation: Any) -> None:
    network = _network().eval()
    folded = quantisation.fuse_modules(copy.deepcopy(network), [["0", "1", "2"]])
    plain = analyze(folded, IMAGE, exact=True)
    staged = nn.Sequential(quantisation.QuantStub(), folded, quantisation.DeQuantStub())
    staged.qconfig = quantisation.default_qconfig
    prepared = quantisation.prepare(staged)
    prepared(torch.rand(2, 3, 3, 3))
    for stage in (prepared, quantisation.convert(copy.deepcopy(prepared))):
        found = analyze(stage, IMAGE, exact=True)
        assert found.num_parameters == plain.num_parameters
        assert found.log2_total_contexts == plain.log2_total_contexts


def test_item_17_training_that_knows_of_rounding(quantisation: Any) -> None:
    network = _network()
    plain = analyze(network, IMAGE, exact=True)
    staged = nn.Sequential(quantisation.QuantStub(), network.train(), quantisation.DeQuantStub())
    staged.qconfig = quantisation.get_default_qat_qconfig("fbgemm")
    aware = analyze(quantisation.prepare_qat(staged), IMAGE, exact=True)
    assert aware.num_parameters == plain.num_parameters
    for name in ("0.weight", "4.weight", "4.bias"):
        assert (aware.counts(f"1.{name}") == plain.counts(name)).all()
