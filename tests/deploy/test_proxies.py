"""What deploy/nginx.conf and deploy/Caddyfile let through, in front of a server of our own.

Where nginx or Caddy is not installed, its tests are skipped.
"""

import http.client
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.helpers.servers import free_port, started
from recognizer.system import home

DEPLOY = home.PROJECT / "deploy"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CADDY = shutil.which("caddy") or "/usr/bin/caddy"
MB = 1024 * 1024
LOGS: list[Path] = []  # of the requests, where a proxy keeps one


class Replica(BaseHTTPRequestHandler):
    """Says which replica it is, reads what it is sent, and echoes over a WebSocket."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body at once

    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.flush()
            self.wfile.write(b"echo " + self.rfile.readline())
            self.close_connection = True
        else:
            self.answer(f"{self.server.server_port} {self.headers['Host']}")

    def do_PUT(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, MB)))
        self.answer("whole")

    def answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@contextmanager
def replicas(number: int) -> Iterator[list[int]]:
    """Start servers in this process; yield their ports."""
    with ExitStack() as stack:
        ports = []
        for _ in range(number):
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Replica))
            server.daemon_threads = True
            Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            ports.append(server.server_port)
        yield ports


@contextmanager
def nginx(folder: Path, ports: list[int]) -> Iterator[int]:
    """Start nginx with our file; only ports and the certificate are others."""
    port = free_port()
    site = (DEPLOY / "nginx.conf").read_text()
    for pattern, replacement in (
        (r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
        (r"(?m)^ +ssl_.*\n", ""),
        (r"server 127.0.0.1:8501;\s+server 127.0.0.1:8502;", listed(ports)),
        ("/var/log/nginx", str(folder)),
        (r"server_name digits.example.org;", "server_name 127.0.0.1 digits.example.org;"),
    ):
        site, changes = re.subn(pattern, replacement, site)
        assert changes, pattern
    LOGS.append(folder / "recognizer.log")
    (folder / "site.conf").write_text(site)
    spools = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}"
        + (" user root;" if os.geteuid() == 0 else "")
        + f" http {{ access_log off; {spools} include site.conf; }}"
    )
    command = [NGINX, "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
    with started(command, f"http://127.0.0.1:{port}", cwd=folder):
        yield port


def listed(ports: list[int]) -> str:
    return " ".join(f"server 127.0.0.1:{port};" for port in ports)


@contextmanager
def caddy(folder: Path, ports: list[int]) -> Iterator[int]:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "SITE": f"http://127.0.0.1:{port}",
        "APP": " ".join(f"127.0.0.1:{one}" for one in ports),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    command = [CADDY, "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    with started(command, f"http://127.0.0.1:{port}", cwd=folder, env=environment):
        yield port


@dataclass
class Proxy:
    """A proxy in front of some replicas."""

    name: str
    port: int
    replicas: list[int]

    def ask(self, path: str, *, method: str = "GET", size: int = 0, **headers: str):
        """Return status, headers and text of an answer, and send no more once it is there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path)
            for name, value in {"Content-Length": str(size), **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            if size:
                try:
                    for start in range(0, size, MB):
                        connection.send(bytes(min(MB, size - start)))
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it was refused before it had all
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request, tmp_path_factory) -> Iterator[Proxy]:
    if not Path({"nginx": NGINX, "caddy": CADDY}[request.param]).exists():
        pytest.skip(f"{request.param} is not installed")
    start = {"nginx": nginx, "caddy": caddy}[request.param]
    with (
        replicas(3) as ports,
        start(tmp_path_factory.mktemp(request.param), ports) as port,
    ):
        yield Proxy(request.param, port, ports)


def test_the_host_that_was_asked_for_reaches_the_app(proxy):
    """Streamlit compares it with a WebSocket's Origin."""
    host = f"127.0.0.1:{proxy.port}"
    assert proxy.ask("/")[2].split()[1] == host


def test_a_browser_stays_at_its_replica(proxy):
    visited = set()
    for _ in range(30):
        _, headers, first = proxy.ask("/")
        cookie = headers["Set-Cookie"].partition(";")[0]
        assert cookie.startswith("replica=")
        again = {proxy.ask("/_stcore/health", Cookie=cookie)[2] for _ in range(4)}
        assert again == {first}
        visited.add(int(first.split()[0]))
    assert visited == set(proxy.replicas)


def test_a_cookie_that_someone_made_up_is_no_fault(proxy):
    assert proxy.ask("/", Cookie="replica=../../etc/passwd")[0] == 200


def test_a_websocket_goes_through(proxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as connection:
        connection.sendall(
            b"GET /_stcore/stream HTTP/1.1\r\nHost: digits.example.org\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n"
            if proxy.name == "nginx"
            else f"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n".encode()
            + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        answer = connection.makefile("rb")
        assert b" 101 " in answer.readline()
        while answer.readline().strip():
            pass
        connection.sendall(b"hello\n")
        assert answer.readline() == b"echo hello\n"


@pytest.mark.parametrize(
    ("path", "size", "goes_through"),
    [
        ("/_stcore/upload_file/session/file", 3 * MB, True),
        ("/_stcore/upload_file/session/file", 202 * MB, False),
        ("/_stcore/health", 1000, True),
        ("/_stcore/health", 3 * MB, False),
    ],
)
def test_how_much_may_be_sent(proxy, path, size, goes_through):
    try:
        status, _, text = proxy.ask(path, method="PUT", size=size)
    except ConnectionResetError:  # refused, and closed while we were still sending
        status, text = 413, ""
    assert (text == "whole") == goes_through
    assert status == 200 if goes_through else status in (413, 502)


def test_no_one_elses_page_shows_it_inside_itself(proxy):
    headers = proxy.ask("/")[1]
    assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in headers["Strict-Transport-Security"]


def test_metrics_are_not_for_others(proxy):
    for path in ("/_stcore/metrics", "/_stcore/metrics?families=cache_memory_bytes"):
        assert proxy.ask(path)[0] == 404
    assert proxy.ask("/_stcore/health")[0] == 200


def test_no_log_of_requests_tells_what_was_asked_or_whose_session_it_was(proxy):
    proxy.ask("/train?job=secret-job")
    proxy.ask("/_stcore/upload_file/secret-session/secret-file", method="PUT", size=10)
    if proxy.name == "caddy":
        assert re.search(r"(?m)^\s*log\b", (DEPLOY / "Caddyfile").read_text()) is None
        return
    written = LOGS[-1].read_text()
    assert '"GET /train" 200' in written
    assert '"PUT /_stcore/upload_file/" 200' in written
    assert "secret" not in written
