"""Operations: photos, corrections, catalogue."""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from ninja import File, Form, Query, Router, Schema
from ninja.files import UploadedFile

import fruits
from fruits.web.errors import ApiError
from fruits.web.http import optional_user, refusals
from fruits.web.privacy import consents, notice
from fruits.web.rates import Limiter, Rate, network
from fruits.web.recognition import catalogue, engine, service
from fruits.web.recognition.catalogue_schemas import CatalogueOut, SearchOut, SpeciesOut, SpeciesSummary
from fruits.web.recognition.schemas import ConfigOut, CorrectionIn, CorrectionOut, Name, PhotoAnswer, ScannedAt

router = Router()
_whole = settings.RECOGNITION_RATE
_recognitions = Limiter(Rate(-(-_whole.count // max(1, settings.WORKERS)), _whole.seconds))
_corrections = Limiter(Rate(60, 60.0))


class Wishes(Schema):
    """What may be done with this photo, within what the account consented to; absent: all of that.

    In an account a client may give the scan its id and time, as for a scan that it made by itself: sent again under the
    same id, the photo is stored once.
    """

    keep: bool | None = None
    improve: bool | None = None
    id: UUID | None = None
    scanned_at: ScannedAt | None = None


@router.post("/photos", response={200: PhotoAnswer, **refusals(404, 408, 409, 413, 415, 422)}, tags=["recognition"])
def recognise(request: HttpRequest, photo: File[UploadedFile], wishes: Form[Wishes]) -> dict[str, Any]:
    """Recognise a photo (JPEG, PNG, WebP, AVIF, HEIC). It is forgotten unless its owner's switches say otherwise."""
    _hold(_recognitions, request)
    switches: dict[consents.Kind, bool | None] = {"keep": wishes.keep, "improve": wishes.improve}
    return service.scan_photo(photo.read(), optional_user(request), switches, wishes.id, wishes.scanned_at)


@router.post("/corrections", response={201: CorrectionOut, **refusals(401, 404, 410, 422)}, tags=["recognition"])
def correct(request: HttpRequest, wish: CorrectionIn) -> tuple[int, dict[str, Any]]:
    """Say what a photo really shows, by the token of its answer, by a scan of one's own, or for an on-device scan."""
    _hold(_corrections, request)
    return 201, service.correction_json(service.correct(wish, optional_user(request)))


@router.get("/species", response={200: list[SpeciesSummary], **refusals(422)}, tags=["catalogue"])
def list_species(
    request: HttpRequest,
    response: HttpResponse,
    month: Annotated[int | None, Query(ge=1, le=12)] = None,
    kind: Literal["fruit", "vegetable", "root", "bulb", "nut", "mushroom"] | None = None,
) -> list[dict[str, Any]]:
    """Every species, or those in season in a month, or of one kind."""
    response["Cache-Control"] = "public, max-age=3600"
    return catalogue.summaries(month, kind)


@router.get("/species/{species}", response={200: SpeciesOut, **refusals(404, 422)}, tags=["catalogue"])
def one_species(request: HttpRequest, response: HttpResponse, species: Name) -> dict[str, Any]:
    """All that the catalogue knows of one species."""
    if species not in catalogue.catalogue():
        raise ApiError(404, "not-found")
    response["Cache-Control"] = "public, max-age=3600"
    return catalogue.full(species)


@router.get("/search", response={200: SearchOut, **refusals(422)}, tags=["catalogue"])
def search(
    request: HttpRequest,
    response: HttpResponse,
    q: Annotated[str, Query(max_length=100)],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> dict[str, Any]:
    """Species and varieties by name, in either language; beginnings, accents and typing mistakes are understood."""
    response["Cache-Control"] = "public, max-age=3600"
    return {"query": q, "results": list(catalogue.search(q, limit))}


@router.get("/catalogue", response={200: CatalogueOut, **refusals(422)}, tags=["catalogue"])
def whole_catalogue(request: HttpRequest, v: Annotated[str, Query(max_length=64)] = "") -> HttpResponse:
    """Every species at once, for work without network; cached for ever under its version (``catalogue_url``)."""
    body, version = catalogue.everything()
    tag = f'"{version}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(_zipped_catalogue(), content_type="application/json")
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(body, content_type="application/json")
    response["ETag"] = tag
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "public, max-age=31536000, immutable" if v == version else "public, no-cache"
    return response


@router.get("/config", response={200: ConfigOut, **refusals()}, tags=["catalogue"])
def config(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """What a client must know of this server: limits, the model to download, the wording of the switches."""
    response["Cache-Control"] = "public, max-age=60"
    files = engine.model_files()
    model = None
    if files is not None:
        base = f"/model/{files.version}/{files.name}"
        model = {
            "name": files.name,
            "url": f"{base}.onnx",
            "card_url": f"{base}.json",
            "bytes": files.bytes,
            "sha256": files.sha256,
        }
    return {
        "model": model,
        "catalogue_url": f"/api/catalogue?v={catalogue.everything()[1]}",
        "upload": {
            "max_bytes": settings.MAX_UPLOAD_BYTES,
            "max_pixels_jpeg": settings.MAX_JPEG_PIXELS,
            "max_pixels": settings.MAX_PIXELS,
            "formats": engine.formats(),
        },
        "minimum_age": settings.MINIMUM_AGE,
        "retention_days": settings.RETENTION_DAYS,
        "correction_days": settings.CORRECTION_DAYS,
        "consents": {
            kind: {"version": wording.version, "text": {"en": wording.text.en, "fr": wording.text.fr}}
            for kind, wording in consents.WORDINGS.items()
        },
        "notice": {"version": notice.VERSION, "url": "/api/notice"},
        "version": fruits.__version__,
    }


def _hold(limiter: Limiter, request: HttpRequest) -> None:
    wait = limiter.take(network(request.META.get("REMOTE_ADDR", "")))
    if wait:
        raise ApiError(429, "throttled", retry_after=max(1, round(wait)))


@lru_cache(maxsize=1)
def _zipped_catalogue() -> bytes:
    return gzip.compress(catalogue.everything()[0], 9, mtime=0)
