"""Load one server with photos at a fixed rate and say how long the answers took.

    python bench/web.py                          both sizes, a minute each, on a server started here
    python bench/web.py --seconds 600            ten minutes each, for memory
    python bench/web.py --address http://...     a server that runs already (FRUITS_RECOGNITION_RATE=0 on it)

Requests leave on schedule whether or not earlier ones have been answered, and a latency counts from the schedule: a
server that falls behind cannot look fast. Prints a Markdown table with the hardware; `>> bench/RESULTS.md` keeps it.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
from PIL import Image

CONNECTIONS = 32
BOUNDARY = "fruits-load"


@dataclass
class Load:
    """Photos of one size at one rate (a second), and the latencies in ms that the issue asks for."""

    name: str
    photo: bytes
    rate: float
    p50: float
    p95: float | None = None


@dataclass
class Result:
    """Latencies in seconds, errors, and the server's resident memory in MB, once a second."""

    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    seconds: float = 0.0


def draw(width: int, height: int, quality: int) -> bytes:
    """A picture with the detail of a photo: noise at several scales."""
    rng = np.random.default_rng(0)
    layers = np.zeros((height, width, 3), np.float32)
    for scale in (4, 16, 64, 256):
        small = rng.integers(0, 256, (height // scale + 1, width // scale + 1, 3), dtype=np.uint8)
        layers += np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)) / 4
    file = io.BytesIO()
    Image.fromarray(layers.astype(np.uint8)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def body(photo: bytes) -> bytes:
    part = 'Content-Disposition: form-data; name="photo"; filename="p.jpg"\r\nContent-Type: image/jpeg'
    return f"--{BOUNDARY}\r\n{part}\r\n\r\n".encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def run(address: str, load: Load, seconds: float, pid: int | None) -> Result:
    """Send ``load`` for ``seconds`` over kept-alive connections."""
    result, lock = Result(), threading.Lock()
    content, count = body(load.photo), int(seconds * load.rate)
    upcoming = iter(range(count))
    started = time.perf_counter() + 0.5

    def work() -> None:
        where = urlsplit(address)
        line = http.client.HTTPConnection(where.hostname or "localhost", where.port, timeout=60)
        line.request("GET", "/api/session")
        answer = line.getresponse()
        cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "X-CSRFToken": json.load(answer)["csrf_token"],
            "Cookie": cookie,
        }
        while True:
            with lock:
                number = next(upcoming, None)
            if number is None:
                return
            due = started + number / load.rate
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                line.request("POST", "/api/photos", content, headers)
                answer = line.getresponse()
                said = answer.read()
                problem = "" if answer.status == 200 else f"{answer.status} {said[:100]!r}"
            except OSError as error:
                problem = repr(error)
                line.close()
            with lock:
                result.latencies.append(time.perf_counter() - due)
                if problem:
                    result.errors.append(problem)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if pid is not None:
            result.memory.append(resident(pid))
        time.sleep(1)
    result.seconds = time.perf_counter() - started
    return result


def resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def report(load: Load, result: Result) -> str:
    p50, p95, p99 = (1000 * float(np.quantile(result.latencies, q)) for q in (0.5, 0.95, 0.99))
    done = len(result.latencies) - len(result.errors)
    wanted = f"p50 < {load.p50:.0f}" + (f", p95 < {load.p95:.0f}" if load.p95 else "")
    kept = p50 < load.p50 and (load.p95 is None or p95 < load.p95) and not result.errors
    tenth = max(1, len(result.memory) // 10)
    memory = f"{np.mean(result.memory[:tenth]):.0f} -> {np.mean(result.memory[-tenth:]):.0f}" if result.memory else "?"
    size = f"{len(load.photo) / 1000:.0f} kB"
    return (
        f"| {load.name}, {size} | {load.rate:g} | {done / result.seconds:.1f} | {p50:.0f} | {p95:.0f} |"
        f" {p99:.0f} | {len(result.errors)} | {memory} | {wanted}: {'yes' if kept else 'no'} |"
    )


@contextlib.contextmanager
def server(workers: int) -> Iterator[tuple[str, int]]:
    """`fruits serve` on a free port, with data in a folder that is gone afterwards."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        arguments = ["serve", "--port", str(port), "--home", home, "--workers", str(workers)]
        environment = os.environ | {"FRUITS_RECOGNITION_RATE": "0"}
        process = subprocess.Popen([sys.executable, "-m", "fruits.cli", *arguments], env=environment, stdout=sys.stderr)
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(address)
            yield address, process.pid
        finally:
            process.terminate()
            process.wait(30)


def wait_for(address: str) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urlopen(f"{address}/readyz", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise SystemExit(f"no answer from {address}/readyz")


def hardware() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    load = os.getloadavg()[0]
    return (
        f"{len(os.sched_getaffinity(0))} cores of {names[0] if names else platform.machine()}, load {load:.1f} before"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", help="a server that runs already; without it one is started")
    parser.add_argument("--seconds", type=float, default=60, help="for each size (60)")
    parser.add_argument("--rate", type=float, default=25, help="small photos a second (25)")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server that is started (1)")
    parser.add_argument("--only", choices=("small", "large"), help="one size")
    options = parser.parse_args()
    loads = {
        "small": Load("640 x 480", draw(640, 480, 85), options.rate, 40, 100),
        "large": Load("4000 x 3000", draw(4000, 3000, 90), 5, 150),
    }
    chosen = [load for name, load in loads.items() if options.only in (None, name)]
    print(
        f"\n{hardware()}; Python {platform.python_version()}; {options.workers} worker(s); {options.seconds:g} s each\n"
    )
    print("| photo | asked / s | done / s | p50 ms | p95 ms | p99 ms | errors | memory MB | kept |")
    print("|---|---|---|---|---|---|---|---|---|")
    place = contextlib.nullcontext((options.address, None)) if options.address else server(options.workers)
    with place as (address, pid):
        for load in chosen:
            run(address, load, 3, None)
            result = run(address, load, options.seconds, pid)
            print(report(load, result), flush=True)
            for problem in sorted(set(result.errors))[:5]:
                print(f"    {result.errors.count(problem)} x {problem}", file=sys.stderr)


if __name__ == "__main__":
    main()
