"""Measures `thorax serve` against drawing alone, and what happens to it under load and abuse.

    swift build -c release --product thorax && swift build -c release --product ctorch
    python3 Benchmarks/serving.py [--thorax .build/release/thorax] [--images 64] [--rounds 6] [--steps 0] [--storm 1000] [--soak 0]

Drawing alone is `thorax generate --prompts`, its own count of milliseconds for text, steps and decoding over the images. The
same images, of four prompts by turns, are then drawn through the service by 1, 8 and 64 clients, and alone again; so in every
round, and the median of the rounds' shares counts, since a machine's pace changes. Then 8 clients draw while another asks for
/healthz twenty times a second, which takes time from the drawing. Then: pictures through `generate --via` (time beyond
drawing), a storm of requests that are cancelled, malformed requests, header floods, bodies without an end, slow readers, and connections that are opened and left.
With --soak SECONDS, requests go on for as long, and memory is printed every half minute. One JSON object is printed at the
end. Needs nothing but Python.
"""

import argparse
import concurrent.futures
import csv
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

PROMPTS = ["Large left pleural effusion.", "Right lower lobe pneumonia.", "No acute findings.", "Cardiomegaly."]


class Service:
    def __init__(self, thorax, folder, *arguments):
        self.folder = pathlib.Path(folder)
        self.socket = str(self.folder / "s.sock")
        config = self.folder / "serve.yaml"
        config.write_text("limits: {queue: 2000, cost: 100000, requests-per-minute: 1000000}\n")
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [thorax, "serve", "--port", "0", "--unix", self.socket, "--state", str(self.folder / "state"), "--quiet",
             "--config", str(config), *arguments], stdout=subprocess.PIPE, text=True)
        self.host, self.port = self.process.stdout.readline().strip().removeprefix("http://").split(":")
        self.first_answer = self.ready = None
        while self.ready is None:
            status, _ = self.request("GET", "/readyz")
            self.first_answer = self.first_answer or time.perf_counter() - start
            if status == 200:
                self.ready = time.perf_counter() - start
            else:
                time.sleep(0.02)

    def connection(self, timeout=600):
        return http.client.HTTPConnection(self.host, int(self.port), timeout=timeout)

    def request(self, method, path, body=None, timeout=600, kept=None):
        """Over a connection that is kept open, or over one of its own."""
        connection = kept or self.connection(timeout)
        try:
            data = json.dumps(body) if body is not None else None
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            if not kept:
                connection.close()

    def draw(self, number, steps, kept=None):
        body = {"prompt": PROMPTS[number % len(PROMPTS)], "seed": number}
        if steps:
            body["steps"] = steps
        status, data = self.request("POST", "/api/images", body, kept=kept)
        assert status == 200 and data[:4] == b"\x89PNG", (status, data[:200])

    def metric(self, name):
        text = self.request("GET", "/metrics")[1].decode()
        found = re.search(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", text, re.M)
        return float(found.group(1)) if found else 0.0

    def memory(self):
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read()).group(1)) // 1024

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def wait_idle(self):
        end = time.time() + 60
        while self.metric("thorax_queue_waiting") or self.metric("thorax_queue_running"):
            assert time.time() < end, "the queue does not empty"
            time.sleep(0.1)

    def raw(self):
        return socket.create_connection((self.host, int(self.port)), timeout=30)

    def stop(self):
        start = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        return status, time.perf_counter() - start


class Health(threading.Thread):
    """Asks for /healthz twenty times a second, each time by a connection of its own."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.service, self.times, self.ended = service, [], threading.Event()

    def run(self):
        while not self.ended.is_set():
            start = time.perf_counter()
            status, _ = self.service.request("GET", "/healthz", timeout=30)
            assert status == 200
            self.times.append((time.perf_counter() - start) * 1000)
            time.sleep(0.05)

    def stop(self):
        self.ended.set()
        self.join()
        ordered = sorted(self.times)
        return {"n": len(ordered), "p50_ms": round(statistics.median(ordered), 2),
                "p99_ms": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 2)}


def alone(thorax, images, steps):
    """Milliseconds that text, steps and decoding of an image take, for the images that Service.draw asks for."""
    with tempfile.TemporaryDirectory() as folder:
        prompts = pathlib.Path(folder, "prompts.csv")
        with prompts.open("w", newline="") as file:
            rows = [(PROMPTS[number % len(PROMPTS)], number) for number in range(images)]
            csv.writer(file).writerows([("prompt", "seed"), *rows])
        command = [thorax, "generate", "--prompts", str(prompts), "--json", "--quiet", "--output", folder + "/"]
        command += ["--steps", str(steps)] if steps else []
        timings = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["timings"]
    return (timings["text_ms"] + timings["denoise_ms"] + timings["decode_ms"]) / images


def served(service, clients, images, steps):
    """Milliseconds from the first request to the last answer, over the images. Each client keeps its connection."""
    kept = threading.local()

    def draw(number):
        if not hasattr(kept, "connection"):
            kept.connection = service.connection()
        service.draw(number, steps, kept.connection)

    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(draw, range(images)))
    return (time.perf_counter() - start) * 1000 / images


def throughput(thorax, service, images, rounds, steps):
    """Drawing alone over drawing through the service, each held against drawing alone just before and after."""
    service.draw(0, steps)
    times = [alone(thorax, images, steps)]
    through = {1: [], 8: [], 64: []}
    shares = {clients: [] for clients in through}
    for _ in range(rounds):
        for clients in through:
            through[clients].append(served(service, clients, images, steps))
            times.append(alone(thorax, images, steps))
            shares[clients].append((times[-2] + times[-1]) / 2 / through[clients][-1])
    health = Health(service)
    health.start()
    served(service, 8, 4 * images, steps)
    return {
        "rounds": rounds, "alone_ms": [round(value, 1) for value in times],
        "clients": [
            {"clients": clients, "ms_per_image": [round(value, 1) for value in through[clients]],
             "shares": [round(share, 3) for share in shares[clients]],
             "share": round(statistics.median(shares[clients]), 3)} for clients in through],
        "healthz_with_8_clients": health.stop()}


def via(thorax, service, steps):
    """Milliseconds of `generate --via` beyond drawing, by the report's own count of the drawing."""
    beyond = []
    for number in range(8):
        with tempfile.TemporaryDirectory() as folder:
            command = [thorax, "generate", PROMPTS[0], "--seed", str(number), "--via", service.socket, "--json",
                       "--quiet", "--output", folder + "/a.png"] + (["--steps", str(steps)] if steps else [])
            start = time.perf_counter()
            report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            whole = (time.perf_counter() - start) * 1000
            timings = report["timings"]
            beyond.append(whole - timings["text_ms"] - timings["denoise_ms"] - timings["decode_ms"])
    return round(statistics.median(beyond), 1)


def storm(service, count):
    """Requests that are sent and left at once."""
    before = service.memory(), service.files()
    body = json.dumps({"prompt": PROMPTS[0], "steps": 200}).encode()
    head = f"POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    for _ in range(max(1, count // 100)):
        connections = [service.raw() for _ in range(min(count, 100))]
        for connection in connections:
            connection.sendall(head.encode() + body)
        time.sleep(0.2)
        for connection in connections:
            connection.close()
    service.wait_idle()
    time.sleep(2)
    return {"requests": count, "cancelled": service.metric("thorax_cancelled_total"), "memory_mib": [before[0], service.memory()],
            "open_files": [before[1], service.files()]}


def malformed(service, count):
    generator = random.Random(0)
    good = b'POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"prompt": "effusion", "seed": 1, "x":1}'
    statuses = {}
    before = service.memory(), service.files()
    for number in range(count):
        data = bytearray(good)
        for _ in range(generator.randint(1, 8)):
            place = generator.randrange(len(data))
            kind = generator.randrange(3)
            if kind == 0:
                data[place] = generator.randrange(256)
            elif kind == 1:
                del data[place:place + generator.randint(1, 20)]
            else:
                data[place:place] = bytes(generator.randrange(256) for _ in range(generator.randint(1, 20)))
        with service.raw() as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(10)
                answer = connection.recv(12)
            except (ConnectionError, socket.timeout):
                answer = b""
        status = answer[9:12].decode("latin1") or "closed"
        statuses[status] = statuses.get(status, 0) + 1
    time.sleep(1)
    return {"requests": count, "answers": dict(sorted(statuses.items())), "memory_mib": [before[0], service.memory()],
            "open_files": [before[1], service.files()]}


def abuse(service):
    """Header floods, bodies without an end, slow readers and open connections, all at once, while one client draws."""
    ended = threading.Event()
    before = service.memory()

    def flood(first, again):
        while not ended.is_set():
            try:
                with service.raw() as connection:
                    connection.sendall(first)
                    while not ended.is_set():
                        connection.sendall(again)
            except OSError:
                pass

    attacks = [
        (b"GET / HTTP/1.1\r\n", b"X-A: b\r\n" * 1000),
        (b"POST /api/images HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"a" * 4096 + b"\r\n"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"a" * 4096 + b"\r\n"),
        (b"", b"\x16\x03\x01\x00" * 1000),
    ]
    threads = [threading.Thread(target=flood, args=attack, daemon=True) for attack in attacks]
    idle = [service.raw() for _ in range(200)]
    readers = [service.raw() for _ in range(50)]
    for reader in readers:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        reader.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
    for thread in threads:
        thread.start()
    health = Health(service)
    health.start()
    start = time.time()
    drawn = 0
    while time.time() - start < 15:
        service.draw(drawn, 4)
        drawn += 1
    result = health.stop()
    ended.set()
    for connection in idle + readers:
        connection.close()
    for thread in threads:
        thread.join()
    time.sleep(1)
    return {"seconds": 15, "drawn_meanwhile": drawn, "healthz": result, "memory_mib": [before, service.memory()]}


def soak(service, seconds, steps):
    start, memory, number, errors = time.time(), [], 0, 0
    next_look = 0
    while time.time() - start < seconds:
        if time.time() - start >= next_look:
            memory.append(service.memory())
            print(f"{time.time() - start:.0f} s: {memory[-1]} MiB, {number} images", flush=True)
            next_look += 30
        try:
            service.draw(number, steps)
        except (AssertionError, OSError):
            errors += 1
        number += 1
    return {"seconds": seconds, "images": number, "errors": errors, "memory_mib": memory}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thorax", default=".build/release/thorax")
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--steps", type=int, default=0, help="0 for the model's own")
    parser.add_argument("--storm", type=int, default=1000)
    parser.add_argument("--malformed", type=int, default=10000)
    parser.add_argument("--soak", type=float, default=0)
    parser.add_argument("--only", help="throughput, via, storm, malformed, abuse or soak, with commas between")
    given = parser.parse_args()
    thorax = os.path.abspath(given.thorax)
    wanted = given.only.split(",") if given.only else ["throughput", "via", "storm", "malformed", "abuse", "soak"]
    report = {}
    with tempfile.TemporaryDirectory() as folder:
        service = Service(thorax, folder)
        report["first_answer_s"], report["ready_s"] = round(service.first_answer, 2), round(service.ready, 2)
        if "throughput" in wanted:
            report["throughput"] = throughput(thorax, service, given.images, given.rounds, given.steps)
            print(report["throughput"], flush=True)
        if "via" in wanted:
            report["via_ms_beyond_drawing"] = via(thorax, service, given.steps)
        for name, body in [("storm", lambda: storm(service, given.storm)), ("malformed", lambda: malformed(service, given.malformed)),
                           ("abuse", lambda: abuse(service))]:
            if name in wanted:
                report[name] = body()
                print(name, report[name], flush=True)
        if given.soak and "soak" in wanted:
            report["soak"] = soak(service, given.soak, given.steps)
        report["exit_status"], report["exit_s"] = service.stop()
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
