"""Turn images into embeddings, components, a classifier and a report.

IMAGES and OUT are a folder or an s3:// URI. Images lie in one folder per label. Calling again goes on where the last
call stopped, and embeds only what is new or changed.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from fruits.cli.settings import backbone_cache, java_archives, storage_options
from fruits.errors import FruitsError

MODES: dict[str, dict[str, object]] = {"mini": {"limit": 300}, "apples": {"label": ["Apple*"]}, "full": {}}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("images", metavar="IMAGES", help="folder or s3:// URI with a folder of images per label")
    parser.add_argument("out", metavar="OUT", help="folder or s3:// URI for the results")
    _add_choice_of_images(parser)
    _add_model(parser)
    group = parser.add_argument_group("how it runs")
    group.add_argument("--csv", action="store_true", help="write the tables as CSV too")
    group.add_argument(
        "--max-errors", type=float, default=0.05, metavar="SHARE", help="stop above this share of refused images (0.05)"
    )
    group.add_argument("--fresh", action="store_true", help="forget what OUT holds and start over")
    group.add_argument("--master", metavar="URL", help="Spark master, e.g. spark://host:7077, yarn, local[2]")
    group.add_argument("--batch-size", type=int, metavar="N", help="images per slice, the unit of commit (up to 2048)")
    group.add_argument(
        "--spark", action="append", default=[], metavar="KEY=VALUE", help="a further Spark setting; can be repeated"
    )


def _add_choice_of_images(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which images")
    group.add_argument(
        "--mode",
        choices=sorted(MODES),
        help="mini: 300 images spread over the labels; apples: labels Apple*; full: all (default)",
    )
    group.add_argument("--limit", type=int, metavar="N", help="at most N images, spread over the labels")
    group.add_argument(
        "--label", action="append", default=[], metavar="GLOB", help="only labels like this; can be repeated"
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is computed")
    group.add_argument("--backbone", metavar="NAME", help="what makes the embeddings; see `fruits backbones`")
    group.add_argument("--backbone-file", type=Path, metavar="FILE", help="the backbone's ONNX file, already on disk")
    wish = group.add_mutually_exclusive_group()
    wish.add_argument("--components", type=int, default=50, metavar="K", help="how many principal components (50)")
    wish.add_argument("--variance", type=float, metavar="SHARE", help="as many as reach this share of the variance")
    group.add_argument(
        "--classifier",
        choices=("logistic", "svm", "mlp", "none"),
        default="logistic",
        help="what learns the labels from the components (logistic)",
    )
    group.add_argument(
        "--apply", metavar="OLD_OUT", help="use the components and the classifier of an earlier run; fit nothing"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the chain."""
    from fruits.cli.choices import find_backbone
    from fruits.pipeline.chain import run
    from fruits.pipeline.earlier import earlier_backbone
    from fruits.pipeline.errors import UsageError
    from fruits.pipeline.options import Options
    from fruits.pipeline.progress import for_terminal

    preset = MODES.get(arguments.mode or "full", {})
    settings = dict(item.partition("=")[::2] for item in arguments.spark)
    if bad := [item for item in arguments.spark if "=" not in item]:
        raise UsageError(f"--spark {bad[0]}: write KEY=VALUE, e.g. spark.driver.memory=2g")
    options = Options(
        components=arguments.components if arguments.variance is None else None,
        variance=arguments.variance,
        classifier=arguments.classifier,
        apply=arguments.apply,
        limit=arguments.limit if arguments.limit is not None else preset.get("limit"),  # type: ignore[arg-type]
        labels=arguments.label or preset.get("label", ()),  # type: ignore[arg-type]
        csv=arguments.csv,
        max_errors=arguments.max_errors,
        fresh=arguments.fresh,
        master=arguments.master,
        batch_size=arguments.batch_size,
        storage=storage_options(),
        spark_settings=settings,
        archives=java_archives(),
    )
    options.check()
    if options.apply is None:
        backbone = find_backbone(arguments.backbone, backbone_cache(), arguments.backbone_file)
    elif arguments.backbone or arguments.backbone_file:
        raise UsageError("--apply brings its own backbone; leave out --backbone and --backbone-file")
    else:
        backbone = earlier_backbone(options.apply, options.storage)
    command = resume_command(arguments.given)
    try:
        run(arguments.images, arguments.out, backbone, options, reporter=for_terminal(), command=command)
    except UsageError:
        raise
    except FruitsError as error:
        raise type(error)(f"{error}\nWhat was committed stays. To go on: {command}") from error
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted. What was committed stays. To go on: {command}") from None
    return 0


class Interrupted(FruitsError):  # noqa: N818 - reads as what happened
    """Ctrl-C."""

    exit_code = 130


def resume_command(given: list[str]) -> str:
    """Return the command line that resumes this one: the same, without --fresh."""
    return shlex.join(["fruits", *(word for word in given if word != "--fresh")])
