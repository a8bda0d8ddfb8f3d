#!/usr/bin/env python3
"""A package index on the loopback for scripts/test-launcher: python3 mirror.py FOLDER LOG

Prints its port, then serves the wheels of FOLDER (PROJECT/FILE) as a simple index (PEP 503) until it is ended. The
first part of the path says how it behaves:

    /ranges/    as the real index does            /plain/    ignores ranges
    /corrupt/   every file has one bit changed    /other/    the page names another digest
    /dropping/  closes each connection halfway    /slow/     256 KB a second
    /failing/   status 503 for files              /password/ asks for user "reader", password "secret"

LOG gets one line for each file request: METHOD PATH RANGE BYTES-SENT.
"""
import base64
import hashlib
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder, log_path = Path(sys.argv[1]), Path(sys.argv[2])
log_lock = threading.Lock()
PIECE = 16384


class Mirror(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        mode, kind, project, *rest = self.path.strip("/").split("/")
        if mode == "password":
            expected = "Basic " + base64.b64encode(b"reader:secret").decode()
            if self.headers.get("Authorization") != expected:
                return self.answer(401, b"", {"WWW-Authenticate": 'Basic realm="mirror"'})
        if not (folder / project).is_dir():
            return self.answer(404, b"")
        if kind == "simple":
            return self.page(mode, project)
        self.file(mode, folder / project / rest[0])

    def page(self, mode: str, project: str) -> None:
        links = []
        for wheel in sorted((folder / project).iterdir()):
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest() if mode != "other" else "0" * 64
            links.append(f'<a data-requires-python="&gt;=3" href="../../files/{project}/{wheel.name}#sha256={digest}"\n'
                         f'  >{wheel.name}</a><br>')
        page = "<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>"
        self.answer(200, page.encode(), {"Content-Type": "text/html"})

    def file(self, mode: str, path: Path) -> None:
        data = path.read_bytes()
        wanted = self.headers.get("Range")
        if mode == "failing":
            self.record(path, wanted, 0)
            return self.answer(503, b"")
        if mode == "corrupt":
            data = bytearray(data)
            data[len(data) // 3] ^= 1
        headers = {}
        status = 200
        if wanted and mode != "plain":
            first, last = wanted.removeprefix("bytes=").split("-")
            last = min(int(last) if last else len(data) - 1, len(data) - 1)
            status = 206
            headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
            data = data[int(first):last + 1]
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        sent = 0
        try:
            for start in range(0, len(data), PIECE):
                if mode == "dropping" and len(data) > 4 * PIECE and start > len(data) // 2:
                    self.close_connection = True
                    break
                if mode == "slow":
                    time.sleep(PIECE / 262144)
                self.wfile.write(data[start:start + PIECE])
                sent += len(data[start:start + PIECE])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        self.record(path, wanted, sent)

    def record(self, path: Path, wanted: str | None, sent: int) -> None:
        with log_lock, log_path.open("a") as log:
            log.write(f"{self.command} {path.name} {wanted or '-'} {sent}\n")

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for header, value in (headers or {}).items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
server.daemon_threads = True
# Clients that are killed in the middle are part of the tests.
server.handle_error = lambda *_: None
print(server.server_address[1], flush=True)
server.serve_forever()
