"""The paper's scalar graphs: every node is one number (sections 1.1 and 4.1, appendices A and B).

Here the definitions can be seen at work, on graphs small enough to draw. Real models are counted as
graphs of tensors, by the rest of the package; both give the same numbers.

Examples
--------
>>> from reprior.scalar import DagBuilder, count_contexts, is_uniform, summarise, unroll
>>> dag = (
...     DagBuilder()
...     .inputs("x")
...     .parameters("w1", "w2", "w3")
...     .function("h", "x", "w1")
...     .function("a", "h", "w2")
...     .function("b", "h", "w3")
...     .output("y", "a", "b")
...     .build()
... )
>>> count_contexts(dag)
{'w1': 2, 'w2': 1, 'w3': 1}
>>> summarise(dag).expected_spread
0.5
>>> is_uniform(dag)
False
>>> count_contexts(unroll(dag)) == count_contexts(dag)
True
"""

from __future__ import annotations

from .builder import DagBuilder
from .count import Count, count_contexts, count_paths
from .dag import Dag, Kind, Node
from .files import from_json, load, save, to_json
from .nx import from_networkx, to_networkx
from .recurrence import unroll_in_time
from .scaled import Scaled
from .summary import Summary, summarise
from .unrolling import is_uniform, unroll, unrolled_size

__all__ = [
    "Count",
    "Dag",
    "DagBuilder",
    "Kind",
    "Node",
    "Scaled",
    "Summary",
    "count_contexts",
    "count_paths",
    "from_json",
    "from_networkx",
    "is_uniform",
    "load",
    "save",
    "summarise",
    "to_json",
    "to_networkx",
    "unroll",
    "unroll_in_time",
    "unrolled_size",
]
