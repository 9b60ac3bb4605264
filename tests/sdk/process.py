"""What the conformance runs of both venues share: the exchange as a process, one plain HTTP call, one comparison."""

import http.client
import json
import os
import pathlib
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

# Longest wait for an answer or a frame. Nothing waits this long unless it is broken.
DEADLINE_SECONDS = 10


class Answer:
    """One HTTP answer, nothing interpreted."""

    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    @property
    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"{self.status} {self.text[:300]}"


def http_call(base, method, path, body=None, headers=None):
    """Sends one request exactly as given: `path` goes on the wire as it is, after the base's own path."""
    url = urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=DEADLINE_SECONDS)
    try:
        connection.request(method, url.path + path, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())
    finally:
        connection.close()


def equal(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


class Exchange:
    """Starts `brier exchange` on a free port in a folder of its own, and stops it."""

    def __init__(self, program, *words):
        self.folder = tempfile.TemporaryDirectory(prefix="brier-sdk-")
        home = pathlib.Path(self.folder.name)
        ready = home / "ready.json"
        self.log = home / "exchange.log"
        command = [program, "exchange", "--data-dir", str(home / "data"), "--listen", "127.0.0.1:0", "--admin",
                   "--ready-file", str(ready), *words]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            env=os.environ | {"NO_COLOR": "1"})
        self.addresses = self.wait_for(ready, " ".join(command))

    def wait_for(self, ready, command):
        """Waits until the file is there and whole, or the process has ended."""
        deadline = time.monotonic() + 3 * DEADLINE_SECONDS
        while time.monotonic() < deadline:
            try:
                return json.loads(ready.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                pass
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise SystemExit(f"error: `{command}` ended with {self.process.returncode}:\n{self.talk()}")
        self.stop()
        raise SystemExit(f"error: `{command}` did not say that it is ready:\n{self.talk()}")

    def talk(self):
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self):
        """Ends the process as an operator would, and demands that it goes in peace."""
        self.process.terminate()
        try:
            return self.process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
