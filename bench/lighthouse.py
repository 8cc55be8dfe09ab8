"""Lighthouse over one page of ours, where it is installed (`make bench` puts it beside the environment)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

CLI = Path(sys.prefix) / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = ("performance", "accessibility", "best-practices")


class Scores(NamedTuple):
    """Of a hundred."""

    performance: int
    accessibility: int
    best_practices: int


def scores(url: str) -> Scores | str:
    """Lighthouse's marks under its own mobile brakes, or why there are none."""
    browser = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if not CLI.exists() or browser is None:
        return "not installed"
    flags = "--headless=new --no-sandbox --disable-background-networking --disable-component-update"
    command = ["node", str(CLI), url, "--quiet", "--output=json", f"--chrome-flags={flags}"]
    command.append(f"--only-categories={','.join(CATEGORIES)}")
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300, env={**os.environ, "CHROME_PATH": browser}
    )
    if done.returncode != 0:
        return f"failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
    said = json.loads(done.stdout)
    wrong = [
        f"{one['id']} ({name})"
        for name in CATEGORIES
        for ref in said["categories"][name]["auditRefs"]
        if (one := said["audits"][ref["id"]])["score"] is not None and one["score"] < 0.9 and ref["weight"] > 0
    ]
    if wrong:
        print(f"Lighthouse finds: {', '.join(wrong)}", file=sys.stderr)
    return Scores(*(round(100 * said["categories"][name]["score"]) for name in CATEGORIES))
