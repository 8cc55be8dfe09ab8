"""Seeds of random walks: a fixed one, and one that is drawn anew for each run and printed where a walk breaks off."""

from __future__ import annotations

import os
import random

DRAWN = int(os.environ.get("FIELDAPP_SEED") or random.SystemRandom().randrange(10**9))
"""FIELDAPP_SEED walks a printed seed again; `make test` draws one for all that it tries, also a second time."""
