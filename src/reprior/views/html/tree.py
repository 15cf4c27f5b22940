"""The modules of a model as a tree, with what flows between them.

Every dotted path (of a parameter's owner, or of an operation) is a branch. Chains of modules with a single
child are joined, so that a path of a thousand parts is still one line of the tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Entry", "EntryKind", "Tree", "grow"]

EntryKind = Literal["module", "operation", "parameter", "input"]


@dataclass(slots=True)
class Entry:
    """One line of the tree.

    Attributes
    ----------
    parent : int
        Position of the entry that holds it; -1 for the root.
    label : str
        Its part of the path (several, with dots, where a chain was joined), or the name of an operation,
        input or parameter.
    kind : {"module", "operation", "parameter", "input"}
    """

    parent: int
    label: str
    kind: EntryKind = "module"


@dataclass(slots=True)
class Tree:
    """Entries, parents before children; the first is the model itself.

    Attributes
    ----------
    entries : list of Entry
    places : dict
        Position of the module of each path, joined chains included.
    """

    entries: list[Entry] = field(default_factory=lambda: [Entry(-1, "")])
    places: dict[str, int] = field(default_factory=lambda: {"": 0})

    def add(self, parent: int, label: str, kind: EntryKind = "module") -> int:
        """Append an entry and return its position."""
        self.entries.append(Entry(parent, label, kind))
        return len(self.entries) - 1

    def ancestors(self, position: int) -> Iterator[int]:
        """The entry, what holds it, and so on up to the root."""
        while position >= 0:
            yield position
            position = self.entries[position].parent

    def branches(self) -> set[int]:
        """Modules that hold other modules."""
        return {entry.parent for entry in self.entries if entry.kind == "module"}


def grow(paths: Iterable[str], kept: Iterable[str] = ()) -> Tree:
    """The tree of these module paths.

    Parameters
    ----------
    paths : iterable of str
        Dotted paths, in the order in which the model has them.
    kept : iterable of str
        Paths that own something, which stay entries even as links of a chain.
    """
    children: dict[str, list[str]] = {"": []}
    for path in paths:
        for ancestor, child in _links(path, children):
            children[ancestor].append(child)
            children[child] = []
    tree, owners = Tree(), {"", *kept}
    pending = list(reversed(children[""]))
    holder = dict.fromkeys(children[""], "")
    while pending:
        path = first = pending.pop()
        chain = [path]
        while path not in owners and len(children[path]) == 1:
            path = children[path][0]
            chain.append(path)
        parent = holder[first]
        label = path[len(parent) + 1 :] if parent else path
        place = tree.add(tree.places[parent], label)
        tree.places |= dict.fromkeys(chain, place)
        holder |= dict.fromkeys(children[path], path)
        pending.extend(reversed(children[path]))
    return tree


def _links(path: str, known: dict[str, list[str]]) -> Sequence[tuple[str, str]]:
    """The (ancestor, child) pairs above a path that are not known yet, top first."""
    links = []
    while path and path not in known:
        parent = path.rpartition(".")[0]
        links.append((parent, path))
        path = parent
    return links[::-1]
