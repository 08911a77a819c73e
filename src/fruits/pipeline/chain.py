"""The whole chain: what ``fruits run`` does, as one function."""

from __future__ import annotations

import platform
import resource
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import fruits
from fruits.engine import Recogniser, released
from fruits.engine.bundle import read_card
from fruits.errors import FruitsError
from fruits.pipeline.classifier import (
    CLASSIFIER_FILE,
    METRICS_FILE,
    apply_classifier,
    fit_classifier,
    read_summary,
)
from fruits.pipeline.components import (
    COMPONENTS_FILE,
    VARIANCE_FILE,
    Wish,
    fit_components,
    load_components,
    variance_csv,
    variance_table,
    write_coordinates,
)
from fruits.pipeline.earlier import Earlier, backbone_card, keep_backbone
from fruits.pipeline.embed_stage import check_errors, embed, summarise
from fruits.pipeline.embedding import EmbeddingJob
from fruits.pipeline.errors import PipelineError, UsageError
from fruits.pipeline.export import write_csv
from fruits.pipeline.java import find_java, java_options
from fruits.pipeline.listing import list_images, spread
from fruits.pipeline.manifest import Plan, default_slice_size, delete_slice, make_plan
from fruits.pipeline.options import Options
from fruits.pipeline.places import check_out, open_places
from fruits.pipeline.progress import Reporter, Silent
from fruits.pipeline.report import draw_report, preload, write_thumbnails
from fruits.pipeline.session import active_context, local_cores, start_context, stop, work_folder
from fruits.pipeline.stages import RunState, fingerprint
from fruits.records import EVENTS, EVERYTHING, PREDICTIONS, RUN, RunRecord, SliceMarker
from fruits.reduction import PrincipalComponents
from fruits.storage import MissingError, Storage, is_remote
from fruits.vision.backbones import Backbone

if TYPE_CHECKING:
    from pyspark import SparkContext

_REMOTE_READERS, _LOCAL_READERS = 16, 2  # threads of a task: a bucket answers slowly, a disk does not


def run(
    images: str,
    out: str,
    backbone: Backbone,
    options: Options | None = None,
    *,
    reporter: Reporter | None = None,
    command: str = "",
) -> RunRecord:
    """Turn the images below ``images`` into the tables, model and report of a run in ``out``.

    What ``out`` already holds of the same images and backbone is kept; calling again after any interruption goes on.

    Args:
        images: folder or ``s3://`` URI.
        out: folder or ``s3://`` URI; not inside ``images``.
        backbone: makes the embeddings.
        options: see :class:`Options`.
        reporter: hears how it goes.
        command: what resumes the run; recorded, and told when it fails.

    Returns:
        the record, as in ``run.json``.

    Raises:
        UsageError: the call cannot work; nothing was changed.
        TooManyErrors: too many images were refused; what was committed stays.
        PipelineError, StorageError: a stage failed; what was committed stays.
    """
    options = options or Options()
    options.check()
    find_java()
    source, target = open_places(images, out, options.storage)
    record = RunRecord(_run_id(), "running", source.uri, target.uri, command=command, started=time.time())
    state = RunState(target, record, reporter or Silent())
    chain = _Chain(source, backbone, options, state)
    chain.prepare()
    try:
        chain.execute()
    except KeyboardInterrupt:
        chain.end("stopped", "interrupted")
        raise
    except UsageError:  # nothing was started: what OUT says of an earlier run stays true
        raise
    except FruitsError as error:
        chain.end("stopped" if error.exit_code == 3 else "failed", str(error))
        raise
    return record


class _Chain:
    """One run, stage by stage."""

    def __init__(self, images: Storage, backbone: Backbone, options: Options, state: RunState) -> None:
        self._images, self._backbone, self._options, self._state = images, backbone, options, state
        self._earlier = Earlier.open(options, backbone) if options.apply else None
        self._work = work_folder()
        self._mine = False  # whether Spark was started here

    def prepare(self) -> None:
        """Check OUT, and forget what it holds if asked to; nothing else is changed."""
        state, out = self._state, self._state.out
        out.sweep()
        check_out(out, state.record, self._backbone, self._options.fresh)
        if self._options.fresh:
            for name in EVERYTHING:
                out.delete_below(name)
            out.delete(RUN)
        state.record.arguments = _arguments(self._options)
        state.record.backbone = backbone_card(self._backbone)
        state.record.versions = _versions()

    def execute(self) -> None:
        """Run the stages that have something to do."""
        state = self._state
        with state.stage("manifest"):
            plan = self._plan()
        state.record.seen = plan.seen
        if not plan.changes and self._is_done(plan.kept):
            state.reporter.say(f"nothing new: {plan.seen:,} images are in {state.out.uri} already")
            state.record = RunRecord.from_json(state.out.read(RUN))
            return
        state.save()
        with self._spark() as context:
            markers = self._embed(context, plan)
            summarise(markers, state)
            check_errors(state.record.errors, plan.seen, self._options.max_errors, state)
            if not state.record.features:
                raise PipelineError(f"none of {plan.seen:,} images could be embedded; see {state.out.uri}/errors")
            self._model(context, markers)
            state.record.peak_memory |= _peak_memory(context, markers)
            with self._stopping(context):
                self._report()

    def end(self, status: Any, message: str) -> None:  # noqa: ANN401 - one of records.Status
        """Record how the run ended, as far as OUT can still be written."""
        self._state.record.status, self._state.record.message = status, message
        self._state.record.finished = time.time()
        try:
            self._state.save()
        except FruitsError as error:
            self._state.reporter.say(f"run.json could not be written: {error}")

    def _plan(self) -> Plan:
        options, state = self._options, self._state
        listing = list_images(self._images, options.labels)
        if options.limit is not None:
            listing = spread(listing, options.limit, self._images.uri)
        cores = local_cores() if options.master is None else 8  # how many a cluster has is known only later
        size = options.batch_size
        plan = make_plan(listing, state.out, state.record.run, lambda n: size or default_slice_size(n, cores))
        if not plan.seen:
            chosen = f" with a label like {' or '.join(options.labels)}" if options.labels else ""
            raise UsageError(f"no images{chosen} below {self._images.uri}; expected folders of .jpg, .png, ...")
        already = plan.seen - plan.embed
        more = f", {already:,} embedded already" if already else ""
        state.reporter.say(f"{plan.seen:,} images{more}; {plan.embed:,} to embed in {len(plan.slices):,} slices")
        return plan

    @contextmanager
    def _spark(self) -> Iterator[SparkContext]:
        """Start Spark, keep its event log, and stop it if it was started here."""
        state = self._state
        self._mine = active_context() is None
        local = not is_remote(state.out.uri)
        events = Path(state.out.uri, EVENTS) if local else self._work / EVENTS
        events.mkdir(parents=True, exist_ok=True)
        options = self._options
        fits = options.classifier != "none" and options.apply is None  # the only work that is the JVM's own
        with state.stage("spark"):
            Thread(target=preload, daemon=True).start()  # Java starts on one core
            context = start_context(
                options.master,
                f"fruits {state.record.run}",
                str(events),
                self._work,
                options.spark_settings,
                java_options(options.archives, lean=not fits),
            )
        state.record.spark_ui = context.uiWebUrl or ""
        state.record.cores = context.defaultParallelism
        state.record.versions["spark"] = context.version
        state.reporter.say(f"Spark {context.version} on {context.master}; watch it at {state.record.spark_ui}")
        try:
            yield context
        except PipelineError as error:
            if type(error) is PipelineError:  # a stage broke; the others have said all there is
                raise PipelineError(f"{error} (Spark's log: {self._work / 'spark.log'})") from error
            raise
        finally:
            self._stop(context)
            if not local:
                for file in events.iterdir():
                    state.out.write(f"{EVENTS}/{file.name}", file.read_bytes())
        shutil.rmtree(self._work, ignore_errors=True)

    @contextmanager
    def _stopping(self, context: SparkContext) -> Iterator[None]:
        """Stop Spark, a second of waiting, beside what is done meanwhile."""
        thread = Thread(target=self._stop, args=(context,))
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _stop(self, context: SparkContext) -> None:
        """Stop Spark once, if it was started here."""
        if self._mine:
            self._mine = False
            with suppress(Exception):  # where the JVM died there is nothing left to stop
                stop(context)

    def _embed(self, context: SparkContext, plan: Plan) -> list[SliceMarker]:
        state = self._state
        if not plan.changes:
            return list(plan.kept)
        readers = _REMOTE_READERS if is_remote(self._images.uri) else _LOCAL_READERS
        job = EmbeddingJob(self._images, state.out, self._backbone.digest, self._backbone.size, readers)
        with state.stage("embedding"):
            if plan.slices:
                markers = embed(context, plan, job, self._backbone.graph, self._options.max_errors, state)
            else:
                for slice_id in plan.replaced:
                    delete_slice(state.out, slice_id)
                markers = list(plan.kept)
        state.out.sweep()  # Spark replaces a worker that died in the middle of a write, and nobody else knows of it
        state.record.embedded = plan.embed
        state.record.images_per_second = round(plan.embed / max(state.record.seconds["embedding"], 1e-9), 1)
        state.reporter.say(
            f"embedded {plan.embed:,} images in {state.record.seconds['embedding']:.1f} s,"
            f" {state.record.images_per_second:.0f} a second"
        )
        return markers

    def _model(self, context: SparkContext, markers: list[SliceMarker]) -> None:
        """Components, classifier and CSV, each only if its input changed."""
        state, options = self._state, self._options
        prints = self._fingerprints(markers)
        if not state.is_done("components", prints["components"]):
            state.mark_open("components")
            keep_backbone(state.out, self._backbone)
            with state.stage("components"):
                components = self._components(context, markers)
                write_coordinates(context, markers, components, state)
            state.mark_done("components", prints["components"])
        components = load_components(state.out)
        state.record.components = _components_summary(components)
        state.save()
        if not state.is_done("classifier", prints["classifier"]):
            state.mark_open("classifier")
            for name in (CLASSIFIER_FILE, METRICS_FILE):
                state.out.delete(name)
            state.out.delete_below(PREDICTIONS)
            with state.stage("classifier"):
                state.record.classifier = self._classify(context, markers, components)
            state.mark_done("classifier", prints["classifier"])
        else:
            state.record.classifier = read_summary(state.out)
        if options.csv and not state.is_done("csv", prints["components"]):
            with state.stage("csv"):
                write_csv(context, markers, state)
            state.mark_done("csv", prints["components"])

    def _components(self, context: SparkContext, markers: list[SliceMarker]) -> PrincipalComponents:
        state = self._state
        if self._earlier is not None:
            fitted = self._earlier.components
            state.out.write(COMPONENTS_FILE, fitted.save())
            state.out.write(VARIANCE_FILE, variance_csv(fitted))
            state.reporter.say(f"applying {len(fitted.axes)} components of {self._options.apply}")
            return fitted
        wish = Wish(None if self._options.variance else self._options.components, self._options.variance)
        fitted = fit_components(context, markers, wish, self._backbone.digest, state)
        for line in variance_table(fitted):
            state.reporter.say(line)
        return fitted

    def _classify(
        self, context: SparkContext, markers: list[SliceMarker], components: PrincipalComponents
    ) -> dict[str, Any]:
        state = self._state
        if self._earlier is not None:
            if self._earlier.classifier is None:
                return {}
            summary = apply_classifier(context, markers, self._earlier.classifier, state)
        elif self._options.classifier == "none":
            return {}
        elif len(state.record.labels) < 2:
            state.warn("there is only one label, so there is nothing to classify; the classifier was skipped")
            return {}
        else:
            kind: Any = self._options.classifier
            summary = fit_classifier(context, markers, kind, components, state)
        state.reporter.say(
            f"accuracy {summary['accuracy']:.2%}, macro-F1 {summary['macro_f1']:.3f} on {summary['test_images']:,} test"
            f" images ({summary['kind']}). {summary['note']}"
        )
        return summary

    def _fingerprints(self, markers: Sequence[SliceMarker]) -> dict[str, str]:
        options = self._options
        slices = sorted((marker.slice, marker.features) for marker in markers)
        earlier = self._earlier.digest if self._earlier else ""
        wish = ["variance", options.variance] if options.variance else ["components", options.components]
        components = fingerprint(slices, self._backbone.digest, earlier or wish)
        return {"components": components, "classifier": fingerprint(components, earlier or options.classifier)}

    def _is_done(self, markers: Sequence[SliceMarker]) -> bool:
        """Whether every stage was finished for these slices, and the run ended well."""
        state, prints = self._state, self._fingerprints(markers)
        wanted = {"components": "components", "classifier": "classifier"}
        if self._options.csv:
            wanted["csv"] = "components"
        if not all(state.is_done(stage, prints[of]) for stage, of in wanted.items()):
            return False
        try:
            return RunRecord.from_json(state.out.read(RUN)).status == "done"
        except MissingError:
            return False

    def _report(self) -> None:
        state = self._state
        write_thumbnails(self._images, state.out, recogniser=_recogniser(self._backbone))
        state.record.status = "done"
        state.record.finished = time.time()
        state.save()
        address = draw_report(state.out)
        seconds = time.time() - state.record.started
        state.reporter.say(
            f"done in {seconds:.1f} s: {state.record.features:,} embeddings, {state.record.errors:,} errors."
            f" Report: {address}"
        )


def _recogniser(backbone: Backbone) -> Recogniser | None:
    """The engine, where the embeddings are its own: the report then shows the species it sees."""
    return Recogniser.load() if backbone.digest == read_card(released()).sha256 else None


def _run_id() -> str:
    """Return an id that sorts by time and is no other run's."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(2)}"


def _arguments(options: Options) -> dict[str, Any]:
    names = ("components", "variance", "classifier", "apply", "limit", "csv", "max_errors", "master", "batch_size")
    return {name: getattr(options, name) for name in names} | {"labels": list(options.labels)}


def _versions() -> dict[str, str]:
    packages = {name: metadata.version(name) for name in ("numpy", "onnxruntime", "pillow", "pyarrow")}
    return {"fruits": fruits.__version__, "python": platform.python_version(), **packages}


def _components_summary(components: PrincipalComponents) -> dict[str, Any]:
    return {
        "count": len(components.axes),
        "dimensions": int(components.mean.size),
        "fitted_on": components.count,
        "explained": float(components.ratio.sum()),
    }


def _peak_memory(context: SparkContext, markers: Sequence[SliceMarker]) -> dict[str, int]:
    """Return peak resident sets in bytes: of this process, of the JVM beside it, of the largest worker."""
    peaks = {"driver": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    process = getattr(context._gateway, "proc", None)
    status = Path(f"/proc/{process.pid}/status") if process else None
    if status is not None and status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        peaks["jvm"] = int(lines.get("VmHWM", "0 kB").split()[0]) * 1024
    peaks["worker"] = max((marker.peak_memory for marker in markers), default=0)
    return peaks
