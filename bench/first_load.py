"""What a phone downloads before it can paint: the page, the scripts and styles that it names, the words of Italian."""

from __future__ import annotations

import gzip
import re

from fieldapp.app import PACKAGE

_HASH = re.compile(r"-[\w-]{8}[.]")


def report(face: str = "agent") -> str:
    """File sizes as Markdown."""
    root = PACKAGE / "pwa" / "dist" / face
    page = root / "index.html"
    if not page.is_file():
        return "The web app is not built here."
    named = re.findall(rf'(?:src|href)="/{face}/([^"]+\.(?:js|css))"', page.read_text(encoding="utf-8"))
    words = [f"assets/{path.name}" for path in (root / "assets").glob("it-*.js")]
    sizes = {name: len(gzip.compress((root / name).read_bytes(), 9)) for name in ["index.html", *named, *words]}
    scripts = sum(size for name, size in sizes.items() if name.endswith(".js"))
    lines = ["| file | kB gzip |", "|---|---|"]
    lines += [f"| {_HASH.sub('.', name)} | {size / 1000:.1f} |" for name, size in sizes.items()]
    lines += [f"| scripts | {scripts / 1000:.1f} |", f"| **together** | **{sum(sizes.values()) / 1000:.1f}** |"]
    return "\n".join(lines)
