"""One real Postgres for the run, migrated once; each test that asks for it gets a database of its own."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uuid_utils.compat
from hypothesis import settings
from sqlalchemy import Engine

from fieldapp.store import setup
from fieldapp.store.columns import Keyring
from fieldapp.store.database import Database
from fieldapp.store.embedded import Cluster

CLUSTER = "FIELDAPP_TEST_CLUSTER"
TEMPLATE = "fieldapp_template"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
"""Thursday 26 November 2026, ten in the morning in Italy: a lawful hour."""

# No test is judged by the clock: on a busy machine a slow example would be a false alarm.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

_numbers = itertools.count()
_engines: list[Engine] = []


def _speak_as_the_first(engine: Engine) -> None:
    """Each test has an engine of its own, and each engine would put the same statements into SQL anew: a third of the
    run. What was compiled is kept under the dialect, so all of them speak by the first one's."""
    _engines.append(engine)
    first = _engines[0]
    engine.dialect = engine.pool._dialect = first.dialect
    engine._compiled_cache = first._compiled_cache
    del _engines[1:]


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    as_made = Database.__init__

    @functools.wraps(as_made)
    def made(self: Database, *positional: Any, **named: Any) -> None:
        as_made(self, *positional, **named)
        _speak_as_the_first(self.engine.sync_engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "__init__", made)
        yield


_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30


def _place() -> Path | None:
    """Where the databases lie: in memory where it has room, since each test's own is a thousand small files."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        room = os.statvfs(_MEMORY)
        if room.f_bavail * room.f_frsize >= _ROOM and not room.f_flag & os.ST_NOEXEC:
            return _MEMORY
    return Path("/var/lib") if os.geteuid() == 0 else None


def pytest_configure(config: pytest.Config) -> None:
    """Start the database before the workers are born, so that all of them find it."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    home = Path(tempfile.mkdtemp(prefix="fieldapp-test-", dir=_place()))
    home.chmod(0o755)
    cluster = Cluster(home, durable=False)
    cluster.start()
    os.environ[CLUSTER] = str(home)
    admin = cluster.url(setup_user(), "postgres")
    setup.create_database(admin, TEMPLATE)
    setup.migrate(cluster.url(setup.OWNER, TEMPLATE))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: their driver keeps a loop running in this thread, in which no other test could start one."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or CLUSTER not in os.environ:
        return
    home = Path(os.environ.pop(CLUSTER))
    Cluster(home, durable=False).stop()
    shutil.rmtree(home, ignore_errors=True)


def setup_user() -> str:
    return "fieldapp_setup"


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster(Path(os.environ[CLUSTER]), durable=False)


@pytest.fixture(scope="session", autouse=True)
def _keyring() -> None:
    Keyring({1: b"k" * 32}, index_key=b"i" * 32).install()


@pytest.fixture
def database_name(cluster: Cluster) -> Iterator[str]:
    """A fresh, migrated, empty database."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}_{next(_numbers)}"
    admin = cluster.url(setup_user(), "postgres")
    setup.create_database(admin, name, template=TEMPLATE)
    yield name
    setup.drop_database(admin, name)


@pytest.fixture
def app_url(cluster: Cluster, database_name: str) -> str:
    """The address of the test's database as the service's own role."""
    return cluster.url(setup.APP, database_name)


@pytest.fixture
async def database(app_url: str) -> AsyncIterator[Database]:
    database = Database(app_url, now=lambda: NOW, new_id=uuid_utils.compat.uuid7)
    yield database
    await database.close()
