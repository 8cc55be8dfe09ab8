"""The database that a process works with: the one named in the settings, else an embedded one, started and stopped."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fieldapp.settings import Settings
from fieldapp.store import setup
from fieldapp.store.embedded import SUPERUSER, Cluster

DATABASE = "fieldapp"


@contextmanager
def database(settings: Settings) -> Iterator[Settings]:
    """Settings with a database that is there and migrated: the one named, else an embedded one.

    The last process that uses an embedded server stops it at the end, whoever started it.
    """
    if settings.database_url is not None:
        if settings.owner_database_url is not None:
            setup.migrate(settings.owner_database_url)
        yield settings
        return
    cluster = Cluster(settings.home / "database")
    with in_use(settings.home / "database.lock") as is_last:
        cluster.start()
        try:
            setup.create_database(cluster.url(SUPERUSER, "postgres"), DATABASE)
            setup.migrate(cluster.url(setup.OWNER, DATABASE))
            yield settings.model_copy(
                update={
                    "database_url": cluster.url(setup.APP, DATABASE),
                    "owner_database_url": cluster.url(setup.OWNER, DATABASE),
                }
            )
        finally:
            if is_last():
                cluster.stop()


@contextmanager
def in_use(path: Path) -> Iterator[Callable[[], bool]]:
    """A shared lock on `path`, which a killed process loses; answers whether nobody else holds one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield lambda: _alone(lock)


def _alone(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
