"""The built web app, and the headers that every answer carries."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from litestar.types import Message, Scope

mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("text/javascript", ".js")

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "style-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Nothing leaves the browser for anything but our own service."""
AGENT_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
"""The phone stretches its PIN with Argon2id in WebAssembly (docs/decisions/a-pin-is-stretched-in-wasm.md)."""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(self), microphone=(), payment=()",
}
_ENCODED = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_ENCODED_AGENT = [(b"content-security-policy", AGENT_POLICY.encode()), *_ENCODED[1:]]
_FOREVER = "public, max-age=31536000, immutable"
_ASK = "no-cache"


async def secure_headers(message: Message, scope: Scope) -> None:
    """Before any answer is sent: the security headers, also where no route was found."""
    if message["type"] == "http.response.start":
        ours = _ENCODED_AGENT if scope["path"].startswith("/agent") else _ENCODED
        message["headers"] = [*message.get("headers", []), *ours]


def handlers(dist: Path, *, authority: Path) -> list[Any]:
    """`/agent/`, `/desk/` and `/v/`, where a receipt is checked: their files, and their page for every other path.

    `authority` is the certificate that a demo on the local network asks phones to trust; 404 where there is none.
    """

    @get("/", include_in_schema=False)
    async def front() -> Redirect:
        return Redirect("/desk/")

    def at(face: str, *, folder: str = "") -> Any:
        root = dist / (folder or face)

        @get([f"/{face}", f"/{face}/{{path:path}}"], include_in_schema=False, name=face)
        async def serve(request: Request[Any, Any, Any]) -> Response[Any]:
            if request.scope.get("raw_path", b"").split(b"?")[0] == f"/{face}".encode():
                # A service worker's scope ends in a slash: the page must, too.
                return Redirect(f"/{face}/")
            return face_file(root, str(request.path_params.get("path", "")))

        return serve

    @get("/demo-ca.crt", include_in_schema=False)
    async def trust() -> Response[bytes]:
        if not authority.is_file():
            raise NotFoundException
        return Response(authority.read_bytes(), media_type="application/x-x509-ca-cert")

    return [front, trust, at("agent"), at("desk"), at("v", folder="public")]


def face_file(root: Path, path: str) -> Response[bytes]:
    """One file of a face, or its page where the path is a place inside the app."""
    if "\0" in path:
        raise NotFoundException
    wanted = (root / path.lstrip("/")).resolve()
    if not wanted.is_relative_to(root.resolve()):
        raise NotFoundException
    if not wanted.is_file():
        if "." in wanted.name:
            raise NotFoundException
        wanted = root / "index.html"
    if not wanted.is_file():
        raise NotFoundException
    media_type = mimetypes.guess_type(wanted.name)[0] or MediaType.TEXT
    cache = _FOREVER if wanted.parent.name == "assets" else _ASK
    return Response(wanted.read_bytes(), media_type=media_type, headers={"cache-control": cache})
