"""Count contexts of a small torch module by brute force over scalars.

An independent oracle. The module runs for real on a tiny example; under a dispatch mode every scalar of
every tensor is a node of one graph, kept *by memory*: each storage has an array with one node number per
element, so that views, strides and writes in place need no rules. What an operator's result elements
depend on is written out for sums, products and norms, and found by perturbation otherwise.

Then normalisations lose their statistics' edges, pointwise values with a single pointwise consumer merge,
and one pass in topological order counts paths in Python integers.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

__all__ = ["contexts"]

CONST = -1
"""The number of an element that is known; its value stands in the tensor, zero for no element."""


def _names(text):
    return frozenset(text.split())


POINTWISE, SUM, REDUCE, OTHER, LEAF = "pointwise", "sum", "reduce", "other", "leaf"

MOVES = _names(
    "cat stack clone _to_copy constant_pad_nd index_select gather index embedding flip roll repeat tril triu "
    "tril_ triu_ slice_scatter select_scatter diagonal_scatter as_strided_scatter im2col reflection_pad1d "
    "reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d "
    "pixel_shuffle "
    "pixel_unshuffle channel_shuffle upsample_nearest1d upsample_nearest2d upsample_nearest3d "
    "_upsample_nearest_exact1d _upsample_nearest_exact2d masked_select take index_copy "
    "index_copy_ fill_ fill "
    "zero_ scatter scatter_ index_fill index_fill_ masked_scatter masked_scatter_ _index_put_impl_ index_put "
    "index_put_ diag_embed unfold _unsafe_index _unsafe_masked_index put_ put"
)
WRITES = _names("index_copy scatter index_fill masked_scatter _index_put_impl index_put put")
REDUCTIONS = _names(
    "sum mean amax amin max min var std var_mean std_mean linalg_vector_norm norm prod logsumexp any all "
    "argmax "
    "argmin median nanmedian aminmax count_nonzero kthvalue mode nansum"
)
ALONG = _names("sort topk argsort cummax cummin msort")
EXTRA_POINTWISE = _names(
    "complex polar view_as_real view_as_complex _prelu_kernel real imag masked_fill masked_fill_ angle"
)
POOLS = _names(
    "avg_pool1d avg_pool2d avg_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_avg_pool1d "
    "max_pool2d_with_indices max_pool3d_with_indices adaptive_max_pool2d adaptive_max_pool3d "
    "adaptive_max_pool1d"
)


FACTORIES = _names(
    "zeros_like ones_like full_like empty_like rand_like randn_like new_zeros new_ones new_full new_empty "
    "new_empty_strided empty_strided"
)


class Row:
    """The elements that share a statistic of a framework's norm."""

    def __init__(self, ids):
        self.nodes, self.size = [int(i) for i in ids if i != CONST], len(ids)


class Graph:
    """Nodes of scalars. A node's `args` keep the operator's own order, constants as CONST."""

    def __init__(self):
        self.kind, self.call, self.args, self.what, self.src = [], [], [], [], []
        self.products = {}
        self.calls = 0
        self.siblings, self.where, self.rows = {}, {}, {}

    def new_call(self):
        self.calls += 1
        return self.calls

    def place(self, ids):
        """Remember where in its tensor each new element stands."""
        for k, i in enumerate(ids.reshape(-1).tolist()):
            if i != CONST:
                self.where.setdefault(i, (ids.shape, k))

    def node(self, kind, call, args, what):
        self.kind.append(kind)
        self.call.append(call)
        self.args.append(tuple(args))
        self.what.append(what)
        real = [a for a in args if a != CONST]
        self.src.append(list(dict.fromkeys(real)) if kind == POINTWISE else real)
        return len(self.kind) - 1


def draw(tensor, mask, rng, style, high=None):
    """`tensor` with fresh random values where `mask` is set."""
    m = torch.from_numpy(np.array(mask))
    shape = tuple(tensor.shape)
    if tensor.dtype == torch.bool:
        new = torch.from_numpy(rng.integers(0, 2, shape).astype(bool))
    elif not (tensor.is_floating_point() or tensor.is_complex()):
        new = torch.from_numpy(np.asarray(rng.integers(0, high or (3 if style % 2 else 50), shape))).to(
            tensor.dtype
        )
    else:
        a = rng.normal(size=shape) * 1.5
        if style % 3 == 1:
            a = np.abs(a) + 0.1
        if style % 3 == 2:
            a = rng.uniform(-0.95, 0.95, shape)
        new = torch.from_numpy(np.asarray(a).reshape(shape)).to(tensor.dtype)
        if tensor.is_complex():
            new = new + 1j * torch.from_numpy(np.asarray(rng.normal(size=shape)))
            new = new.to(tensor.dtype)
    return torch.where(m.reshape(shape), new.reshape(shape), tensor.detach().clone())


def differs(a, b):
    a, b = a.detach(), b.detach()
    d = a != b
    if a.is_floating_point() or a.is_complex():
        d &= ~(torch.isnan(a) & torch.isnan(b))
    return d.numpy()


class Tracer(TorchDispatchMode):
    def __init__(self, local, seed=0):
        super().__init__()
        self.graph = Graph()
        self.local = local
        self.memory = {}
        self.keep = []
        self.rng = np.random.default_rng(seed)
        self.unknown = set()

    # memory ---------------------------------------------------------------------------------------------
    def cells(self, t, create=False):
        s = t.untyped_storage()
        key = s._cdata
        if key not in self.memory:
            if not create:
                return None
            self.memory[key] = np.full(max(1, s.nbytes() // t.element_size()), CONST, dtype=np.int64)
            self.keep.append((s, t))
        base = self.memory[key]
        strides = [8 * k for k in t.stride()]
        return np.lib.stride_tricks.as_strided(base[t.storage_offset() :], tuple(t.shape), strides)

    def ids(self, t):
        c = self.cells(t)
        return np.full(tuple(t.shape), CONST, dtype=np.int64) if c is None else np.array(c)

    def write(self, t, ids):
        c = self.cells(t, create=True)
        c[...] = np.asarray(ids).reshape(tuple(t.shape))

    def leaf(self, t, name):
        call = self.graph.new_call()
        ids = np.array([self.graph.node(LEAF, call, (), name) for _ in range(t.numel())], dtype=np.int64)
        self.write(t, ids)
        return ids.reshape(tuple(t.shape))

    # dispatch -------------------------------------------------------------------------------------------
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        schema = func._schema
        name = schema.name.split("::")[1]
        bound = {}
        for position, a in enumerate(schema.arguments):
            if position < len(args):
                bound[a.name] = args[position]
            elif a.name in kwargs:
                bound[a.name] = kwargs[a.name]
            else:
                bound[a.name] = a.default_value if a.has_default_value() else None
        tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
        dynamic = [t for t in tensors if (self.ids(t) != CONST).any()]
        if not dynamic:
            out = func(*args, **kwargs)
            return out
        if name in ("view_as_real", "view_as_complex"):
            out = func(*args, **kwargs).clone()
            ids = self.ids(tensors[0])
            if name == "view_as_real":
                ids = np.stack([ids, ids], -1)
                self.write(out, ids)
            else:
                call = self.graph.new_call()
                pairs = ids.reshape(-1, 2).tolist()
                new = [
                    CONST if p == [CONST, CONST] else self.graph.node(POINTWISE, call, p, name) for p in pairs
                ]
                self.write(out, np.array(new))
            return out
        if schema.returns and schema.returns[0].alias_info is not None and not schema.is_mutable:
            return func(*args, **kwargs)
        if name in FACTORIES or name in ("_local_scalar_dense", "equal", "is_nonzero"):
            return func(*args, **kwargs)
        before = tree_map(lambda x: x.detach().clone() if isinstance(x, torch.Tensor) else x, (args, kwargs))
        befores = [x for x in tree_flatten(before)[0] if isinstance(x, torch.Tensor)]
        ids = [self.ids(t) for t in tensors]
        out = func(*args, **kwargs)
        outs = [o for o in tree_flatten(out)[0] if isinstance(o, torch.Tensor)]
        if not schema.is_mutable and all(self.cells(o) is not None for o in outs):
            return out  # a view by another name
        lookup = {id(t): i for t, i in zip(tensors, ids, strict=False)}
        real = {id(t): b for t, b in zip(tensors, befores, strict=False)}
        self.now = (func, before, befores, ids, outs, bound, lookup, real)
        handler = getattr(self, "op_" + name.rstrip("_"), None)
        if name == "copy_":
            results = [np.broadcast_to(lookup[id(args[1])], tuple(outs[0].shape))]
        elif handler is not None:
            results = handler()
        elif name in MOVES:
            results = self.moved()
        elif name in REDUCTIONS:
            results = self.reduced(name)
        elif torch.Tag.pointwise in func.tags or name in EXTRA_POINTWISE:
            results = [self.pointwise(name.rstrip("_"))]
        elif name in ALONG:
            results = self.along(name)
        else:
            results = self.numerical(name)
        for o, r in zip(outs, results, strict=False):
            if r is not None:
                self.graph.place(np.asarray(r).reshape(tuple(o.shape)))
                self.write(o, r)
        return out

    # generic rules --------------------------------------------------------------------------------------
    def call_with(self, values):
        """The operator again, on other tensors in the same places."""
        func, before, *_ = self.now
        it = iter(values)
        a, k = tree_map(lambda x: next(it).clone() if isinstance(x, torch.Tensor) else x, before)
        out = func(*a, **k)
        return [o for o in tree_flatten(out)[0] if isinstance(o, torch.Tensor)]

    def pointwise(self, what):
        _func, _before, befores, ids, outs, _bound, *_ = self.now
        shape = tuple(outs[0].shape)
        wide = [np.broadcast_to(i, shape) for i in ids]
        depends = [np.zeros(shape, bool) for _ in ids]
        for style in range(18):
            base = [draw(b, i != CONST, self.rng, style) for b, i in zip(befores, ids, strict=False)]
            try:
                first = self.call_with(base)[0]
                for k, i in enumerate(ids):
                    if (i != CONST).any():
                        other = list(base)
                        other[k] = draw(befores[k], i != CONST, self.rng, style)
                        depends[k] |= differs(first, self.call_with(other)[0])
            except RuntimeError:
                if style == 17:
                    raise
        if what in ("add", "sub") and len(ids) == 2:
            for k in (0, 1):  # an additive mask: terms of at most -10,000, or of 0 and at most -100
                sign = -1 if what == "sub" and k == 1 else 1
                term = sign * befores[k].double().numpy()
                values = np.unique(term)
                two = (ids[k] == CONST).all() and len(values) == 2 and values[1] == 0 and values[0] <= -100
                masked = np.broadcast_to((ids[k] == CONST) & ((term <= -1e4) | (two & (term <= -100))), shape)
                if masked.any():
                    outs[0][torch.from_numpy(np.array(masked))] = -np.inf
                    depends = [d & ~masked for d in depends]
        call = self.graph.new_call()
        for i in ids:  # the calls that one operand joins (concatenation, writes into slices)
            calls = {self.graph.call[k] for k in np.unique(i) if k != CONST}
            for c in calls if len(calls) > 1 else []:
                self.graph.siblings.setdefault(c, {c}).update(calls)
        out = np.full(shape, CONST, dtype=np.int64)
        for at in np.ndindex(shape):
            a = [int(w[at]) if d[at] else CONST for w, d in zip(wide, depends, strict=False)]
            live = [x for x in a if x != CONST]
            if what in ("masked_fill", "where") and len(live) == 1:
                out[at] = live[0]  # chosen by a known mask: the same element
            elif live:
                out[at] = self.graph.node(POINTWISE, call, a, what)
        return out

    def numbered(self, ids):
        return torch.from_numpy(np.array(ids + 1, dtype=np.float64))

    def moved(self):
        """Same elements elsewhere: run the operator on node numbers."""
        func, before, befores, ids, outs, bound, _lookup, _real = self.now
        name = func._schema.name.split("::")[1].rstrip("_")
        indexes = ("index", "indices", "mask")
        is_index, payload = [], []

        def note(x, index):
            if isinstance(x, torch.Tensor):
                is_index.append(index)
                payload.append(x)
            elif isinstance(x, (list, tuple)):
                for y in x:
                    note(y, index)

        order = {}
        for a in func._schema.arguments:
            order[a.name] = a.name in indexes or (name == "embedding" and a.name == "indices")
        flags = []
        for a in func._schema.arguments:
            v = bound[a.name]
            items = v if isinstance(v, (list, tuple)) else [v]
            flags += [order[a.name] for x in items if isinstance(x, torch.Tensor)]
        accumulate = bool(bound.get("accumulate")) or bound.get("reduce") is not None
        if accumulate:
            return self.numerical(name)
        fed = any(f and (i != CONST).any() for f, i in zip(flags, ids, strict=False))

        def run(index_values):
            values = [index_values[k] if flags[k] else self.numbered(ids[k]) for k in range(len(ids))]
            it = iter(values)
            skip = {"value": 0.0, "fill_value": 0.0}
            f, (a, k) = func, before
            a = list(a)
            for p, arg in enumerate(func._schema.arguments):
                if p < len(a) and arg.name in skip and not isinstance(a[p], torch.Tensor):
                    a[p] = 0.0
            k = {n: (0.0 if n in skip and not isinstance(v, torch.Tensor) else v) for n, v in k.items()}
            a, k = tree_map(lambda x: next(it).clone() if isinstance(x, torch.Tensor) else x, (a, k))
            if name == "_to_copy":
                return [a[0]]
            if name == "clone":
                return [a[0]]
            if name == "zero":
                return [torch.zeros_like(a[0])]
            out = f(*a, **k)
            return [o for o in tree_flatten(out)[0] if isinstance(o, torch.Tensor)]

        if not fed:
            return [o.numpy().astype(np.int64) - 1 for o in run(befores)]
        sizes = self.index_sizes(name, bound)
        shape = tuple(outs[0].shape)
        seen, drawn = {at: {} for at in np.ndindex(shape)}, []
        for trial in range(150):
            values = list(befores)
            n = 0
            for k, f in enumerate(flags):
                if f:
                    high = sizes[n] if isinstance(sizes, list) else sizes
                    values[k] = draw(befores[k], ids[k] != CONST, self.rng, trial, high)
                    n += 1
            drawn.append(values)
            got = run(values)[0].numpy().astype(np.int64) - 1
            for at in np.ndindex(shape):
                seen[at][int(got[at])] = None
        call = self.graph.new_call()
        out = np.full(shape, CONST, dtype=np.int64)
        chosen = {at: set() for at in np.ndindex(shape)}  # computed indices that choose this element
        for k, f in enumerate(flags):
            for where in np.ndindex(ids[k].shape) if f else []:
                i = int(ids[k][where])
                if i == CONST or self.graph.kind[i] == LEAF:
                    continue
                high = (sizes[sum(flags[:k])] if isinstance(sizes, list) else sizes) or 1
                results = []
                for v in range(high):
                    values = list(befores)
                    values[k] = befores[k].clone()
                    values[k][where] = v
                    results.append((run(values)[0].numpy(), self.call_with(values)[0].numpy()))
                for at in np.ndindex(shape):
                    if len({(float(r[at]), float(x[at])) for r, x in results}) > 1:
                        chosen[at].add(i)
        writes = name in WRITES
        trials = [self.call_with(values)[0].numpy() for values in drawn[:40]] if writes else []
        for at in np.ndindex(shape):
            if writes and set(seen[at]) == {CONST} and len({float(x[at]) for x in trials}) == 1:
                continue  # never written to
            live = [s for s in sorted(seen[at]) if s != CONST]
            edges = live + [i for i in chosen[at] for _ in range(max(1, len(live)))]
            out[at] = self.graph.node(OTHER, call, edges, "lookup")
        return [out]

    def index_sizes(self, name, bound):
        if name in ("embedding", "_embedding_bag"):
            return bound["weight"].shape[0]
        if name in (
            "gather",
            "scatter",
            "index_select",
            "index_copy",
            "index_fill",
            "index_add",
            "scatter_add",
            "scatter_reduce",
        ):
            s = bound["self"].shape
            return s[bound["dim"]] if s else 1
        if name == "nll_loss_forward":
            return bound["self"].shape[1]
        if name in ("take", "put"):
            return bound["self"].numel()
        if name in ("index", "index_put", "_index_put_impl", "_unsafe_index"):
            return [bound["self"].shape[k] for k, x in enumerate(bound["indices"]) if x is not None]
        return None

    def numerical(self, what, kind=OTHER):
        """Perturb every element, over several draws of all the others."""
        func, _before, befores, ids, outs, bound, *_ = self.now
        name = func._schema.name.split("::")[1].rstrip("_")
        sizes = self.index_sizes(name, bound)
        found = [[dict() for _ in range(o.numel())] for o in outs]
        fed_index = False
        draws = 6
        isint = [not (b.is_floating_point() or b.is_complex() or b.dtype == torch.bool) for b in befores]
        if any(n and (i != CONST).any() for n, i in zip(isint, ids, strict=False)):
            fed_index, draws = True, 60
        for style in range(draws):
            n, base = 0, []
            for b, i, z in zip(befores, ids, isint, strict=False):
                high = None
                if z:
                    high = sizes[n] if isinstance(sizes, list) else sizes
                    n += 1
                base.append(draw(b, i != CONST, self.rng, style, high))
            try:
                first = self.call_with(base)
            except RuntimeError:
                continue
            for k, i in enumerate(ids):
                if isint[k]:
                    continue
                for at in [p for p in np.ndindex(i.shape) if i[p] != CONST]:
                    for delta in (100.0, -100.0, 0.37):
                        other = list(base)
                        other[k] = base[k].clone()
                        if other[k].dtype == torch.bool:
                            other[k][at] = ~other[k][at]
                        else:
                            other[k][at] += delta
                        try:
                            second = self.call_with(other)
                        except RuntimeError:
                            continue
                        for o, (f, s) in enumerate(zip(first, second, strict=False)):
                            if f.shape == s.shape:
                                for e in np.flatnonzero(differs(f, s)):
                                    found[o][e][(k, at)] = int(i[at])
        results = []
        for o, out in enumerate(outs):
            call = self.graph.new_call()
            r = np.full(out.numel(), CONST, dtype=np.int64)
            for e, sources in enumerate(found[o]):
                if sources or fed_index:
                    r[e] = self.graph.node(kind, call, list(sources.values()), what)
            results.append(r)
        return results

    def reduced(self, name):
        _func, _before, befores, ids, outs, bound, *_ = self.now
        x = ids[0]
        dims = bound.get("dim")
        if "dim" not in bound or dims is None or dims == []:
            if name in ("max", "min") and len(ids) == 2:
                return [self.pointwise(name)]
            dims = list(range(x.ndim))
        dims = [dims] if isinstance(dims, int) else list(dims)
        if x.ndim == 0:
            rows, values = x.reshape(1, 1), befores[0].numpy().reshape(1, 1)
        else:
            dims = [d % x.ndim for d in dims]
            kept = [d for d in range(x.ndim) if d not in dims]
            size = int(np.prod([x.shape[d] for d in dims], dtype=int))
            rows = x.transpose(kept + dims).reshape(-1, size)
            values = befores[0].numpy().transpose(kept + dims).reshape(-1, size)
        results = []
        for _ in outs:
            call = self.graph.new_call()
            r = np.full(len(rows), CONST, dtype=np.int64)
            for e, row in enumerate(rows):
                known = values[e][row == CONST]
                if (row == CONST).all():
                    continue
                if (
                    (name == "prod" and (known == 0).any())
                    or (name == "all" and (~known.astype(bool)).any())
                    or (name == "any" and known.astype(bool).any())
                ):
                    continue
                r[e] = self.graph.node(REDUCE, call, row.tolist(), name)
            results.append(r)
        return results

    def along(self, name):
        _func, _before, _befores, ids, outs, bound, *_ = self.now
        dim = bound.get("dim")
        dim = -1 if dim is None else dim
        x = np.moveaxis(ids[0], dim, -1)
        results = []
        for o in outs:
            call = self.graph.new_call()
            shape = np.moveaxis(np.empty(tuple(o.shape)), dim, -1).shape
            r = np.full(shape, CONST, dtype=np.int64)
            for at in np.ndindex(shape):
                row = x[at[:-1]]
                if name.startswith("cum"):
                    row = row[: at[-1] + 1]
                if (row != CONST).any():
                    r[at] = self.graph.node(OTHER, call, row.tolist(), name)
            results.append(np.moveaxis(r, -1, dim))
        return results

    # products -------------------------------------------------------------------------------------------
    def sums(self, shape, terms, what):
        """One node an output element; `terms` yields (position, [(id, value), ...]) products."""
        at_terms = {}
        for at, factors in terms:
            if any(i == CONST and v == 0 for i, v in factors):
                continue
            live = tuple(i for i, _ in factors if i != CONST)
            if live:
                at_terms.setdefault(at, []).append(live)
        call = self.graph.new_call()
        out = np.full(shape, CONST, dtype=np.int64)
        for at, products in at_terms.items():
            n = self.graph.node(SUM, call, [i for p in products for i in p], what)
            self.graph.products[n] = products
            out[at] = n
        return out

    def biased(self, s, svals, bias, bvals):
        """A pointwise addition. A side that is a known zero adds nothing."""
        bias, bvals = np.broadcast_to(bias, s.shape), np.broadcast_to(bvals, s.shape)
        call = self.graph.new_call()
        out = np.full(s.shape, CONST, dtype=np.int64)
        for at in np.ndindex(s.shape):
            if bias[at] == CONST and bvals[at] <= -1e4:
                self.now[4][0][at] = -np.inf
            elif s[at] != CONST or bias[at] != CONST:
                out[at] = self.graph.node(POINTWISE, call, [int(s[at]), int(bias[at])], "add")
        return out

    def matrix(self, a, av, b, bv):
        shape = a.shape[:-1] + b.shape[-1:]

        def terms():
            for lead in np.ndindex(a.shape[:-2]):
                for i in range(a.shape[-2]):
                    for j in range(b.shape[-1]):
                        for k in range(a.shape[-1]):
                            yield (
                                (*lead, i, j),
                                [
                                    (int(a[(*lead, i, k)]), av[(*lead, i, k)]),
                                    (int(b[(*lead, k, j)]), bv[(*lead, k, j)]),
                                ],
                            )

        return self.sums(shape, terms(), "matmul")

    def op_mm(self):
        _, _, v, i, *_ = self.now
        return [self.matrix(i[0], v[0].numpy(), i[1], v[1].numpy())]

    op_bmm = op_mm

    def op_mv(self):
        _, _, v, i, *_ = self.now
        return [self.matrix(i[0], v[0].numpy(), i[1][:, None], v[1].numpy()[:, None])[:, 0]]

    def op_dot(self):
        _, _, v, i, *_ = self.now
        return [self.matrix(i[0][None], v[0].numpy()[None], i[1][:, None], v[1].numpy()[:, None])[0, 0]]

    op_vdot = op_dot

    def op_addmm(self):
        _, _, v, i, *_ = self.now
        s = self.matrix(i[1], v[1].numpy(), i[2], v[2].numpy())
        return [self.biased(s, None, i[0], v[0].numpy())]

    op_baddbmm = op_addmm

    def op_addmv(self):
        _, _, v, i, *_ = self.now
        s = self.matrix(i[1], v[1].numpy(), i[2][:, None], v[2].numpy()[:, None])[:, 0]
        return [self.biased(s, None, i[0], v[0].numpy())]

    def op_linear(self):
        _, _, v, i, outs, _bound, *_ = self.now
        w, wv = i[1].T, v[1].numpy().T
        s = self.matrix(i[0].reshape(-1, w.shape[0]), v[0].numpy().reshape(-1, w.shape[0]), w, wv).reshape(
            tuple(outs[0].shape)
        )
        return [s if len(i) < 3 else self.biased(s, None, i[2], v[2].numpy())]

    def op__trilinear(self):
        _, _, v, i, outs, bound, *_ = self.now
        e1, e2, e3, sumdim = bound["expand1"], bound["expand2"], bound["expand3"], bound["sumdim"]

        def widen(a, e):
            for d in sorted(e):
                a = np.expand_dims(a, d)
            return a

        ids = np.broadcast_arrays(*[widen(a, e) for a, e in zip(i, (e1, e2, e3), strict=False)])
        vals = np.broadcast_arrays(*[widen(a.numpy(), e) for a, e in zip(v, (e1, e2, e3), strict=False)])
        shape = tuple(outs[0].shape)

        def terms():
            for at in np.ndindex(ids[0].shape):
                key = tuple(x for d, x in enumerate(at) if d not in sumdim)
                yield key, [(int(a[at]), b[at]) for a, b in zip(ids, vals, strict=False)]

        return [self.sums(shape, terms(), "trilinear")]

    def op_convolution(self):
        _, _, v, i, outs, bound, *_ = self.now
        x, w, xv, wv = i[0], i[1], v[0].numpy(), v[1].numpy()
        n = x.ndim - 2

        def full(a):
            return list(a) * n if len(a) == 1 else list(a)

        stride, pad, dil = full(bound["stride"]), full(bound["padding"]), full(bound["dilation"])
        groups, transposed = bound["groups"], bound["transposed"]
        shape = tuple(outs[0].shape)
        kernel = w.shape[2:]
        cin, cout = x.shape[1] // groups, shape[1] // groups

        def terms():
            for b in range(x.shape[0]):
                for g in range(groups):
                    for co, ci in itertools.product(range(cout), range(cin)):
                        for k in np.ndindex(*kernel):
                            if transposed:
                                for p in np.ndindex(*x.shape[2:]):
                                    o = tuple(p[d] * stride[d] - pad[d] + k[d] * dil[d] for d in range(n))
                                    if all(0 <= o[d] < shape[2 + d] for d in range(n)):
                                        xi, wi = (b, g * cin + ci, *p), (g * cin + ci, co, *k)
                                        yield (
                                            (b, g * cout + co, *o),
                                            [(int(x[xi]), xv[xi]), (int(w[wi]), wv[wi])],
                                        )
                            else:
                                for o in np.ndindex(*shape[2:]):
                                    p = tuple(o[d] * stride[d] - pad[d] + k[d] * dil[d] for d in range(n))
                                    if all(0 <= p[d] < x.shape[2 + d] for d in range(n)):
                                        xi, wi = (b, g * cin + ci, *p), (g * cout + co, ci, *k)
                                        yield (
                                            (b, g * cout + co, *o),
                                            [(int(x[xi]), xv[xi]), (int(w[wi]), wv[wi])],
                                        )

        s = self.sums(shape, terms(), "convolution")
        if len(i) > 2:
            s = self.biased(
                s, None, i[2].reshape((1, -1) + (1,) * n), v[2].numpy().reshape((1, -1) + (1,) * n)
            )
        return [s]

    # norms of the framework -----------------------------------------------------------------------------
    def norm(self, x, xv, axes, gain, bias, what, zero_stays=False):
        """`axes` share one statistic. gain and bias are id arrays that broadcast to x, or None."""
        call, stat_call = self.graph.new_call(), self.graph.new_call()
        axes = [a % x.ndim for a in axes]
        kept = [d for d in range(x.ndim) if d not in axes]
        moved = x.transpose(kept + axes)
        rows = moved.reshape(int(np.prod([x.shape[d] for d in kept], dtype=int)), -1)
        stats = np.full(rows.shape, CONST, dtype=np.int64)
        dynamic = np.zeros(rows.shape, bool)
        for r, row in enumerate(rows):
            if (row != CONST).any():
                dynamic[r] = True
                if not self.local:
                    stats[r] = self.graph.node(REDUCE, stat_call, row.tolist(), what)
        back = np.argsort(kept + axes)
        stats = stats.reshape(moved.shape).transpose(back)
        dynamic = dynamic.reshape(moved.shape).transpose(back)
        names = np.empty(len(rows), dtype=object)
        for r, row in enumerate(rows):
            names[r] = Row(row)
        rowed = np.broadcast_to(names[:, None], rows.shape).reshape(moved.shape).transpose(back)
        g = None if gain is None else np.broadcast_to(gain, x.shape)
        b = None if bias is None else np.broadcast_to(bias, x.shape)
        out = np.full(x.shape, CONST, dtype=np.int64)
        for at in np.ndindex(x.shape):
            dead = x[at] == CONST and (zero_stays and xv[at] == 0)
            if what in ("softmax", "log_softmax") and x[at] == CONST and xv[at] <= -1e4:
                continue
            a = [] if dead else [int(x[at]), int(stats[at])] + ([] if g is None else [int(g[at])])
            a += [] if b is None else [int(b[at])]
            if (dynamic[at] and not dead) or any(k != CONST for k in a):
                out[at] = self.graph.node(POINTWISE, call, a, "norm:" + what)
                self.graph.rows[int(out[at])] = rowed[at]
        return out

    def op_native_layer_norm(self):
        _, _, v, i, _outs, bound, lookup, _real = self.now
        n = len(bound["normalized_shape"])

        def at(key):
            return None if bound[key] is None else lookup[id(bound[key])]

        y = self.norm(
            i[0], v[0].numpy(), range(i[0].ndim - n, i[0].ndim), at("weight"), at("bias"), "layer_norm"
        )
        return [y, None, None]

    def op__fused_rms_norm(self):
        _, _, v, i, _outs, bound, lookup, _real = self.now
        n = len(bound["normalized_shape"])

        def at(key):
            return None if bound[key] is None else lookup[id(bound[key])]

        y = self.norm(
            i[0],
            v[0].numpy(),
            range(i[0].ndim - n, i[0].ndim),
            at("weight"),
            None,
            "rms_norm",
            zero_stays=True,
        )
        return [y, None]

    def op_native_group_norm(self):
        _, _, v, i, _outs, bound, lookup, _real = self.now
        x, g = i[0], bound["group"]
        shape = (x.shape[0], g, x.shape[1] // g, *x.shape[2:])
        per = (1, g, x.shape[1] // g) + (1,) * (x.ndim - 2)

        def at(key):
            return None if bound[key] is None else lookup[id(bound[key])].reshape(per)

        y = self.norm(
            x.reshape(shape),
            v[0].numpy().reshape(shape),
            range(2, len(shape)),
            at("weight"),
            at("bias"),
            "group_norm",
        )
        return [y.reshape(x.shape), None, None]

    def op_native_batch_norm(self):
        _, _, v, i, _outs, bound, lookup, _real = self.now
        x = i[0]
        training = bound.get("training", False)
        per = (1, -1) + (1,) * (x.ndim - 2)

        def at(key):
            return None if bound[key] is None else lookup[id(bound[key])].reshape(per)

        if training:
            y = self.norm(x, v[0].numpy(), [0, *range(2, x.ndim)], at("weight"), at("bias"), "batch_norm")
            return [y, None, None]
        g, b = at("weight"), at("bias")
        call = self.graph.new_call()
        out = np.full(x.shape, CONST, dtype=np.int64)
        # (x - mean) / sqrt(var) makes elements of zeros: a running mean is 0 only before training
        for p in np.ndindex(x.shape):
            a = [int(x[p])]
            if g is not None:
                a.append(int(np.broadcast_to(g, x.shape)[p]))
            if b is not None:
                a.append(int(np.broadcast_to(b, x.shape)[p]))
            if any(k != CONST for k in a):
                out[p] = self.graph.node(POINTWISE, call, a, "batch_norm")
        return [out, None, None]

    op__native_batch_norm_legit = op_native_batch_norm
    op__native_batch_norm_legit_no_training = op_native_batch_norm
    op__batch_norm_no_update = op_native_batch_norm

    def softmax(self, what):
        _, _, v, i, _outs, bound, *_ = self.now
        x = i[0] if i[0].ndim else i[0].reshape(1)
        y = self.norm(x, v[0].numpy().reshape(x.shape), [bound["dim"]], None, None, what)
        return [y.reshape(i[0].shape)]

    def op__softmax(self):
        return self.softmax("softmax")

    op__safe_softmax = op__softmax

    def op__log_softmax(self):
        return self.softmax("log_softmax")

    def op__weight_norm_interface(self):
        _, _, v, i, _outs, bound, lookup, _real = self.now
        x, dim = i[0], bound["dim"] % i[0].ndim
        y = self.norm(
            x,
            v[0].numpy(),
            [d for d in range(x.ndim) if d != dim],
            lookup[id(bound["g"])],
            None,
            "weight_norm",
            zero_stays=True,
        )
        return [y, None]

    def op__embedding_bag(self):
        _, _, _v, i, outs, bound, *_ = self.now
        if (i[1] == CONST).all():
            return self.numerical("embedding_bag")
        look, bag = self.graph.new_call(), self.graph.new_call()
        offsets = [*bound["offsets"].tolist(), len(i[1])]
        out = np.full(tuple(outs[0].shape), CONST, dtype=np.int64)
        for b, d in np.ndindex(out.shape):
            column = i[0][:, d].tolist()
            rows = [self.graph.node(OTHER, look, column, "lookup") for _ in range(offsets[b], offsets[b + 1])]
            out[b, d] = self.graph.node(REDUCE, bag, rows, "sum")
        return [out, None, None, None]

    def op_max_unpool2d(self):
        _, _, _v, i, outs, _bound, *_ = self.now
        shape = tuple(outs[0].shape)

        def terms():
            for n, c, a, b in np.ndindex(shape):
                for p in np.ndindex(i[0].shape[2:]):
                    yield (n, c, a, b), [(int(i[0][(n, c, *p)]), 1), (int(i[1][(n, c, *p)]), 1)]

        return [self.sums(shape, terms(), "unpool")]

    def op_grid_sampler_2d(self):
        _, _, v, i, outs, _bound, *_ = self.now
        if (i[1] == CONST).all():
            return self.numerical("grid_sample")
        shape = tuple(outs[0].shape)

        def terms():
            for n, c, a, b in np.ndindex(shape):
                for p in np.ndindex(i[0].shape[2:]):
                    yield (
                        (n, c, a, b),
                        [
                            (int(i[0][(n, c, *p)]), v[0].numpy()[(n, c, *p)]),
                            (int(i[1][n, a, b, 0]), 1),
                            (int(i[1][n, a, b, 1]), 1),
                        ],
                    )

        return [self.sums(shape, terms(), "grid_sample")]

    def op_glu(self):
        _, _, v, i, _outs, bound, *_ = self.now
        a, b = np.split(i[0], 2, axis=bound["dim"])
        av = np.split(v[0].numpy(), 2, axis=bound["dim"])[0]
        call = self.graph.new_call()
        out = np.full(a.shape, CONST, dtype=np.int64)
        for at in np.ndindex(a.shape):
            if a[at] == CONST and av[at] == 0:
                continue
            if a[at] != CONST or b[at] != CONST:
                out[at] = self.graph.node(POINTWISE, call, [int(a[at]), int(b[at])], "glu")
        return [out]


for _name in POOLS:
    setattr(Tracer, "op_" + _name, lambda self, _n=_name: self.numerical(_n, REDUCE))


# conventions 6 and 1 ---------------------------------------------------------------------------------------
MEANS = {"mean", "amax", "max", "amin", "min", "sum", "var_mean", "median"}


class Normalisations:
    """Drop the edges of statistics that rescale the value they are taken of."""

    def __init__(self, g):
        self.g = g
        self.new, self.centring, self.memo = {}, {}, {}
        sums = [n for n in range(len(g.kind)) if g.kind[n] == SUM]
        mixed = {g.call[n] for n in sums if any(len(set(p)) > 1 for p in g.products[n])}
        self.squares = {g.call[n] for n in sums} - mixed
        self.dropped = {}

    def statistic(self, q, stop):
        """Terminal nodes of q, all in the calls `stop` and behind a reduction; None if it is no statistic."""
        found = self.parts(q, frozenset(stop))
        return found[1] if found is not None and not found[0] else None

    def extent(self, q):
        """How many elements a statistic is of, known ones too."""
        if isinstance(q, Row):
            return q.size
        while self.g.kind[q] == POINTWISE and len(self.g.src[q]) == 1:
            q = self.g.src[q][0]
        return len(self.g.args[q]) if self.g.kind[q] == REDUCE else 0

    def reach(self, q, stop):
        """Terminals of a statistic, or of the elements that a norm reads."""
        if not isinstance(q, Row):
            return self.statistic(q, stop)
        found = [self.parts(n, frozenset(stop)) for n in q.nodes]
        return None if None in found else frozenset().union(*[d for d, _ in found])

    def parts(self, n, stop):
        """(elements that n is a pointwise function of, elements behind reductions), or None."""
        key = n, stop
        if key not in self.memo:
            self.memo[key] = self._parts(n, stop)
        return self.memo[key]

    def _parts(self, n, stop):
        g = self.g
        if g.call[n] in stop:
            return frozenset([n]), frozenset()
        square = g.kind[n] == SUM and g.call[n] in self.squares
        if g.kind[n] not in (POINTWISE, REDUCE) and not square:
            return None
        direct, behind = frozenset(), frozenset()
        for s in set(g.src[n]):
            found = self.parts(s, stop)
            if found is None:
                return None
            if g.kind[n] == POINTWISE:
                direct |= found[0]
            elif len(found[0]) > 1:  # products of different elements are no statistic of one value
                return None
            else:
                behind |= found[0]
            behind |= found[1]
        return direct, behind

    def factors(self, n, path=()):
        """(factor, path of multiplications above it), inner products too."""
        g = self.g
        yield n, path
        if g.kind[n] == POINTWISE and g.what[n] in ("mul", "div", "neg", "reciprocal"):
            for a in self.operands(n):
                yield from self.factors(a, (*path, n))

    def operands(self, n):
        return self.new[n] if n in self.new else [a for a in self.g.args[n] if a != CONST]

    def below(self, n):
        """n and what it is a function of alone, through functions of one operand and centrings."""
        g = self.g
        while n is not None:
            yield n
            if g.kind[n] != POINTWISE:
                return
            c = self.centred(n) if n not in self.new else None
            n = c[0] if c is not None else self.only(n)

    def constant(self, n):
        src = self.new.get(n, self.g.src[n])
        return self.g.kind[n] != LEAF and all(self.constant(s) for s in src)

    def only(self, n):
        """The nearest element that n is a pointwise function of alone (x of x * sigmoid(x))."""
        g, front = self.g, set(self.new.get(n, self.g.src[n]))
        while len(front) > 1:
            last = max(front)
            if g.kind[last] != POINTWISE:
                return None
            front.remove(last)
            front |= set(self.new.get(last, g.src[last]))
        return front.pop() if front else None

    def centred(self, n):
        """(value, statistic, terminals) of value - statistic."""
        g = self.g
        if g.kind[n] == POINTWISE and g.what[n] in ("sub", "add") and len(g.args[n]) == 2:
            for x, s in (g.args[n], g.args[n][::-1]):
                if x in (CONST, s) or s == CONST:
                    continue
                for t in self.chain(x):
                    terminals = self.statistic(s, self.value_calls(t))
                    if terminals and t in terminals and self.is_centre(s):
                        return x, s, terminals
        return None

    def chain(self, n):
        g = self.g
        yield n
        while g.kind[n] == POINTWISE and len(g.src[n]) == 1:
            n = g.src[n][0]
            yield n

    def is_centre(self, s):
        g = self.g
        while g.kind[s] == POINTWISE and len(g.src[s]) == 1:
            s = g.src[s][0]
        return (g.kind[s] == REDUCE and g.what[s] in MEANS) or (g.kind[s] == SUM)

    def value_calls(self, n):
        return self.g.siblings.get(self.g.call[n], {self.g.call[n]})

    def sources(self, n):
        """What a sum of products multiplies."""
        g = self.g
        if g.kind[n] == SUM:
            return set(g.src[n])
        if g.kind[n] == REDUCE and g.what[n] in ("sum", "mean"):
            inner = [s for s in g.src[n] if g.kind[s] == POINTWISE and g.what[s] in ("mul", "div")]
            if len(inner) == len(g.src[n]):
                return {f for s in inner for f, _ in self.factors(s)}
        return set()

    def log_sum(self, n):
        """The reduction under n = log(sum(exp(.))), else None."""
        g = self.g
        if g.kind[n] == REDUCE and g.what[n] == "logsumexp":
            return n
        if g.kind[n] == POINTWISE and g.what[n] == "log" and len(g.src[n]) == 1:
            r = g.src[n][0]
            if g.kind[r] == REDUCE and g.what[r] == "sum":
                return n
        return None

    def match(self, y):
        """Statistics that y drops: a list of (statistic, value)."""
        g, drops = self.g, []
        if g.what[y] in ("mul", "div"):
            for q in g.src[y] if len(g.src[y]) == 1 else ():
                if g.call[q] in self.dropped.get(g.call[y], ()):
                    return [(q, q)]  # a known value among others that are normalised
            found = [(f, (*p, y)) for a in g.args[y] if a != CONST for f, p in self.factors(a)]
            for q, path in found:
                if any(q == d for d, _ in drops):
                    continue
                for v, vpath in found:
                    if v == q or v in path or q in vpath:
                        continue
                    hit = None
                    for t in self.below(v):
                        terminals = self.statistic(q, self.value_calls(t))
                        if terminals and t in terminals:
                            hit = t
                            break
                        # a known value less the mean
                        centring = self.centring.get(g.call[t]) if CONST in g.args[t] else None
                        if centring and self.statistic(q, centring):
                            hit = t
                            break
                    if hit is None and (sources := self.sources(v)):
                        calls = {g.call[s] for s in sources}
                        terminals = self.statistic(q, calls)
                        if terminals and terminals & sources:
                            hit = v
                    if (
                        hit is None
                        and g.call[q] in self.dropped.get(g.call[y], ())
                        and (self.constant(v) or (CONST in g.args[v] and g.what[v] in ("mul", "div")))
                    ):
                        hit = v  # a known value among others that are normalised
                    if hit is not None:
                        self.dropped.setdefault(g.call[y], set()).add(g.call[q])
                        drops.append((q, v))
                        break
        elif g.what[y] == "sub" and CONST not in g.args[y] and len(g.args[y]) == 2:
            v, q = g.args[y]
            if self.log_sum(q) is not None:
                for t in self.below(v):
                    terminals = self.statistic(q, self.value_calls(t))
                    if terminals and t in terminals:
                        drops.append((q, v))
                        break
        return drops

    def terms(self, n, path=()):
        g = self.g
        if g.kind[n] == POINTWISE and g.what[n] in ("add", "sub", "neg"):
            for a in g.args[n]:
                if a != CONST:
                    yield from self.terms(a, (*path, n))
        else:
            yield n, path

    def strip(self, n, drop, through=("mul", "div", "neg", "reciprocal")):
        """Sources of n with the factors in `drop` taken out, `through` the functions that hold them."""
        if n in drop:
            return []
        if self.holds(n, drop, through):
            return [s for a in self.operands(n) for s in self.strip(a, drop, through)]
        return [n]

    def holds(self, n, drop, through):
        g = self.g
        if n in drop:
            return True
        if g.kind[n] == POINTWISE and g.what[n] in through:
            return any(self.holds(a, drop, through) for a in self.operands(n))
        return False

    def centre_free(self, n, q):
        """n without the centring that belongs to the statistic q: the source that remains."""
        g = self.g
        m = n
        while True:
            if g.kind[m] != POINTWISE:
                return None
            c = self.centred(m)
            if c is not None:
                x, _s, terminals = c
                mine = self.reach(q, {g.call[t] for t in terminals})
                if (
                    mine is not None
                    and mine <= terminals
                    and (mine == terminals or len(terminals) <= self.extent(q))
                ):
                    self.centring.setdefault(g.call[m], set()).update(g.call[t] for t in terminals)
                    lower = self.centre_free(x, q)
                    return x if lower is None else lower
                return None
            if len(g.src[m]) != 1:
                return None
            if g.call[m] in self.centring and CONST in g.args[m] and self.is_centre(g.src[m][0]):
                return CONST  # a known value less the statistic
            m = g.src[m][0]

    def uncentred(self, s, statistics):
        """The sources that remain of a factor s of a normalised product."""
        for q in statistics:
            f = self.centre_free(s, q)
            if f is not None:
                return [] if f == CONST else [f]
        g = self.g
        if g.kind[s] == SUM:  # both sides of a correlation are centred
            sources = list(self.new.get(s, g.src[s]))
            for q in statistics:
                freed = [(a, self.centre_free(a, q)) for a in sources]
                sources = [a if f is None else f for a, f in freed if f != CONST]
            self.new[s] = sources
            return [s]
        if s not in self.new and g.kind[s] == POINTWISE and g.what[s] in ("mul", "div", "neg"):
            inner = [(a, self.uncentred(a, statistics)) for a in g.args[s] if a != CONST]
            if any(f != [a] for a, f in inner):
                return [x for _, f in inner for x in f]
        return [s]

    def run(self):
        g = self.g
        new = self.new
        for y in [*range(len(g.kind))] * 2:
            if g.kind[y] != POINTWISE:
                continue
            if y in g.rows:  # a norm of the framework: centring over the same axes belongs to it
                x = g.args[y][0]
                f = self.centre_free(x, g.rows[y]) if x != CONST else None
                if f is not None:
                    new[y] = list(
                        dict.fromkeys(([f] if f != CONST else []) + [s for s in g.src[y] if s != x])
                    )
                continue
            drops = self.match(y)
            if drops:
                gone = {q for q, _ in drops}
                left = [s for a in g.args[y] if a != CONST for s in self.strip(a, gone)]
                out = [f for s in left for f in self.uncentred(s, [q for q, _ in drops])]
                new[y] = list(dict.fromkeys(out))
        # x * s + (b - mean * s): the mean is a centring that was multiplied out
        for y in range(len(g.kind)):
            if g.kind[y] == POINTWISE and g.what[y] in ("add", "sub") and y not in new:
                terms = list(self.terms(y))
                heads = [(t, q, v) for t, _ in terms for q, v in self.match(t)]
                for t, q, v in heads:
                    drop = set()
                    for other, _path in terms:
                        if other == t:
                            continue
                        fs = [f for f, _ in self.factors(other)]
                        if q not in fs and not self.shares(fs, q):
                            continue
                        for f in fs:
                            for w in self.below(v):
                                terminals = self.statistic(f, self.value_calls(w))
                                if terminals and w in terminals:
                                    drop.add(f)
                    if drop:
                        out = []
                        for a in g.args[y]:
                            if a == CONST:
                                continue
                            out += self.strip(
                                a, drop | {q}, ("mul", "div", "neg", "reciprocal", "add", "sub")
                            )
                        new[y] = list(dict.fromkeys(out))
        for y, src in new.items():
            g.src[y] = src

    def shares(self, fs, q):
        return False


def living(g, outputs):
    alive, stack = set(), [o for o in outputs if o != CONST]
    while stack:
        n = stack.pop()
        if n not in alive:
            alive.add(n)
            stack += g.src[n]
    return alive


def merge(g, outputs, strict):
    """Convention 1, call by call, until nothing changes: a value with one pointwise consumer of its size."""
    out_calls = {g.call[o] for o in outputs if o != CONST}
    while True:
        alive = living(g, outputs)
        consumers, members, users = {}, {}, {}
        for n in alive:
            members.setdefault(g.call[n], []).append(n)
            for s in set(g.src[n]):
                consumers.setdefault(g.call[s], set()).add(g.call[n])
                users[s] = users.get(s, 0) + 1
        single = {
            c
            for c, nodes in members.items()
            if g.kind[nodes[0]] == POINTWISE
            and c not in out_calls
            and len(consumers.get(c, ())) == 1
            and all(users.get(m, 0) <= 1 for m in nodes)
        }
        changed = False
        for n in alive:
            if g.kind[n] != POINTWISE:
                continue
            done = []
            for s in g.src[n]:
                if g.call[s] in single and (not strict or g.where.get(s) == g.where.get(n)):
                    done += g.src[s]
                    changed = True
                else:
                    done.append(s)
            g.src[n] = list(dict.fromkeys(done))
        if not changed:
            return alive


def contexts(module, example, local=True, seed=0, strict=False):
    """{parameter: array of Python ints}: contexts of every scalar parameter of `module`."""
    example = example if isinstance(example, (tuple, dict)) else (example,)
    tracer = Tracer(local, seed)
    leaves = {}
    done = {}
    for name, p in module.named_parameters(remove_duplicate=False):
        if id(p) not in done:
            done[id(p)] = tracer.leaf(p, name)
        leaves[name] = done[id(p)]
    for t in tree_flatten(example)[0]:
        if isinstance(t, torch.Tensor):
            tracer.leaf(t, "input")
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with (
            torch.no_grad(),
            torch.backends.mkldnn.flags(enabled=False),
            torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH),
            tracer,
        ):
            out = module(**example) if isinstance(example, dict) else module(*example)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    if hasattr(out, "to_tuple"):
        out = out.to_tuple()
    g = tracer.graph
    outputs = []
    for t in tree_flatten(out)[0]:
        if isinstance(t, torch.Tensor) and (t.is_floating_point() or t.is_complex()):
            outputs += tracer.ids(t).reshape(-1).tolist()
    if local:
        Normalisations(g).run()
    alive = merge(g, outputs, strict)
    count = dict.fromkeys(alive, 0)
    for o in outputs:
        if o != CONST:
            count[o] += 1
    for n in sorted(alive, reverse=True):
        for s in g.src[n]:
            count[s] += count[n]
    result = {}
    for name, ids in leaves.items():
        flat = np.array([count.get(int(i), 0) for i in ids.reshape(-1)], dtype=object)
        result[name] = flat.reshape(ids.shape)
    return result
