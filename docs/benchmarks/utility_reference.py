"""U_G in NumPy: the definition, and nothing else; `tests/test_utility_reference.py` holds it to the package.

A network is a list of steps (kind, sources, elements, layer); kind is input, layer, sum, concat, pool,
attention (query, key, value), nothing or other. A layer has products, weights, outputs, name (of its weights)
and form (layers of equal form that read the same can be fused).
"""

import numpy as np

ROOT, FAN_IN, PLACES, SHARES, POOLS = 1 / 3, 1 / 4, 500.0, 1 / 2, np.sqrt(1 / 2)


def visits(steps, outputs):
    """Expected passes of a random backward walk, step by step."""
    routes = np.zeros(len(steps))
    for k, (kind, sources, _, _) in enumerate(steps):
        before = routes[list(dict.fromkeys(sources))]
        if kind in ("input", "layer", "attention"):
            routes[k] = kind == "input" or before.any()
        elif kind == "concat":
            sizes = np.array([steps[j][2] for j in sources]) * (routes[sources] > 0)
            routes[k] = sizes @ routes[sources] / max(sizes.sum(), 1)
        elif kind != "nothing":
            routes[k] = before.sum()
    here = np.zeros(len(steps))
    for k in (alive := [k for k in outputs if routes[k]]):
        here[k] += steps[k][2] / sum(steps[j][2] for j in alive)
    for k in reversed(range(len(steps))):
        kind, sources, _, _ = steps[k]
        live = [j for j in dict.fromkeys(sources) if routes[j]]
        share = np.ones(len(live))
        if kind == "attention":
            share = np.array([len(live) - 1.0 if j == sources[2] else 1.0 for j in live])
        elif kind == "concat":
            share = np.array([steps[j][2] * sources.count(j) for j in live], float)
        elif kind == "sum":
            share = routes[live] ** SHARES
        for j, part in zip(live, share, strict=True):
            here[j] += here[k] * (POOLS if kind == "pool" else 1) * part / share.sum()
    return here


def utility(steps, outputs):
    """U_G in bits."""
    here, passed, uses = visits(steps, outputs), [], {}
    for k, (kind, sources, _, layer) in enumerate(steps):
        seen = {n: max(passed[j].get(n, 0) for j in sources) for j in sources for n in passed[j]}
        if kind == "layer" and here[k]:
            turn = seen.get(layer["name"], 0)
            seen[layer["name"]] = turn + 1
            part = uses.setdefault(layer["name"], {}).setdefault(turn, [np.zeros(2), layer, ()])
            part[0] = part[0] + [here[k], layer["products"]]
            part[2] += (tuple(sources),)
        passed.append(seen)
    fused = {}
    for name, turns in uses.items():
        parts = [turns[turn] for turn in sorted(turns)]
        form = parts[0][1]["form"]
        place = name if form is None else (form, tuple(part[2] for part in parts))
        sizes = [(*part[0], part[1]["weights"], part[1]["outputs"]) for part in parts]
        fused[place] = fused.get(place, 0) + np.array(sizes)
    total = 0.0
    for table in fused.values():
        m, products, weights, o = table.T
        worth = m**ROOT * PLACES * -np.expm1(-products / weights / PLACES) * o * (weights / o / o) ** FAN_IN
        mean = np.exp(np.log(np.maximum(worth, 1e-300)).mean())
        total += max(worth.max(), np.sqrt(len(worth)) * mean)
    return np.log2(total) + FAN_IN * np.log2(sum(table[0, 2] for table in fused.values()))
