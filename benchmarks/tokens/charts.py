"""Charts as SVG text: the same bytes from the same figures, legible on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

COLOURS = {
    "direct": "#d1495b",
    "tool search": "#c8871a",
    "TypeScript": "#8b7fd6",
    "ls + cat": "#71879a",
    "codegen": "#1f9e78",
    "codegen, skill": "#3d9bd1",
}
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#444}.title{font-weight:600;fill:#222}.grid{stroke:#8886;fill:none}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}.title{fill:#eee}}"
)
WIDTH, LEFT, RIGHT, TOP = 760, 130, 150, 40

Points = Sequence[tuple[float, float]]


def bars(title: str, rows: Mapping[str, Sequence[float]], legend: Sequence[str]) -> str:
    """Horizontal bars, one group a row, the later ones of a group paler; values in thousands at their ends."""
    most = max(max(values) for values in rows.values())
    scale = (WIDTH - LEFT - RIGHT) / most
    parts: list[str] = []
    y = TOP
    for name, values in rows.items():
        parts.append(_text(LEFT - 8, y + 9 * len(values) + 3, name, "end"))
        for at, value in enumerate(values):
            look = f'fill="{COLOURS[name]}" fill-opacity="{1 - 0.5 * at:g}"'
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{value * scale:.1f}" height="16" {look}/>')
            parts.append(_text(LEFT + value * scale + 6, y + 13, f"{value / 1000:.1f}k, {legend[at]}"))
            y += 18
        y += 10
    return _page(title, parts, y)


def lines(title: str, series: Mapping[str, Points], unit: str) -> str:
    """Lines on logarithmic axes; y in tokens. A series that ends with `*` is dashed and named without it."""
    points = [point for each in series.values() for point in each]
    across, up = [x for x, _ in points], [y for _, y in points]
    height = 320

    def place(x: float, y: float) -> tuple[float, float]:
        share = log10(x / min(across)) / log10(max(across) / min(across))
        rise = log10(y / min(up)) / log10(max(up) / min(up))
        return LEFT + share * (WIDTH - LEFT - RIGHT), TOP + (1 - rise) * height

    parts = []
    for tick in _ticks(min(up), max(up)):
        _, y = place(min(across), tick)
        parts += [
            f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>',
            _text(LEFT - 8, y + 4, _short(tick), "end"),
        ]
    for tick in sorted(set(across)):
        parts.append(_text(place(tick, min(up))[0], TOP + height + 22, f"{tick:,.0f}", "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, TOP + height + 44, unit, "middle"))
    ends: list[tuple[float, str]] = []
    for name, each in series.items():
        plain = name.removesuffix("*")
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (place(*point) for point in each))
        dash = ' stroke-dasharray="5 4"' if plain != name else ""
        colour = COLOURS[plain.partition(":")[0]]
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.5"{dash}/>')
        ends.append((place(*each[-1])[1], plain.replace(":", "")))
    at = float("-inf")
    for y, name in sorted(ends):
        at = max(at + 15, y + 4)
        parts.append(_text(WIDTH - RIGHT + 8, at, name))
    return _page(title, parts, TOP + height + 56)


def _ticks(low: float, high: float) -> list[float]:
    steps = [factor * 10**power for power in range(2, 8) for factor in (1, 2, 5)]
    return [step for step in steps if low <= step <= high]


def _short(tokens: float) -> str:
    return f"{tokens / 1e6:g}M" if tokens >= 1e6 else f"{tokens / 1000:g}k"


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _page(title: str, parts: Sequence[str], height: float) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<text class="title" x="12" y="22">{escape(title)}</text>'
    )
    return "\n".join([head, *parts, "</svg>", ""])
