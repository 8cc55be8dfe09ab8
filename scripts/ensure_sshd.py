"""Make sure that OpenSSH's server is here for the tests of files to creditors: the machine's, else Debian's, unpacked
beside our packages; no service is installed and none started."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ("openssh-server", "libwrap0")


def main() -> int:
    home = Path(sys.prefix) / "openssh"
    if Path("/usr/sbin/sshd").exists() or (home / "usr" / "sbin" / "sshd").exists():
        return 0
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        print("No OpenSSH server here, and no Debian to take it from: its tests are skipped.")
        return 0
    print("OpenSSH's server for the tests ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        fetch = ["apt-get", "download", *PACKAGES]
        if subprocess.run(fetch, check=False, **quiet).returncode != 0:
            # Without lists of packages nothing is found; with them it may be.
            subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
            if subprocess.run(fetch, check=False, **quiet).returncode != 0:
                print("OpenSSH's server could not be had: its tests are skipped.")
                return 0
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(home)], check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
