"""OpenSSH's own `sshd` on the loopback, as a creditor runs it: internal-sftp, public keys, a folder of its own.

Where the tests run as root it runs as the machine's `daemon`, for a server that may do everything refuses nothing.
"""

from __future__ import annotations

import getpass
import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

_UNPACKED = Path(sys.prefix) / "openssh"
SSHD = next((one for one in (Path("/usr/sbin/sshd"), _UNPACKED / "usr/sbin/sshd") if one.exists()), None)
_STARTS_S = 10.0


@dataclass
class OpenSsh:
    home: Path
    user: str
    port: int
    host_key: str
    most_bytes: int | None = None
    """Of one file: a longer one finds no room in its middle."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        return self.home / "files"

    def target(self, **changes: Any) -> dict[str, Any]:
        where = {"host": "127.0.0.1", "port": self.port, "user": self.user, "folder": str(self.folder)}
        return {**where, "host_key": self.host_key, **changes}

    def trust(self, public_key: str) -> None:
        keys = self.home / "authorized_keys"
        keys.write_text(public_key + "\n")
        keys.chmod(0o644)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file()}

    def start(self) -> None:
        """Start, or start anew."""
        self.stop()
        assert SSHD is not None
        binary = shutil.copy(SSHD, self.home / "sshd")
        libraries = ":".join(str(path.parent) for path in _UNPACKED.rglob("libwrap.so.*"))
        more: dict[str, Any] = {"user": self.user, "extra_groups": []} if os.geteuid() == 0 else {}
        self.process = subprocess.Popen(
            [str(Path(binary).resolve()), "-D", "-e", "-f", str(self.home / "sshd_config")],
            env={"LD_LIBRARY_PATH": libraries, "PATH": "/usr/bin:/bin"},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=self._bounded,
            **more,
        )
        ends = time.monotonic() + _STARTS_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > ends:
                    raise
                time.sleep(0.02)
            else:
                return

    def _bounded(self) -> None:
        if self.most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.most_bytes, self.most_bytes))

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def new_host_key(self) -> None:
        """As after a server was set up anew, or where somebody stands in between."""
        key = asyncssh.generate_private_key("ssh-ed25519")
        path = self.home / "host_key"
        path.write_bytes(key.export_private_key())
        path.chmod(0o600)
        self.host_key = key.export_public_key().decode().strip()
        if os.geteuid() == 0:
            shutil.chown(path, self.user)


@contextmanager
def openssh() -> Iterator[OpenSsh]:
    user = "daemon" if os.geteuid() == 0 else getpass.getuser()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        home.chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = OpenSsh(home, user, port, "")
        server.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(server.folder, user, pwd.getpwnam(user).pw_gid)
        server.new_host_key()
        server.trust("")
        (home / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {home}/authorized_keys\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "Subsystem sftp internal-sftp\nForceCommand internal-sftp\n"
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
