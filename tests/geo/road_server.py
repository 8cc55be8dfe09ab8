"""A road server on this machine that speaks Valhalla's and OSRM's documented shapes over a small road network.

Only for tests. It is a real HTTP server whose answers are shortest ways in a real graph: one-way streets, so that the
way back takes another time, and an island that no road joins. It refuses what the real ones refuse: too many pairs or
places at once, a place without a road near.
"""

from __future__ import annotations

import heapq
import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from geopy.distance import great_circle

Spot = tuple[float, float]
NEAR_M = 2_000
STEP = 0.01
"""Of a degree between two crossings: some 1,100 m to the north."""


def _metres(one: Spot, other: Spot) -> float:
    return float(great_circle(one, other).m)


@dataclass
class Roads:
    """Crossings and the streets between them: `streets[a]` are (b, seconds, metres), one way each."""

    crossings: list[Spot]
    streets: dict[int, list[tuple[int, float, float]]]
    entered: dict[Spot, tuple[int, float]] = field(default_factory=dict)

    @classmethod
    def grid(cls, corner: Spot, *, side: int, island: Spot | None = None) -> Roads:
        """Streets in a grid; every other one to the east is one-way, so that the way back is longer."""
        spots = [(corner[0] + i * STEP, corner[1] + j * STEP) for i in range(side) for j in range(side)]
        roads = cls(spots, {})
        for i in range(side):
            for j in range(side):
                here = i * side + j
                if j + 1 < side:
                    roads.join(here, here + 1, km_h=40, back=i % 2 == 0)
                if i + 1 < side:
                    roads.join(here, here + side, km_h=50)
        if island is not None:
            first = len(roads.crossings)
            roads.crossings += [island, (island[0] + STEP, island[1])]
            roads.join(first, first + 1, km_h=30)
        return roads

    def join(self, a: int, b: int, *, km_h: float, back: bool = True) -> None:
        metres = _metres(self.crossings[a], self.crossings[b]) * 1.1
        self.streets.setdefault(a, []).append((b, metres * 3.6 / km_h, metres))
        if back:
            self.streets.setdefault(b, []).append((a, metres * 3.6 / km_h * 1.2, metres))

    def nearest(self, spot: Spot) -> tuple[int, float]:
        """The crossing at which one comes onto the road, and how far it is."""
        if spot not in self.entered:
            at = min(range(len(self.crossings)), key=lambda one: math.dist(spot, self.crossings[one]))
            self.entered[spot] = at, _metres(spot, self.crossings[at])
        return self.entered[spot]

    def ways_from(self, start: int) -> dict[int, tuple[float, float]]:
        """Seconds and metres of the quickest way to every crossing that can be reached (Dijkstra)."""
        found: dict[int, tuple[float, float]] = {}
        queue = [(0.0, 0.0, start)]
        while queue:
            seconds, metres, here = heapq.heappop(queue)
            if here in found:
                continue
            found[here] = (seconds, metres)
            for there, takes_s, long_m in self.streets.get(here, []):
                if there not in found:
                    heapq.heappush(queue, (seconds + takes_s, metres + long_m, there))
        return found

    def table(self, sources: list[Spot], targets: list[Spot]) -> list[list[tuple[float, float] | None]]:
        ends = [self.nearest(spot)[0] for spot in targets]
        rows = []
        for spot in sources:
            ways = self.ways_from(self.nearest(spot)[0])
            rows.append([ways.get(end) for end in ends])
        return rows


@dataclass
class RoadServer:
    """`broken` says how it fails: status, hang, drip, drop, html, short, negative, swapped, fast; or that it is slow:
    it answers when the gate opens."""

    roads: Roads
    home: str = ""
    broken: str | None = None
    most_pairs: int = 2_500
    most_osrm: int = 100
    pace: dict[str, float] = field(default_factory=dict)
    """By the hour that is asked for (`2026-11-24T08:00`) how many times as long everything takes then."""
    osrm_near: float = float("inf")
    """OSRM moves a place to the nearest road however far; with a radius of its own it refuses."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    @property
    def pairs(self) -> int:
        return sum(one["pairs"] for one in self.asked)

    # --- Valhalla ---

    def sources_to_targets(self, body: dict[str, Any]) -> tuple[int, Any]:
        sources, targets = ([(one["lat"], one["lon"]) for one in body[name]] for name in ("sources", "targets"))
        if len(sources) * len(targets) > self.most_pairs:
            return 400, {"error_code": 150, "error": "Exceeded max locations", "status_code": 400}
        for one in [*body["sources"], *body["targets"]]:
            if self.roads.nearest((one["lat"], one["lon"]))[1] > one.get("search_cutoff", 35_000):
                return 400, {"error_code": 171, "error": "No suitable edges near location", "status_code": 400}
        rows = self.roads.table(sources, targets)
        asked = body.get("date_time", {"value": "", "type": 3})
        assert asked["type"] == 3  # a whole way at the speeds of one hour
        pace = self.pace.get(asked["value"], 1.0)
        durations = [[None if cell is None else round(cell[0] * pace) for cell in row] for row in rows]
        distances = [[None if cell is None else round(cell[1] / 1000, 3) for cell in row] for row in rows]
        return 200, {
            "sources_to_targets": {"durations": durations, "distances": distances},
            "units": "kilometers",
            "algorithm": "costmatrix",
        }

    # --- OSRM ---

    def osrm_table(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        spots = [(float(lat), float(lon)) for lon, lat in (one.split(",") for one in path.split("/")[4].split(";"))]
        sources, targets = (
            [spots[int(one)] for one in query[name][0].split(";")] for name in ("sources", "destinations")
        )
        assert query["annotations"] == ["duration,distance"]
        if len(spots) > self.most_osrm:
            return 400, {"code": "TooBig", "message": "Too many table coordinates"}
        for number, spot in enumerate(spots):
            if self.roads.nearest(spot)[1] > self.osrm_near:
                said = f"Could not find a matching segment for coordinate {number}"
                return 400, {"code": "NoSegment", "message": said}
        rows = self.roads.table(sources, targets)
        return 200, {
            "code": "Ok",
            "durations": [[None if cell is None else round(cell[0], 1) for cell in row] for row in rows],
            "distances": [[None if cell is None else round(cell[1], 1) for cell in row] for row in rows],
            "sources": [self._waypoint(spot) for spot in sources],
            "destinations": [self._waypoint(spot) for spot in targets],
        }

    def _waypoint(self, spot: Spot) -> dict[str, Any]:
        at, far = self.roads.nearest(spot)
        lat, lon = self.roads.crossings[at]
        return {"location": [lon, lat], "distance": far, "name": ""}


def _spoilt(answer: dict[str, Any], how: str | None) -> dict[str, Any]:
    valhalla = answer.get("sources_to_targets")
    held = valhalla if valhalla is not None else answer
    if how == "short" and "durations" in held:
        held["durations"] = held["durations"][:-1]
    if how == "negative" and "durations" in held:
        held["durations"] = [[-5 for _ in row] for row in held["durations"]]
    if how == "fast" and "durations" in held:
        held["durations"] = [[1 for _ in row] for row in held["durations"]]
    if how == "swapped" and "distances" in held:
        held["distances"] = [[0 for _ in row] for row in held["distances"]]
    if how == "words" and "durations" in held:
        held["durations"] = [["soon" for _ in row] for row in held["durations"]]
    return answer


@contextmanager
def serving(roads: Roads) -> Iterator[RoadServer]:
    """The server, on a port of its own."""
    server = RoadServer(roads)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self.answer(lambda: server.osrm_table(parts.path, parse_qs(parts.query)), self.path)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.answer(lambda: server.sources_to_targets(json.loads(body)), body.decode())

        def answer(self, make: Any, told: str) -> None:
            how = server.broken
            if how == "slow":
                server.gate.wait(20)
                how = None
            if how == "hang":
                server.gate.wait(20)
                return
            if how == "drop":
                self.close_connection = True
                return
            status, said = make() if how != "status" else (503, {"error": "busy"})
            held = said.get("sources_to_targets", said)
            server.asked.append({"told": told, "status": status, "pairs": sum(map(len, held.get("durations", [])))})
            status = 200 if how == "html" else status
            raw = b"<html>" if how == "html" else json.dumps(_spoilt(said, how)).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            for at in range(0, len(raw), 1 if how == "drip" else len(raw)):
                try:
                    self.wfile.write(raw[at : at + (1 if how == "drip" else len(raw))])
                    self.wfile.flush()
                except OSError:
                    return
                if how == "drip":
                    time.sleep(0.05)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.home = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        http.shutdown()
        http.server_close()
