"""A real HTTP server on the loopback that serves one file and misbehaves as told."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """files: path to bytes. script: what to do with each request in turn, then "serve" for ever."""

    daemon_threads = True

    def __init__(self, files, script=()):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.script, self.asked = files, list(script), []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers.get("Range")))
        act = server.script.pop(0) if server.script else "serve"
        content = server.files.get(self.path)
        if content is None:
            self.send_error(404)
        elif isinstance(act, int):
            self.send_error(act)
        elif act == "silence":
            time.sleep(1.0)
        elif act == "hang up":
            self.close_connection = True
        else:
            self._serve(content, act)

    def _serve(self, content, act):
        start = 0
        wanted = self.headers.get("Range")
        if wanted and act != "whole":
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        if act != "no length":
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = act[1] if isinstance(act, tuple) else len(content)  # ("cut", end)
        self.wfile.write(content[start:end])
        self.close_connection = True

    def log_message(self, *_):
        pass


@contextmanager
def serving(files, *script):
    server = FileServer(files, script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
