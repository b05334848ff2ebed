# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for what AWX' API does with templates and launches, as far as ansible-rulebook asks for it.

It knows the templates and workflows that this collection ships. A launched job is handed to a function; a launched
workflow waits for approval for ever.
"""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PROMPTS = ("limit", "labels", "inventory", "variables")


class ControllerStandIn:
    """Serves on a free port of the loopback address. `launched` has what was asked for."""

    def __init__(
        self, objects: Mapping[str, Any], organization: str, token: str, run: Callable[[Mapping[str, Any], str], bool]
    ) -> None:
        """Start it.

        :param objects: the variables of awx/controller
        :param organization: what their `organization` is
        :param token: which a client has to show
        :param run: runs a job, given its template and its limit, and tells whether it succeeded
        """
        self.token = token
        self.run = run
        self.launched: list[tuple[str, dict[str, Any]]] = []
        self.status: dict[int, str] = {}
        self.templates = [
            *self._served(objects["controller_templates"], "job_template", organization),
            *self._served(objects["controller_workflows"], "workflow_job_template", organization),
        ]
        for number, template in enumerate(self.templates):
            template["id"] = number
            template["related"] = {"launch": f"/api/v2/{template['type']}s/{number}/launch/"}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def _served(templates: Iterable[Mapping[str, Any]], kind: str, organization: str) -> list[dict[str, Any]]:
        return [
            {
                **{f"ask_{prompt}_on_launch": False for prompt in PROMPTS},
                **template,
                "type": kind,
                "summary_fields": {"organization": {"name": organization}},
            }
            for template in templates
        ]

    def _launch(self, template: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        number = len(self.launched)
        self.launched.append((template["name"], asked))
        self.status[number] = "running"
        if template["type"] == "workflow_job_template":
            return {"id": number, "url": f"/api/v2/workflow_jobs/{number}/"}

        def work() -> None:
            self.status[number] = "successful" if self.run(template, asked.get("limit", "")) else "failed"

        threading.Thread(target=work, daemon=True).start()
        return {"id": number, "url": f"/api/v2/jobs/{number}/"}

    def _answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if method == "POST":
            return self._launch(self.templates[int(path.split("/")[-3])], body)
        if path.endswith("/config/"):
            return {"version": "24.6.1"}
        found: list[dict[str, Any]] = []
        if path.endswith("/unified_job_templates/"):
            found = [template for template in self.templates if template["name"] == query["name"]]
        elif path.endswith("jobs/"):
            found = [{"id": number, "status": status, "artifacts": {}} for number, status in self.status.items()]
        return {"count": len(found), "next": None, "results": found}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self, method: str) -> None:
                allowed = self.headers["Authorization"] == f"Bearer {stand_in.token}"
                url = urllib.parse.urlsplit(self.path)
                length = int(self.headers["Content-Length"] or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                query = dict(urllib.parse.parse_qsl(url.query))
                answer = stand_in._answer(method, url.path, query, body) if allowed else {}
                self.send_response(200 if allowed else 401)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def do_GET(self) -> None:
                self._do("GET")

            def do_POST(self) -> None:
                self._do("POST")

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        return Handler
