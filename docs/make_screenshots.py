"""Take the screenshots of the documentation: ``python docs/make_screenshots.py`` (needs Chromium).

Written to ``docs/screenshots``; look at each before committing it.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import reprior
from reprior.models.figures import figure_3a
from reprior.views.html import write_html, write_unrolling

OUT = Path(__file__).parent / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = (1440, 390)


def pages(folder: Path) -> dict[str, Path]:
    """The pages to look at, by name."""
    found = {name: folder / f"{name}.html" for name in ("analysis", "transformer", "comparison", "unrolling")}
    write_html(reprior.analyze("paper:efficientnetv2-b0@224"), found["analysis"])
    write_html(reprior.analyze("hf:GPT2Config"), found["transformer"])
    models = [f"paper:efficientnetv2-{size}" for size in ("b0", "b1", "b2", "b3", "s")]
    write_html(reprior.compare([*models, "paper:resnet50"]), found["comparison"])
    write_unrolling(figure_3a(), "paper:figure3a", found["unrolling"])
    return found


def main() -> None:
    OUT.mkdir(exist_ok=True)
    program = shutil.which("chromium") or sys.exit("no chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        for name, path in pages(Path(folder)).items():
            for width in WIDTHS:
                scheme = "dark" if name == "comparison" else "light"
                page = browser.new_page(viewport={"width": width, "height": 1500}, color_scheme=scheme)
                page.goto(path.as_uri())
                page.wait_for_timeout(500)
                page.screenshot(path=OUT / f"{name}-{width}.png")
                if name == "analysis":
                    page.focus("#layers-chart")
                    page.keyboard.press("Home")
                    top = page.locator("#depth").bounding_box()
                    end = page.locator("#dead").bounding_box()
                    scrolled = page.evaluate("scrollY")  # boxes are relative to the window
                    clip = {"x": 0, "y": top["y"] + scrolled, "width": width, "height": end["y"] - top["y"]}
                    page.screenshot(path=OUT / f"{name}-charts-{width}.png", full_page=True, clip=clip)
                if name in ("analysis", "transformer"):
                    modules = page.locator("#modules")
                    for _ in range(2):  # the first module, and the first inside it
                        modules.locator("details:not([open]) > summary").first.click()
                    page.wait_for_timeout(300)
                    modules.screenshot(path=OUT / f"{name}-modules-{width}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
