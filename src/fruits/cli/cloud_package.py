"""package: the environment of a cluster, and what backbones travel in it."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fruits.cli import cloud_common as common

if TYPE_CHECKING:
    from fruits.cloud.aws import Aws
    from fruits.cloud.runner import Runner
    from fruits.cloud.site import Site
    from fruits.cloud.state import CloudRun


def add_actions(actions: Any) -> None:  # noqa: ANN401 - argparse's
    """Add the subcommand."""
    package = common.add_action(
        actions, "package", "build the environment of a cluster and upload it once, by its content", _package
    )
    package.add_argument("--arm", action="store_true", help="for Graviton instances")
    package.add_argument("--wheel", type=Path, metavar="FILE", help="our wheel, where there is no source tree")
    package.add_argument("--backbone", metavar="NAME", help="take a fetched or added backbone along")
    package.add_argument("--folder", type=Path, metavar="DIR", help="only make it here; upload nothing")


def _package(arguments: argparse.Namespace) -> int:
    architecture = "arm64" if arguments.arm else "x86_64"
    if arguments.folder is not None:
        from fruits.cloud.package import build_package

        backbones, root = backbone_files(arguments.backbone)
        build_package(
            arguments.folder,
            common.cache() / "wheels",
            architecture,
            wheel=arguments.wheel,
            backbones=backbones,
            backbones_root=root,
            archive=True,
            tell=common.say,
        )
        common.say(str(arguments.folder))
        return 0
    door = common.aws(arguments)
    site = common.site(arguments, door)
    common.say(packaged(site, door, architecture, arguments.wheel, arguments.backbone))
    return 0


def packaged(site: Site, door: Aws, architecture: str, wheel: Path | None, backbone: str | None) -> str:
    """Build the package, upload what the bucket lacks, and return its URI."""
    from fruits.cloud.package import build_package, upload_package

    backbones, root = backbone_files(backbone)
    with tempfile.TemporaryDirectory(prefix="fruits-package-") as scratch:
        package = build_package(
            Path(scratch) / "package",
            common.cache() / "wheels",
            architecture,
            wheel=wheel,
            backbones=backbones,
            backbones_root=root,
            archive=True,
            tell=common.say,
        )
        return upload_package(package, site, door, common.say)


def package_uri(arguments: argparse.Namespace, manager: Runner, run: CloudRun) -> str:
    """Return the package that is named, or the one of now, built and uploaded."""
    if arguments.package:
        uri = str(arguments.package).rstrip("/")
        check_package(uri, arguments.backbone, manager, run)
        return uri
    architecture = manager.prices.instance(run.machines.instance).architecture
    return packaged(manager.site, manager.aws, architecture, arguments.wheel, arguments.backbone)


def check_package(uri: str, backbone: str | None, manager: Runner, run: CloudRun, *, remedy: str = "") -> None:
    """Raise :class:`UsageError` unless a whole package lies at ``uri``, with the backbone that is named."""
    from fruits.cloud.package import check_uploaded

    names = _backbone_names(backbone)
    mend = remedy or f"fruits cloud package{f' --backbone {backbone}' if names else ''}"
    serverless = run.machines.target == "serverless"
    check_uploaded(uri, manager.site, manager.aws, archive=serverless, backbones=names, mend=mend)


def backbone_files(name: str | None) -> tuple[list[Path], Path]:
    """Return the files of a fetched or added backbone in the cache, none for those in the package; and the cache."""
    from fruits.cli.settings import backbone_cache
    from fruits.cloud.errors import UsageError

    root = backbone_cache()
    files = [root / each for each in _backbone_names(name)]
    if not all(file.is_file() for file in files):
        raise UsageError(
            f"the backbone {name} is not in {root}; get it with: fruits backbones fetch {name}, or fruits backbones add"
        )
    return files, root


def _backbone_names(name: str | None) -> list[Path]:
    """Return the files of a backbone, relative to the cache; none where it comes with our own wheel."""
    from fruits.engine.bundle import RELEASED
    from fruits.vision.backbones import PACKAGED, ZOO

    if name is None or name in (RELEASED, *PACKAGED):
        return []
    if name in ZOO:
        return [Path(ZOO[name].file)]
    return [Path("added") / f"{name}.{kind}" for kind in ("json", "onnx")]
