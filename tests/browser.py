"""A headless Chromium for tests that look at pages; where there is none they are skipped, saying so."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium():
    """Start the browser; skip the test where it or its driver is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = os.environ.get("REPRIOR_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is installed (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page and all that it did which a quiet page does not do."""

    page: object
    noise: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def to(cls, browser, path, *, width=1440, height=900, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        visit = cls(page)
        page.on("console", lambda message: visit.noise.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: visit.noise.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (visit.noise.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: visit.requests.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_function("document.querySelector('main') !== null")
        try:
            yield visit
        finally:
            page.close()

    def assert_quiet(self, path):
        assert self.noise == []
        # Data URIs (the empty icon) are no requests.
        assert [url for url in self.requests if not url.startswith("data:")] == [path.as_uri()]

    def serious_violations(self):
        """What axe-core finds that keeps readers out, as readable lines."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
        found = axe.Axe().run(self.page).response["violations"]
        return [
            f"{rule['id']} ({rule['impact']}): {node['html'][:120]}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]
