"""The desk's way to the house's map: byte ranges of one archive, to people of the house only."""

from __future__ import annotations

import re
from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import HeaderParameter

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services import basemap
from fieldapp.services.work import Parts

ARCHIVE = "application/vnd.pmtiles"
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


class BasemapController(Controller):
    tags = ("dispatch",)

    @get("/basemap", operation_id="read_basemap", media_type=ARCHIVE)
    async def read_basemap(
        self, parts: NamedDependency[Parts], wanted: Annotated[str, HeaderParameter(name="range")] = ""
    ) -> Response[bytes]:
        """One range of the archive (RFC 9110, 14): 206, or 416 where nothing begins there."""
        asked = _RANGE.fullmatch(wanted.strip())
        if asked is None or (asked[2] and int(asked[2]) < int(asked[1])):
            raise Refusal("basemap.range_needed", kind=Kind.MALFORMED)
        found = await basemap.read_piece(parts.basemap, first=int(asked[1]), last=int(asked[2]) if asked[2] else None)
        if isinstance(found, basemap.OutsideArchive):
            return Response(b"", status_code=416, headers={"content-range": f"bytes */{found.total}"})
        headers = {
            "content-range": f"bytes {found.first}-{found.last}/{found.total}",
            "accept-ranges": "bytes",
            "etag": f'"{found.mark}"',
            "cache-control": "private, max-age=3600",
        }
        return Response(found.content, status_code=206, media_type=ARCHIVE, headers=headers)
