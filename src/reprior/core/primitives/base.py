"""What every primitive provides, and the setting in which it is applied.

A primitive is an operation whose *structure* (which input elements feed which output elements) is
known from shapes alone. It gives three things side by side:

* ``infer_shape``: the output shape;
* ``transpose``: contexts of one input's elements, from the contexts of the output's;
* ``scalar``: the scalar nodes behind one output element, the oracle that tests expand.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar, Literal, NamedTuple

from ..runs import Runs
from ..weighting import Factor, Weighting

__all__ = ["Element", "Primitive", "Products", "Scalar", "Setting", "Shape", "as_mask", "complete"]

Shape = tuple[int, ...]


class Element(NamedTuple):
    """One scalar element of one input of a node: which input, and where in it."""

    input: int
    at: Shape


@dataclass(frozen=True, slots=True)
class Scalar:
    """The scalar nodes behind one output element.

    Attributes
    ----------
    kind : {"alias", "node", "products"}
        ``alias``: the same element as the single factor of the single term, no new node (or no
        element at all where there is no term). ``node``: one function node with an edge from each
        term. ``products``: each term is a product node of its factors, and all feed one sum node.
    terms : tuple of tuple of Element
        The factors of each term (one factor per term for ``alias`` and ``node``).
    nominal : int or None
        Nominal fan-in of the node or sum, padding included; None where it is the number of
        distinct data edges. For ``products``, 0 says that nothing is summed: the one product is
        the output element itself.
    """

    kind: Literal["alias", "node", "products"]
    terms: tuple[tuple[Element, ...], ...]
    nominal: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One node's surroundings, as its transpose rule sees them.

    Attributes
    ----------
    shapes : tuple of Shape
        Shapes of the inputs.
    shape : Shape
        Shape of the output.
    data : tuple of bool
        For each input, whether it depends on what the model is fed (parameters and constants do not).
    supports : tuple of (Runs or None)
        For each input, a 0/1 array of the elements that exist (padding and masked positions do not);
        None where all do.
    weighting : Weighting
        The weight of edges.
    """

    shapes: tuple[Shape, ...]
    shape: Shape
    data: tuple[bool, ...]
    supports: tuple[Runs | None, ...]
    weighting: Weighting

    def edge(self, nominal: int) -> Factor:
        """Factor of an edge into an output element that gathers `nominal` elements, if any is data."""
        weighting = self.weighting
        return 1 if weighting.is_unit else weighting.edge(nominal if any(self.data) else 0, prod(self.shape))

    def edge_of_pointwise(self) -> Factor:
        """Factor of an edge into an output element that is a function of one element of each input."""
        weighting = self.weighting
        return 1 if weighting.is_unit else weighting.edge(sum(self.data), prod(self.shape))

    def edge_of_product(self, number: int) -> Factor:
        """Factor of an edge into one of a `number` of products, which have a factor from each input."""
        return self.weighting.edge(sum(self.data), number)

    def scale_by_fan_in(self, contexts: Runs, first: int, fan_ins: Sequence[Sequence[int]]) -> Runs:
        """Apply what the fan-in gives, where it is the product of one number per axis from the `first` on."""
        if not any(self.data):
            return contexts
        of = self.weighting.of_fan_in
        for axis, numbers in enumerate(fan_ins, start=first):
            contexts = contexts.scale_axis(axis, [of(number) for number in numbers])
        return contexts


class Products(NamedTuple):
    """The product nodes of one operation: the contexts of each and how many have that count."""

    counts: Runs
    multiplicity: Runs


class Primitive:
    """An operation on tensors with a known structural Jacobian.

    Not an ABC: `isinstance` asks an ABC's metaclass, and the passes over a graph ask it millions of times.
    """

    __slots__ = ()

    may_remove: ClassVar[bool] = False
    """Whether output elements may not exist even where all input elements do."""

    multiplies: ClassVar[bool] = False
    """Whether its scalar nodes are products of elements of several operands."""

    selects: ClassVar[bool] = False
    """Whether it chooses among elements: its products are with zeros and ones, and cost nothing."""

    layer: ClassVar[str | None] = None
    """The kind of layer it is where an operand is learnable; None where it is none."""

    is_pointwise: ClassVar[bool] = False
    """Whether an output element is a function of one element of each operand."""

    joins: ClassVar[bool] = False
    """Whether its elements are those of its operands side by side."""

    is_window: ClassVar[bool] = False
    """Whether it gathers a window of its operand that is wider than one element, as pooling does."""

    removes_all: ClassVar[bool] = False
    """Whether no element is left."""

    @abstractmethod
    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        """Shape of the output.

        Raises
        ------
        ShapeError
            If the inputs do not fit.
        """

    @abstractmethod
    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        """Contexts of the elements of one input, through this node.

        Parameters
        ----------
        contexts : Runs, of the output's shape
            Contexts (weighted number of paths to the outputs) of each output element.
        position : int
            Which input.
        setting : Setting
            The node's surroundings.

        Returns
        -------
        Runs, of that input's shape
        """

    def transpose_each(self, contexts: Runs, positions: Sequence[int], setting: Setting) -> list[Runs]:
        """`transpose` for several inputs; a primitive may share work among them."""
        return [self.transpose(contexts, position, setting) for position in positions]

    @abstractmethod
    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        """The scalar nodes behind the output element at `index` (used by tests only)."""

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        """Which elements of the output exist: positive where one does; None where all do.

        Padding and masked positions are no elements (conventions 2 and 7). A node without any edge
        is none either.
        """
        return None

    def macs(self, shapes: tuple[Shape, ...], shape: Shape) -> int:
        """Multiply-accumulates, those with padding included as in common FLOP counters."""
        return 0

    def num_products(self, shapes: tuple[Shape, ...], shape: Shape) -> int:
        """Product nodes that are no product with padding; the output's elements where it has none."""
        return prod(shape)

    def products(self, contexts: Runs, setting: Setting) -> Products:
        """The product nodes of a layer, from the contexts of the output's elements."""
        raise TypeError(f"{self.label} is no layer")

    def layer_outputs(self, learnable: Sequence[int], shape: Shape) -> int:
        """Output channels or units: outputs at one place, of a layer with these operands learnable."""
        return shape[-1]

    def layer_family(self, shapes: tuple[Shape, ...]) -> Hashable:
        """Layers of one family that read the same data are parts of a wider layer; None for no such."""
        return None

    def operand_weights(self, places: Sequence[Sequence[int]]) -> list[float]:
        """How a random context divides among operands, each given by the inputs that it is."""
        return [1.0] * len(places)

    @property
    def label(self) -> str:
        """Short name for printing."""
        return type(self).__name__.lower()


def complete(support: Runs | None, shape: Shape) -> Runs:
    """A support written out where all elements exist."""
    return Runs.ones(shape, "scaled") if support is None else support


def as_mask(counts: Runs) -> Runs | None:
    """1 where a count is positive, None if it is so everywhere."""
    mask = counts.nonzero()
    return None if mask.all() else Runs(counts.axes, ((0, mask.astype(float)),))
