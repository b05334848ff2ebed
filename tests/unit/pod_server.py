# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers in place of the API server where a command is to be run in a pod."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from kubernetes.client import ApiClient, Configuration, CoreV1Api

STDOUT, STDERR, ERROR = range(1, 4)
WELL = '{"metadata":{},"status":"Success"}'


def frame(kind: int, content: bytes) -> bytes:
    """A frame as a server sends it: RFC 6455, section 5.2."""
    size = len(content)
    length = bytes([size]) if size < 126 else bytes([126]) + size.to_bytes(2) if size < 65536 else None
    return bytes([0x80 | kind]) + (length or bytes([127]) + size.to_bytes(8)) + content


class Server(HTTPServer):
    """What answers in place of the API server."""

    parts: list[tuple[int, bytes]]
    says_bye = True
    waits = 0.0  # seconds, before it says anything
    refuses: tuple[int, bytes] | None = None
    asked: list[tuple[str, str]]
    path: str

    def says(self, *parts: tuple[int, str | bytes]) -> None:
        """Say this of the next command, by channels."""
        self.parts = [(channel, text.encode() if isinstance(text, str) else text) for channel, text in parts]

    def client(self) -> CoreV1Api:
        """Return the client that asks it."""
        return CoreV1Api(ApiClient(Configuration(host=f"http://127.0.0.1:{self.server_port}")))


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:  # http.server's name
        address = urlsplit(self.path)
        self.server.path, self.server.asked = address.path, parse_qsl(address.query)
        if self.server.refuses:
            status, body = self.server.refuses
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
        self.end_headers()
        sent = b"".join(frame(2, bytes([channel]) + content) for channel, content in self.server.parts)
        time.sleep(self.server.waits)
        self.wfile.write(sent + (frame(8, (1000).to_bytes(2)) if self.server.says_bye else b""))
        self.close_connection = True

    def log_message(self, *_args: Any) -> None:  # http.server's name
        """Nothing on the terminal."""


@contextmanager
def answering() -> Iterator[Server]:
    """Have one answer."""
    with Server(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()
