"""List, fetch or add backbones: the networks that make embeddings.

Fetched and added files are kept in FRUITS_BACKBONES (default: ~/.cache/fruits/backbones).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fruits.cli.settings import backbone_cache


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="what there is, and where (default)")
    fetch = actions.add_parser("fetch", help="download one of the ONNX Model Zoo; resumed, checked by its hash")
    fetch.add_argument("name", metavar="NAME")
    fetch.add_argument("--url", metavar="URL", help="a mirror of the zoo's home")
    add = actions.add_parser("add", help="keep any ONNX file with its settings under a name")
    add.add_argument("name", metavar="NAME", help="small letters, digits and hyphens")
    add.add_argument("file", metavar="FILE", type=Path)
    add.add_argument("--size", type=int, default=224, metavar="PIXELS", help="side of its input (224)")
    add.add_argument("--tensor", required=True, metavar="NAME", help="the tensor that is the embedding")
    add.add_argument("--layout", choices=("NCHW", "NHWC"), default="NCHW", help="order of its input (NCHW)")
    add.add_argument("--scale", type=float, default=1.0, metavar="X", help="pixels 0..255 are multiplied by this (1)")
    for name, text in (("mean", "then this is subtracted"), ("std", "then divided by this")):
        default = 0.0 if name == "mean" else 1.0
        add.add_argument(f"--{name}", type=float, nargs=3, default=[default] * 3, metavar=("R", "G", "B"), help=text)
    add.add_argument("--licence", default="not stated", metavar="TEXT")


def run(arguments: argparse.Namespace) -> int:
    """List, fetch or add."""
    if arguments.action == "fetch":
        return _fetch(arguments)
    if arguments.action == "add":
        return _add(arguments)
    from fruits.engine.backbone import bundle_backbone
    from fruits.vision.backbones import list_backbones

    print(f"{'name':24}{'dimensions':>10}{'pixels':>8}  {'where':16}licence")
    own = bundle_backbone()
    print(f"{own.name:24}{own.dimensions:>10,}{own.size:>8}  {'default':16}{own.licence}")
    for line in list_backbones(backbone_cache()):
        print(f"{line.name:24}{line.dimensions:>10,}{line.size:>8}  {line.place:16}{line.licence}")
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from fruits.cli.transfer import transfer_bar
    from fruits.vision.backbones import ZOO_URL, fetch_backbone

    with transfer_bar(arguments.name) as progress:
        path = fetch_backbone(arguments.name, backbone_cache(), base_url=arguments.url or ZOO_URL, progress=progress)
    print(path)
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from fruits.vision.backbones import add_backbone
    from fruits.vision.feed import FeedSettings

    settings = FeedSettings(
        size=arguments.size,
        tensor=arguments.tensor,
        layout=arguments.layout,
        scale=arguments.scale,
        mean=tuple(arguments.mean),
        std=tuple(arguments.std),
    )
    backbone = add_backbone(arguments.name, arguments.file, settings, backbone_cache(), arguments.licence)
    print(
        f"added {backbone.name}: {backbone.dimensions:,} dimensions; use it with: fruits run --backbone {backbone.name}"
    )
    return 0
