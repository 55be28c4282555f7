"""A real PostgreSQL server, which tests start for themselves."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from urllib.parse import quote

import pytest

PASSWORD = "br/ead 2%"

# Tests get a stripped environment, and Debian does not put these programs on the PATH.
_FOLDERS = ["/usr/local/bin", "/usr/bin", *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)]


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yield the URL of a new server of user baker, or skip the test where none is installed."""
    search_path = os.pathsep.join(_FOLDERS)
    initdb, pg_ctl = (shutil.which(name, path=search_path) for name in ("initdb", "pg_ctl"))
    if not initdb or not pg_ctl:
        pytest.skip(f"PostgreSQL's initdb and pg_ctl are not in any of {', '.join(_FOLDERS)}.")
    # Below /tmp since the path of a socket must be short, and its user must be able to get there.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        data, password_file = folder / "data", folder / "password"
        password_file.write_text(PASSWORD)
        # The server refuses to run as root; nobody will do.
        nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if nobody:
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            os.chown(password_file, nobody.pw_uid, nobody.pw_gid)

        def run(*command: str) -> None:
            with (folder / "log").open("a") as log:
                subprocess.run(
                    command,
                    cwd=folder,
                    user=nobody and nobody.pw_uid,
                    group=nobody and nobody.pw_gid,
                    extra_groups=[] if nobody else None,
                    stdout=log,
                    stderr=log,
                    check=True,
                    timeout=120,
                )

        initialise = ["--username=baker", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        run(initdb, f"--pgdata={data}", "--encoding=UTF8", "--no-sync", *initialise)
        options = f"-c listen_addresses= -c fsync=off -c unix_socket_directories={folder}"
        run(pg_ctl, "start", "--wait", f"--pgdata={data}", "-o", options)
        try:
            yield f"postgresql://baker:{quote(PASSWORD, safe='')}@/postgres?host={folder}"
        finally:
            run(pg_ctl, "stop", "--mode=immediate", f"--pgdata={data}")
