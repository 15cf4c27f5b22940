import sys

import pytest

import reprior
from reprior.views.drawing import figure_drawing, to_png
from reprior.views.html.layers import layer_profiles

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def pyplot():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def analysis():
    return reprior.analyze("paper:efficientnetv2-b0@32")


@pytest.fixture(scope="module")
def comparison():
    return reprior.compare(["paper:resnet50", "paper:efficientnetv2-b0", "paper:figure3a"])


def test_layers_shows_every_mean(analysis):
    ax = analysis.plot.layers()
    shown = {int(x): y for line in ax.lines for x, y in zip(*line.get_data(), strict=True)}
    expected = {at: item.spread.mean for at, item in enumerate(layer_profiles(analysis), start=1)}
    assert shown == expected
    assert analysis.model in ax.get_title()
    ax.figure.canvas.draw()


def test_distribution_shows_every_parameter(analysis):
    for of in ("parameters", "contexts"):
        ax = analysis.plot.distribution(of=of)
        assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(100)
        ax.figure.canvas.draw()
    with pytest.raises(reprior.SpecError, match="not one of parameters, contexts"):
        analysis.plot.distribution(of="things")


def test_scatter_shows_every_model(comparison):
    ax = comparison.plot.scatter("num_parameters", "p_g")
    shown = {
        line.get_label(): tuple(map(float, (line.get_xdata()[0], line.get_ydata()[0]))) for line in ax.lines
    }
    assert shown == {item.model: (item.num_parameters, item.p_g) for item in comparison.analyses}
    ax.figure.canvas.draw()


def test_scatter_leaves_out_what_a_model_lacks(comparison):
    assert len(comparison.plot.scatter("macs", "entropy").lines) == 2


def test_scatter_of_unknown_quantities(comparison):
    with pytest.raises(reprior.SpecError, match="did you mean entropy"):
        comparison.plot.scatter("num_parameters", "entrpy")
    only = reprior.compare(["paper:figure3a"])
    with pytest.raises(reprior.RepriorError, match="no model has both"):
        only.plot.scatter("macs", "p_g")


def test_layers_of_a_comparison(comparison):
    ax = comparison.plot.layers()
    assert len(ax.lines) == 3
    ax.figure.canvas.draw()


def test_drawing_on_given_axes(analysis, pyplot):
    _, ax = pyplot.subplots()
    assert analysis.plot.layers(ax) is ax
    assert len(pyplot.get_fignums()) == 1


def test_names_are_not_mathematics(pyplot):
    net = reprior.Network()
    net.output(net.dense(net.input(2), 2, name="$\\undefined{$"))
    analysis = reprior.analyze(net, name="$\\nonsense{$<b>")
    for ax in (analysis.plot.layers(), analysis.plot.distribution()):
        ax.figure.canvas.draw()


def test_notebook_tables(analysis, comparison):
    html = analysis._repr_html_()
    assert f"{analysis.num_parameters:,}" in html
    assert f"{analysis.p_g:,.4f}" in html
    for item in comparison.analyses:
        assert f"{item.entropy:,.4f}" in comparison._repr_html_()


def test_without_matplotlib(analysis, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(reprior.RepriorError, match=r"pip install 'reprior\[plot\]'"):
        analysis.plot.layers()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(reprior.RepriorError, match=r"pip install 'reprior\[plot\]'"):
        to_png(figure_drawing("figure1"))
