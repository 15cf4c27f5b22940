"""The checks of the browser tests find what they look for."""

from tests.browser import Visit

_BAD = """<!doctype html><html lang="en"><title>t</title><main>
<p style="color: #ccc; background: #fff">pale</p><img src="http://127.0.0.1:9/x.png">
<script>console.log('noise')</script></main>"""


def test_noise_requests_and_barriers_are_found(browser, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text(_BAD, encoding="utf-8")
    with Visit.to(browser, path) as visit:
        assert "log: noise" in visit.noise
        assert "http://127.0.0.1:9/x.png" in visit.requests
        rules = {line.split(" ")[0] for line in visit.serious_violations()}
    assert {"color-contrast", "image-alt"} <= rules
