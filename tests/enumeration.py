"""The definitions of the paper taken at their word: every path written out.

Works on names and edges alone and shares no code with the package.
"""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from reprior.scalar import Dag

Path = tuple[str, ...]


def contexts(dag: Dag) -> dict[str, set[Path]]:
    """C_w of definition 1: the paths to outputs from every function that takes w."""
    targets = targets_of(dag)
    outputs = {node.name for node in dag.nodes if node.kind == "output"}
    found: dict[str, set[Path]] = {node.origin: set() for node in dag.nodes if node.kind == "parameter"}
    for node in dag.nodes:
        if node.kind == "parameter":
            for use in targets[node.name]:
                found[node.origin].update(paths(use, targets, outputs))
    return found


def weight(dag: Dag, path: Path, kind: str, value: float | Fraction) -> float | Fraction:
    """Product over the nodes of a context: each is entered by one edge."""
    product: float | Fraction = Fraction(1)
    for name in path:
        if kind == "decay":
            product *= value
        elif kind == "fan_in":
            product /= max(1, data_fan_in(dag, name)) ** value
    return product


def data_fan_in(dag: Dag, name: str) -> int:
    """Number of sources that some input has a path to."""
    return sum(depends_on_input(dag, source) for source, target in set(dag.edges()) if target == name)


def depends_on_input(dag: Dag, name: str) -> bool:
    kinds = {node.name: node.kind for node in dag.nodes}
    sources = [source for source, target in dag.edges() if target == name]
    return kinds[name] == "input" or any(depends_on_input(dag, source) for source in sources)


def targets_of(dag: Dag) -> dict[str, set[str]]:
    targets = defaultdict(set)
    for source, target in dag.edges():
        targets[source].add(target)
    return targets


def paths(start: str, targets: dict[str, set[str]], outputs: set[str]) -> Iterator[Path]:
    if start in outputs:
        yield (start,)
    for target in targets[start]:
        for rest in paths(target, targets, outputs):
            yield (start, *rest)
