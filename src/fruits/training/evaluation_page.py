"""One self-contained page of an evaluation: figures, reliability, confusions, and the worst mistakes to look at."""

from __future__ import annotations

import base64
import html
import io

from PIL import Image

from fruits.training.evaluation import Answer, Evaluation

THUMBNAIL = 176
_STYLE = """
:root{color-scheme:light dark;--ink:#1d2b20;--ground:#fbf8f1;--line:#d9d2c2;--accent:#b3402a;--good:#3d7a45}
@media(prefers-color-scheme:dark){:root{--ink:#ece7da;--ground:#191d19;--line:#3a423a;--accent:#f08a6e;--good:#8cc98f}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);margin:0 auto;max-width:68rem;
padding:1.5rem}h1{font-size:1.7rem}h2{margin-top:2.5rem}.wide{overflow-x:auto}table{border-collapse:collapse;
font-variant-numeric:tabular-nums}
th,td{padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);text-align:right}
th:first-child,td:first-child{text-align:left}figure{margin:0}figcaption{font-size:.85rem}
.wrong{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:1rem}
.wrong img{width:100%;aspect-ratio:1;object-fit:cover;border-radius:4px}.said{color:var(--accent)}.is{color:var(--good)}
svg{max-width:26rem;width:100%}svg text{fill:var(--ink);font-size:11px}
"""


def render(evaluation: Evaluation) -> str:
    """The page as HTML; thumbnails of the worst mistakes are inside."""
    rows = "".join(_row(source, entry) for source, entry in evaluation.as_dict()["sets"].items())
    wrong = "".join(_mistake(answer) for answer in evaluation.worst())
    pairs = "".join(
        f"<tr><td>{html.escape(right)}</td><td>{html.escape(said)}</td><td>{count}</td></tr>"
        for right, said, count in evaluation.confusions()
    )
    heads = "".join(
        f"<th>{name}</th>"
        for name in ("set", "kind", "photos", "top 1", "top 5", "sure", "right when sure", "calibration", "false sure")
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(evaluation.model)}: evaluation</title><style>{_STYLE}</style>"
        f"<h1>{html.escape(evaluation.model)} on labelled photos</h1>"
        "<p>A set marked <em>seen</em> gave photos to the training: its figures are not an estimate of what a user "
        "will meet. <em>False sure</em>: photos without produce that were called a fruit without doubt.</p>"
        f'<div class="wide"><table><tr>{heads}</tr>{rows}</table></div>'
        f"<h2>Is 80 % right four times in five?</h2>{_diagram(evaluation.reliability())}"
        f'<h2>Commonest confusions on wild photos</h2><div class="wide"><table>'
        f"<tr><th>it is</th><th>said</th><th>times</th></tr>{pairs}</table></div>"
        f'<h2>Worst mistakes</h2><div class="wrong">{wrong}</div></html>'
    )


def _row(source: str, entry: dict[str, object]) -> str:
    seen = ", seen" if entry["seen in training"] else ""
    names = ("top1", "top5", "sure_share", "sure_right", "error", "without produce, called sure")
    cells = "".join(f"<td>{_share(entry.get(name))}</td>" for name in names)
    kind = html.escape(f"{entry['kind']}{seen}")
    return f"<tr><td>{html.escape(source)}</td><td>{kind}</td><td>{entry['photos']}</td>{cells}</tr>"


def _share(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-"


def _mistake(answer: Answer) -> str:
    said = answer.recognition
    if said is None:
        return ""
    sure = "sure" if said.sure else "not sure"
    right = html.escape(answer.example.species or "no produce")
    return (
        f'<figure><img src="{_thumbnail(answer)}" alt="{right}, taken for {html.escape(said.species)}" loading="lazy">'
        f'<figcaption><span class="said">{html.escape(said.species)} {said.confidence:.0%}</span> ({sure})<br>is '
        f'<span class="is">{right}</span><br>{html.escape(answer.example.source)}</figcaption></figure>'
    )


def _thumbnail(answer: Answer) -> str:
    with Image.open(answer.example.path) as photo:
        small = photo.convert("RGB")
        small.thumbnail((THUMBNAIL, THUMBNAIL))
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=78)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def _diagram(bins: list[tuple[float, float, int]]) -> str:
    """Reliability: each bin as a dot, its area the number of photos, against the diagonal."""
    if not bins:
        return "<p>No wild photos of known species.</p>"
    most = max(count for *_, count in bins)
    dots = "".join(
        f'<circle cx="{40 + 240 * mean:.1f}" cy="{260 - 240 * share:.1f}" r="{2 + 9 * (count / most) ** 0.5:.1f}" '
        f'fill="var(--accent)" fill-opacity=".65"><title>{count} photos: said {mean:.0%}, right {share:.0%}</title>'
        "</circle>"
        for mean, share, count in bins
    )
    return (
        '<svg viewBox="0 0 300 300" role="img" aria-label="Reliability diagram">'
        '<path d="M40 20V260H280" fill="none" stroke="var(--line)"/>'
        '<path d="M40 260L280 20" stroke="var(--line)" stroke-dasharray="4 4"/>'
        f'{dots}<text x="160" y="288" text-anchor="middle">confidence</text>'
        '<text x="14" y="140" transform="rotate(-90 14 140)" text-anchor="middle">share right</text></svg>'
    )
