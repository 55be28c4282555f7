"""Package indexes of our own on the loopback interface, which answer as bad ones do."""

from __future__ import annotations

import base64
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator

PASSWORD = "s3cret"


class _Handler(BaseHTTPRequestHandler):
    """`/simple` is an index, `/private` asks for a password, `/forbidden` refuses everybody."""

    def do_GET(self) -> None:
        first = self.path.split("/")[1]
        expected = "Basic " + base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
        known = self.headers["Authorization"] == expected
        if first == "moved":
            return self._answer(302, ("Location", f"/private/{self.path.split('/', 2)[2]}"))
        statuses = {
            "simple": 200,
            "private": 200 if known else 401,
            "forbidden": 403,
            "broken": 500,
            "empty": 200 if self.path == "/empty/" else 404,
        }
        self._answer(statuses.get(first, 404))

    def _answer(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Type", "text/html"), ("Content-Length", "0")):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serve(certificate: Certificate | None = None) -> Iterator[str]:
    """Run an index; tells its URL without a path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.file, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Certificate:
    """A certificate that vouches for itself."""

    file: Path
    key: Path

    @classmethod
    def create(cls, folder: Path, host: str = "IP:127.0.0.1") -> Certificate:
        """Let openssl make one for a host."""
        made = cls(folder / "certificate.pem", folder / "certificate.key")
        settings = folder / "openssl.cnf"
        # uv refuses an authority's certificate from a server, even where it trusts it.
        settings.write_text(
            "[req]\ndistinguished_name = name\nx509_extensions = more\n[name]\n"
            f"[more]\nbasicConstraints = CA:FALSE\nsubjectAltName = {host}\n"
        )
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"),
                *("-days", "2", "-config", settings, "-out", made.file, "-keyout", made.key),
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        return made
