"""A model of 1,000 layers opens in under 2 s and its page stays under 6 MB."""

import time

import reprior
from reprior.views.html import write_html
from tests.browser import Visit


def thousand_layers():
    net = reprior.Network()
    x = net.input(16, 8, 8)
    for stage in range(10):
        for block in range(50):
            with net.scope(f"stages.{stage}.blocks.{block}"):
                y = net.relu(net.batch_norm(net.conv(x, 16, 3, padding=1, name="conv"), name="norm"))
                x = x + y
    net.output(net.dense(net.global_pool(x), 10, name="head"))
    return net


def test_a_thousand_layers(browser, tmp_path):
    analysis = reprior.analyze(thousand_layers())
    layers = {row.name.rpartition(".")[0] for row in analysis.parameters}
    assert len(layers) == 1001
    path = tmp_path / "large.html"
    write_html(analysis, path)
    assert path.stat().st_size < 6e6
    seconds = []
    for _ in range(3):  # the best of three: the machine may be busy with other tests
        begin = time.perf_counter()
        with Visit.to(browser, path) as visit:
            visit.page.wait_for_selector("#layers-chart .layer >> nth=1000", state="attached")
            seconds.append(time.perf_counter() - begin)
            visit.assert_quiet(path)
    assert min(seconds) < 2
    with Visit.to(browser, path) as visit:
        visit.page.click("#open-all")
        assert visit.page.locator("#modules .row").count() > 1000
        visit.assert_quiet(path)
