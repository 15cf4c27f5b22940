"""Tables 2 (parameters), 3 and 4, appendix B and the examples of figure 2, digit for digit.

The tables count batch norm's running statistics as parameters (preset ``paper``) and pad every
convolution by k // 2 on both sides, so the models are those of `reprior.models`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...core.canonical import Preset
from ...core.graph import Graph
from ...models import efficientnetv2

__all__ = ["ROWS", "TABLES", "Case", "Explanation", "Row"]

TABLES: Mapping[str, str] = {
    "Table 2": "learnable parameters of the trained models, in millions",
    "Table 3": "analysis of the models that the authors trained on ImageNet-1k",
    "Table 4": "analysis of larger models",
    "Appendix B": "the graph of figure 3a, step by step",
    "Figure 2": "two small graphs, from the authors' repository gozepolat/priors",
}
"""What each table holds, in the order of the paper."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is analysed, and how.

    Attributes
    ----------
    spec : str
        The model.
    share : str
        Sharing policy.
    preset : {"definition", "paper"}
    classes : int or None
        Outputs of the classifier, where they are not the 1000 of ImageNet.
    inputs_of : int or None
        Image size whose N_I is put into P_G and P'_G, where it is not the one that is counted.
    """

    spec: str
    share: str = "none"
    preset: Preset = "paper"
    classes: int | None = None
    inputs_of: int | None = None

    def model(self) -> str | Graph:
        """What `reprior.analyze` takes."""
        if self.classes is None:
            return self.spec
        variant, _, size = self.spec.removeprefix("paper:efficientnetv2-").partition("@")
        return efficientnetv2(variant, int(size), self.classes)

    def __str__(self) -> str:
        options = [f"--preset {self.preset}"] if self.preset != "definition" else []
        options += [f"--share {self.share}"] if self.share != "none" else []
        notes = f" ({self.classes} classes)" if self.classes else ""
        notes += f" (N_I of {self.inputs_of})" if self.inputs_of else ""
        return " ".join([self.spec, *options]) + notes


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why some printed figures of a row are not those of its case.

    Attributes
    ----------
    quantities : tuple of str
    case : Case
        What they are the figures of.
    text : str
        One sentence.
    """

    quantities: tuple[str, ...]
    case: Case
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a published table.

    Attributes
    ----------
    table, name : str
    case : Case
        The row as it is labelled.
    printed : mapping
        From each quantity to its digits as printed.
    top1 : str
        The accuracy printed beside them, in percent. It comes from training: nothing here computes it.
    explanations : tuple of Explanation
    remark : str
        What else a reader of the row must know.
    """

    table: str
    name: str
    case: Case
    printed: Mapping[str, str]
    top1: str = ""
    explanations: tuple[Explanation, ...] = ()
    remark: str = ""


def _figures(p_g: str, p_g_prime: str, spread: str, entropy: str, params: str) -> dict[str, str]:
    return {"P_G": p_g, "P'_G": p_g_prime, "spread": spread, "entropy": entropy, "params [M]": params}


_B0 = Case("paper:efficientnetv2-b0@224")
_S = Case("paper:efficientnetv2-s@384")
_B0_SHARED = replace(_B0, share="original_code")
_S_SHARED = replace(_S, share="original_code")
_M = Case("paper:efficientnetv2-m@480")
_L = Case("paper:efficientnetv2-l@480")

_LEARNABLE = "The parameters are printed without batch norm's running statistics, the analysis counts them."
_SHARED = "Shared as by the authors' program (--share original_code); the text's rule is all_but_bn."
_TWO_SCORES = (
    "Table 3 gives the accuracy that the authors reached with V2-S, Table 4 that of Tan & Le (2021)."
)


def _learnable(case: Case) -> Explanation:
    return Explanation(("params [M]",), replace(case, preset="definition"), _LEARNABLE)


def _lower_bound(case: Case) -> Explanation:
    """Both rows agree to all digits with 240 pixels: the spread exactly, the estimates with N_I of 480."""
    small = replace(case, spec=case.spec.replace("@480", "@240"), inputs_of=480)
    text = "Printed as lower bounds: contexts were counted on images of 240 pixels, N_I is that of 480."
    return Explanation(("P_G", "P'_G", "spread"), small, text)


def _trained(name: str, top1: str, params: str, case: Case) -> Row:
    figures = {"params [M]": params}
    if case.share == "none":
        return Row("Table 2", name, case, figures, top1, (_learnable(case),))
    return Row("Table 2", name, case, figures, top1, remark=_SHARED)


def _cifar(variant: str, share: str, classes: int) -> Case:
    return Case(f"paper:efficientnetv2-{variant}@32", share, classes=classes)


_RESNET = Explanation(
    ("P_G", "P'_G"),
    Case("paper:resnet50@384"),
    "The row says 380 pixels, its figures are those of 384.",
)

ROWS: tuple[Row, ...] = (
    _trained("V2-B0-shared, CIFAR-10", "95.3", "1.7", _cifar("b0", "original_code", 10)),
    _trained("V2-B0-original, CIFAR-10", "95.6", "5.9", _cifar("b0", "none", 10)),
    _trained("V2-S-shared, CIFAR-10", "96.0", "3.1", _cifar("s", "original_code", 10)),
    _trained("V2-B0-shared, CIFAR-100", "78.8", "1.8", _cifar("b0", "original_code", 100)),
    _trained("V2-B0-original, CIFAR-100", "80.6", "5.9", _cifar("b0", "none", 100)),
    _trained("V2-S-shared, CIFAR-100", "81.5", "3.2", _cifar("s", "original_code", 100)),
    _trained("V2-B0-shared, ImageNet", "73.7", "3.0", _B0_SHARED),
    _trained("V2-B0-original, ImageNet", "76.9", "7.1", _B0),
    _trained("V2-S-shared, ImageNet", "78.3", "4.4", _S_SHARED),
    Row(
        "Table 3",
        "V2-B0-shared @224",
        _B0_SHARED,
        _figures("25.00", "25.44", "746.608+", "10.2", "3.0"),
        "73.7",
        remark=_SHARED,
    ),
    Row(
        "Table 3",
        "V2-B0 @224",
        _B0,
        _figures("26.28", "26.72", "746.608", "10.2", "7.1"),
        "76.9",
        (_learnable(_B0),),
    ),
    Row(
        "Table 3",
        "V2-S-shared @384",
        _S_SHARED,
        _figures("26.33", "26.97", "1505.547", "9.8", "4.4"),
        "78.3",
        remark=_SHARED,
    ),
    Row(
        "Table 3",
        "V2-S @384",
        _S,
        _figures("28.72", "29.28", "1505.546", "9.8", "21.6"),
        "83.2",
        remark=_TWO_SCORES,
    ),
    Row(
        "Table 4",
        "V2-B1 @240",
        Case("paper:efficientnetv2-b1@240"),
        _figures("26.75", "27.20", "913.4", "10.2", "8.2"),
        "79.80",
    ),
    Row(
        "Table 4",
        "ResNet-50 @380",
        Case("paper:resnet50@380"),
        _figures("27.25", "27.60", "465.4", "13.3", "25.6"),
        "80.30",
        (_RESNET,),
    ),
    Row(
        "Table 4",
        "V2-B3 @300",
        Case("paper:efficientnetv2-b3@300"),
        _figures("27.71", "28.20", "1167.2", "10.6", "14.5"),
        "82.10",
    ),
    Row(
        "Table 4",
        "V2-S @384",
        _S,
        _figures("28.72", "29.28", "1505.5", "9.8", "21.6"),
        "83.6+",
        remark=_TWO_SCORES,
    ),
    Row(
        "Table 4",
        "V2-M @480",
        _M,
        _figures("29.9+", "30.4+", "2171.1", "9.8", "54.4"),
        "85.10",
        (_lower_bound(_M),),
    ),
    Row(
        "Table 4",
        "V2-L @480",
        _L,
        _figures("30.5+", "30.9+", "3095.4", "10.3", "119.0"),
        "85.70",
        (_lower_bound(_L),),
    ),
    Row(
        "Appendix B",
        "figure 3a",
        Case("paper:figure3a", preset="definition"),
        {
            **{f"contexts of w{n}": "2" if n <= 4 else "1" for n in range(1, 9)},
            "contexts": "12",
            "surprisal": "24.68",
            "entropy": "2.92",
            "spread": "0.67",
            "N_I": "2",
            "|G|": "11",
            "P_G": "2.17",
            "P'_G": "1.28",
        },
    ),
    Row(
        "Figure 2",
        "figure 2a",
        Case("paper:figure2a", preset="definition"),
        {"surprisal": "24.00", "entropy": "3", "spread": "0", "|G|": "11", "P_G": "2.13", "P'_G": "0.54"},
    ),
    Row(
        "Figure 2",
        "figure 2b",
        Case("paper:figure2b", preset="definition"),
        {
            "surprisal": "24.58",
            "entropy": "2.92",
            "spread": "0.4",
            "|G|": "11",
            "P_G": "2.16",
            "P'_G": "1.03",
        },
    ),
)
"""Every published row."""
