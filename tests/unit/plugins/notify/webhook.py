"""A server on loopback that takes posts, and answers as a test says."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], str]


class Webhook:
    """Takes posts."""

    def __init__(self) -> None:
        self.answers: list[Answer | None] = []
        """One after the other, then 200; None cuts the line without an answer."""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                webhook.requests.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
                answer = webhook.answers.pop(0) if webhook.answers else (200, {}, "ok")
                if answer is None:
                    self.connection.close()
                    return
                status, headers, text = answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign, assignment]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def url(self, secret: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/services/{secret}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
