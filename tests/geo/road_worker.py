"""A worker in the place of Valhalla's: the same lines over the same pipe, over a small real network of roads.

`dies` (before the first answer, once: it leaves a file), `dies_always`, `hangs`, `babbles` say how it fails.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.geo.road_server import Roads, RoadServer


def main() -> None:
    how, trace = sys.argv[1], Path(sys.argv[2])
    server = RoadServer(Roads.grid((45.30, 9.50), side=6, island=(45.10, 9.90)), most_pairs=40_000)
    for line in sys.stdin:
        asked = json.loads(line)
        with trace.open("a") as file:
            file.write("asked\n")
        if how == "dies_always" or (how == "dies" and trace.read_text().count("asked") == 1):
            sys.exit(9)
        if how == "hangs":
            time.sleep(30)
        if how == "babbles":
            print("Tile extract could not be loaded", flush=True)
            continue
        status, body = server.sources_to_targets(asked["body"])
        print(json.dumps({"id": asked["id"], "status": status, "body": body}), flush=True)


if __name__ == "__main__":
    main()
