"""Screenshots of every screen for docs/screens, from a demo of its own that is gone afterwards.

The walk is the one that the tests of accessibility take (tests/browser/tour.py): the phone at 390x844 and, as
`phone-360-...`, at 360x740, the desk at 1440x900, phone and desk also dark. `--only oggi` takes the screens whose name
holds the word.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.books import Books  # noqa: E402
from tests.browser.conftest import DESK, PHONE, free_port  # noqa: E402
from tests.browser.tour import DESKS, desk_screens, phone_screens  # noqa: E402
from tests.flows import stripe_double  # noqa: E402

OUT = ROOT / "docs" / "screens"
DARK = {"phone-oggi", "phone-esito", "phone-guardate-insieme", "desk-pratica", "desk-piano"}
SMALL: Any = {"width": 360, "height": 740}
COLOURS = 256
LARGEST_BYTES = 150_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", help="a demo that runs already")
    parser.add_argument("--only", default="", help="only screens whose name holds this")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    with demo(chosen.address) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            chromium_sandbox=False, args=["--enable-unsafe-swiftshader"], **_installed_chromium()
        )
        for scheme in ("light", "dark"):
            wanted = set(DARK)
            for name, page in screens(browser, address, scheme):
                full = name if scheme == "light" else f"{name}-dark"
                if chosen.only in full and (scheme == "light" or name in DARK):
                    take(page, chosen.out / f"{full}.png")
                    if name.startswith("phone-") and scheme == "light":
                        page.set_viewport_size(SMALL)
                        take(page, chosen.out / f"phone-360-{name.removeprefix('phone-')}.png")
                        page.set_viewport_size(PHONE["viewport"])
                # The house has by now what the tour makes at its end, and refuses to make it twice.
                wanted.discard(name)
                if scheme == "dark" and not wanted:
                    break
        browser.close()


def _installed_chromium() -> dict[str, Any]:
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    return {"executable_path": found} if found else {}


@contextmanager
def demo(address: str | None) -> Iterator[str]:
    """The address of a demo: the one given, else one of our own."""
    if address is not None:
        yield address
        return
    home = Path(tempfile.mkdtemp(prefix="fieldapp-screens-", dir="/var/lib" if os.geteuid() == 0 else None))
    home.chmod(0o755)
    port = free_port()
    # A link to pay by is in the pictures too: its provider is the one of the tests.
    with stripe_double.provider(now_s=int(time.time())) as provider:
        environment = {
            **os.environ,
            "FIELDAPP_HOME": str(home),
            "FIELDAPP_PORT": str(port),
            "FIELDAPP_STRIPE_KEY": stripe_double.KEY,
            "FIELDAPP_STRIPE_WEBHOOK_SECRETS": stripe_double.SECRET,
            "FIELDAPP_STRIPE_URL": provider.home,
        }
        with subprocess.Popen([sys.executable, "-m", "fieldapp", "demo"], env=environment) as process:
            try:
                _wait_for(f"http://127.0.0.1:{port}", process)
                provider.now_s = _now_s(f"http://127.0.0.1:{port}")
                yield f"http://127.0.0.1:{port}"
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)
    shutil.rmtree(home, ignore_errors=True)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            if httpx.get(f"{address}/api/v1/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise SystemExit("the demo did not start")


def _now_s(address: str) -> int:
    """The demo's own time."""
    return int(datetime.fromisoformat(httpx.get(f"{address}/api/v1/clock").json()["now"]).timestamp())


def screens(browser: Browser, address: str, scheme: Any) -> Iterator[tuple[str, Page]]:
    """Every screen by name, the phone's first: what it sends is then seen at the desk."""
    seen = {"locale": "it-IT", "timezone_id": "Europe/Rome", "color_scheme": scheme}
    phone = browser.new_context(**seen, **PHONE)
    page = phone.new_page()
    for name in phone_screens(page, f"{address}/agent/"):
        yield f"phone-{name}", page
    phone.close()
    for role in DESKS:
        desk = browser.new_context(**seen, **DESK)
        page = desk.new_page()
        for name in desk_screens(page, f"{address}/desk/", role, practice_id=_visited(address)):
            yield f"desk-{name}", page
        desk.close()


def _visited(address: str) -> str:
    """A practice whose file has a visit with a payment to show."""
    today = date.fromisoformat(httpx.get(f"{address}/api/v1/clock").json()["now"][:10])
    books = Books(address, day=today)
    return next(practice for stop, practice in books.stops.items() if books.practice(stop)["receipts"])


def take(page: Page, path: Path) -> None:
    """The screen as it stands, in as many colours as it needs to stay small."""
    page.wait_for_timeout(800)
    if page.locator("main canvas").count():
        # A map draws after its page is there.
        page.wait_for_timeout(4_000)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    colours = COLOURS
    while True:
        written = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        if written.tell() < LARGEST_BYTES or colours <= 16:
            break
        colours //= 2
    path.write_bytes(written.getvalue())
    print(f"{path.name} {written.tell() // 1000} kB", flush=True)


if __name__ == "__main__":
    main()
