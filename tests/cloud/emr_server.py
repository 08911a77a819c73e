"""One address for all of AWS: EMR, EMR Serverless, quotas and prices are played here, all else is passed on to moto.

python emr_server.py PORT MOTO_ADDRESS WORK_FOLDER

Requests and answers of what is played are held against botocore's models. ``POST /_script`` sets what shall happen:

job          succeed | fail | hang | spot_loss | timeout | spark (really starts spark-submit)
boot         ok | bootstrap_failure | no_capacity;   bootstrap: true runs the bootstrap action
refuse       {operation: [code, status, times]}      e.g. {"DescribeCluster": ["ThrottlingException", 400, 3]}
lose         {operation: times}                      it is done, but the connection breaks before the answer
list_delay   seconds until ListClusters knows a new cluster
expire       operation after which (with it) every call is refused as ExpiredToken
kill         [process id, operation, before | after] kill -9 the caller at this call
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from aws_model import problems, rest_request, service
from played_emr import PlayedEmr, Refusal
from played_job import Script
from played_serverless import PlayedServerless


class Rest:
    """Quotas and prices: single answers."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def GetServiceQuota(self, request: dict) -> dict:
        value = float(self._script.get("quota", 64))
        return {"Quota": {"ServiceCode": request["ServiceCode"], "QuotaCode": request["QuotaCode"], "Value": value}}

    def GetProducts(self, request: dict) -> dict:
        price = "0.25" if request["ServiceCode"] == "AmazonEC2" else "0.05"
        dimension = {"unit": "Hrs", "pricePerUnit": {"USD": price}}
        offer = {"terms": {"OnDemand": {"x": {"priceDimensions": {"y": dimension}}}}}
        return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(offer)]}

    def GetCostAndUsage(self, request: dict) -> dict:
        groups = [{"Keys": ["run$20260101T000000-abc"], "Metrics": {"UnblendedCost": {"Amount": "1.5", "Unit": "USD"}}}]
        period = {"TimePeriod": request["TimePeriod"], "Groups": groups, "Estimated": True}
        return {"ResultsByTime": [period] if self._script.get("billed", True) else []}


class World:
    """Everything behind the address."""

    def __init__(self, moto: str, work: Path) -> None:
        self.moto, self.work = moto, work
        self.script = Script(moto=moto)
        self.calls: list[str] = []
        self.complaints: list[str] = []
        self.policies: dict[str, bytes] = {}
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        rest = Rest(self.script)
        self.emr, self.serverless = PlayedEmr(self.script, self.work), PlayedServerless(self.script, self.work)
        self.played = {
            "elasticmapreduce": ("emr", self.emr),
            "emr-serverless": ("emr-serverless", self.serverless),
            "servicequotas": ("service-quotas", rest),
            "pricing": ("pricing", rest),
            "ce": ("ce", rest),
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm, wbufsize = True, 1 << 16  # an answer is one packet: 40 ms less each
    world: World

    def log_message(self, *_: object) -> None:
        return

    def handle_expect_100(self) -> bool:
        answer = super().handle_expect_100()
        self.wfile.flush()  # S3's clients wait a second for it, with every PUT
        return answer

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the caller died while it sent: no service keeps half a request
            self.close_connection = True
            return
        if self.path.startswith("/_"):
            self._control(body)
            return
        scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", self.headers.get("Authorization", ""))
        name = scope[1] if scope else ""
        operation = self._operation(name, body)
        with self.world.lock:
            self.world.calls.append(f"{name}:{operation}")
        if self._maybe_kill(operation, "before"):
            self.close_connection = True
            return
        if refusal := self._refusal(operation):
            self._error(name, refusal)
            return
        self.world.script["_seen"] = operation
        if name in self.world.played:
            self._play(name, operation, body)
        elif urlsplit(self.path).query == "policy" and self.command in ("GET", "PUT"):
            self._bucket_policy(body, operation)
        else:
            self._pass_on(body, operation)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = handle_any

    def _operation(self, name: str, body: bytes) -> str:
        if target := self.headers.get("X-Amz-Target"):
            return target.rpartition(".")[2]
        if name in ("emr-serverless", "scheduler"):
            parts = urlsplit(self.path)
            return rest_request(service(name), self.command, parts.path, parts.query, body)[0].name
        if name in ("iam", "sts", "ec2"):
            return parse_qs(body.decode()).get("Action", ["?"])[0]
        return f"{self.command} {urlsplit(self.path).path}"

    def _play(self, name: str, operation: str, body: bytes) -> None:
        model_name, actor = self.world.played[name]
        model = service(model_name)
        if model_name == "emr-serverless":
            parts = urlsplit(self.path)
            asked, request = rest_request(model, self.command, parts.path, parts.query, body)
        else:
            asked, request = model.operation_model(operation), json.loads(body or b"{}")
        if wrong := list(problems(asked.input_shape, request)):
            self.world.complaints += [f"{operation}{each}" for each in wrong]
            self._error(name, Refusal("ValidationException", "; ".join(wrong)))
            return
        try:
            answer = getattr(actor, operation)(request)
        except Refusal as refusal:
            self._error(name, refusal)
            return
        self.world.complaints += [f"{operation} answer{each}" for each in problems(asked.output_shape, answer)]
        self._finish(operation, 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode())

    def _bucket_policy(self, body: bytes, operation: str) -> None:
        """Keep bucket policies here: moto ignores their conditions, so "deny without TLS" would deny everything."""
        policies, bucket = self.world.policies, urlsplit(self.path).path
        if self.command == "GET":
            if bucket in policies:
                self._finish(operation, 200, {"Content-Type": "application/json"}, policies[bucket])
            else:
                self._error("s3", Refusal("NoSuchBucketPolicy", "The bucket policy does not exist", 404))
            return
        policy = json.loads(body)
        policies[bucket] = body
        policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] != "Deny"]
        if policy["Statement"]:
            self._pass_on(json.dumps(policy).encode(), operation)
        else:
            self._finish(operation, 204, {}, b"")

    def _finish(self, operation: str, status: int, headers: dict, content: bytes) -> None:
        self._maybe_kill(operation, "after")
        lose = self.world.script.get("lose", {})
        if lose.get(operation, 0) > 0:
            lose[operation] -= 1
            self.close_connection = True
            self.connection.close()
            return
        self._send(status, headers, content)

    def _refusal(self, operation: str) -> Refusal | None:
        script = self.world.script
        if script.get("expire") == operation:
            script["expired"] = True
        if script.get("expired"):
            return Refusal("ExpiredTokenException", "The security token included in the request is expired", 403)
        for wanted, planned in script.get("refuse", {}).items():
            if planned[2] > 0 and re.fullmatch(wanted, operation):
                planned[2] -= 1
                return Refusal(planned[0], "refused by the script", planned[1])
        return None

    def _error(self, name: str, refusal: Refusal) -> None:
        headers = {"x-amzn-ErrorType": refusal.code}
        if name == "s3":
            content = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
        elif name in ("iam", "sts"):
            error = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            content = f"<ErrorResponse>{error}<RequestId>x</RequestId></ErrorResponse>"
        elif name == "ec2":
            error = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            content = f"<Response><Errors>{error}</Errors><RequestID>x</RequestID></Response>"
        else:
            content = json.dumps({"__type": refusal.code, "message": refusal.message, "Message": refusal.message})
        self._send(refusal.status, headers, content.encode())

    def _maybe_kill(self, operation: str, when: str) -> bool:
        planned = self.world.script.get("kill")
        if planned and planned[2] == when and re.fullmatch(planned[1], operation):
            self.world.script["kill"] = None
            self.world.script["killed"] = operation
            os.kill(planned[0], signal.SIGKILL)
            return True
        return False

    def _pass_on(self, body: bytes, operation: str) -> None:
        parts = urlsplit(self.world.moto)
        connection = HTTPConnection(parts.hostname, parts.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("expect", "content-length")}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("transfer-encoding", "connection", "date")}
        connection.close()
        self._finish(operation, answer.status, kept, content)

    def _send(self, status: int, headers: dict, content: bytes) -> None:
        try:
            self.send_response(status)
            for key, value in headers.items():
                if key.lower() != "content-length" or self.command == "HEAD":
                    self.send_header(key, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):  # the caller was killed
            self.close_connection = True

    def _control(self, body: bytes) -> None:
        world, values = self.world, json.loads(body or b"{}")
        if self.path == "/_script":
            world.script.clear()
            world.script.update({"moto": world.moto} | values)
            world.calls.clear()
        elif self.path == "/_end":
            world.emr.end(**values)
        state = {
            "calls": world.calls,
            "complaints": world.complaints,
            "script": {key: value for key, value in world.script.items() if key != "_seen"},
            "clusters": {
                identifier: {"state": each["state"], "request": each["request"]}
                for identifier, each in world.emr.clusters.items()
            },
            "applications": {
                identifier: {
                    "state": each["state"],
                    "request": each["request"],
                    "jobs": {name: job["state"] for name, job in each["jobs"].items()},
                    "requests": [job["request"] for job in each["jobs"].values()],
                }
                for identifier, each in world.serverless.applications.items()
            },
        }
        self._send(200, {"Content-Type": "application/json"}, json.dumps(state).encode())


class Server(ThreadingHTTPServer):
    """Silent about callers that were killed."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    port, moto, work = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    Handler.world = World(moto, work)
    Server(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
