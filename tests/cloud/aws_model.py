"""Requests and answers held against botocore's own models of AWS's services."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape


@functools.cache
def service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def problems(shape: Shape | None, value: object, where: str = "") -> Iterator[str]:
    """Yield what of ``value`` AWS's model of it does not allow: names, types, required members, enums, limits."""
    if shape is None:
        if value:
            yield f"{where}: nothing is expected"
        return
    kinds = {
        "structure": dict,
        "map": dict,
        "list": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "long": int,
        "float": (int, float),
        "double": (int, float),
        "timestamp": (int, float),
    }
    if not isinstance(value, kinds[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{where}: {shape.type_name} expected, not {value!r}"
        return
    yield from _limits(shape, value, where)
    if shape.type_name == "structure":
        known = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        yield from (f"{where}.{name}: unknown" for name in value if name not in known)
        yield from (f"{where}.{name}: required" for name in shape.required_members if name not in value)
        for name, member in value.items():
            if name in known:
                yield from problems(known[name][1], member, f"{where}.{name}")
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            yield from problems(shape.member, item, f"{where}[{number}]")
    elif shape.type_name == "map":
        for name, item in value.items():
            yield from problems(shape.key, name, f"{where}<{name}>")
            yield from problems(shape.value, item, f"{where}.{name}")


def _limits(shape: Shape, value: object, where: str) -> Iterator[str]:
    if enum := shape.metadata.get("enum"):
        if value not in enum:
            yield f"{where}: {value!r} is none of {', '.join(enum)}"
        return
    size = len(value) if isinstance(value, (str, list, dict)) else value
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{where}: at least {low}, not {value!r}"
    if high is not None and size > high:
        yield f"{where}: at most {high}, not {value!r}"
    pattern = shape.metadata.get("pattern")
    if pattern and isinstance(value, str):
        pattern = pattern.replace(r"\p{IsAlphabetic}", "a-zA-Z").replace("\\u{10FFFF}", "\U0010ffff")
        pattern = re.sub(
            r"\\u([0-9A-Fa-f]{4})", lambda m: re.escape(chr(int(m[1], 16))) if int(m[1], 16) < 0xD800 else "", pattern
        )
        try:
            if not re.fullmatch(pattern, value):
                yield f"{where}: {value!r} is not like {pattern}"
        except re.error:  # Java's words that Python's re does not know
            return


def rest_request(model: ServiceModel, method: str, path: str, query: str, body: bytes) -> tuple[OperationModel, dict]:
    """Return the operation of a REST request and its parameters."""
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri = operation.http["requestUri"].partition("?")[0]
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(uri))
        match = re.fullmatch(pattern, path)
        if match and operation.http["method"] == method:
            return operation, _rest_parameters(operation, match.groupdict(), parse_qs(query), body)
    raise LookupError(f"{method} {path}")


def _rest_parameters(operation: OperationModel, labels: dict, query: dict, body: bytes) -> dict:
    parameters = json.loads(body) if body else {}
    for name, member in operation.input_shape.members.items():
        place, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if place == "uri":
            parameters[name] = unquote(labels[wire])
        elif place == "querystring" and wire in query:
            values = query[wire]
            single = int(values[0]) if member.type_name == "integer" else values[0]
            parameters[name] = values if member.type_name == "list" else single
    return parameters
