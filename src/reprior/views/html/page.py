"""From data to one self-contained page.

Script and style stand in the page itself, and its content security policy forbids everything else: no
request can leave it, and no script but this one, known by its hash, can run in it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import Any

__all__ = ["assemble", "embed_json"]


def assemble(title: str, data: Any, scripts: Sequence[str], *, body: str = "") -> str:
    """The page.

    Parameters
    ----------
    title : str
        Plain text.
    data
        What the scripts read, as JSON.
    scripts : sequence of str
        Files of this package's ``static`` folder, in order.
    body : str
        HTML to stand before what the scripts build; the caller has escaped it.
    """
    script = "(() => {\n'use strict';\n" + "\n".join(map(_read, scripts)) + "\n})();"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template(_read("page.html")).substitute(
        title=html.escape(title),
        digest=digest,
        style=_read("style.css"),
        data=embed_json(data),
        script=script,
        body=body,
    )


def embed_json(data: Any) -> str:
    """JSON that no HTML parser can mistake for markup."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("static", name).read_text(encoding="utf-8")
