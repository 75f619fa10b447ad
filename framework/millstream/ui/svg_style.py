"""The look of the timeline picture: colours for light and dark, the hatching. Knows nothing about what is drawn."""

from __future__ import annotations

_LIGHT = {
    "card": "#ffffff",
    "line": "#e6e5e1",
    "ink": "#1b1c1f",
    "mut": "#6a6d75",
    "band": "#f3f2ee",
    "writing": "#a9acb3",
    "args": "#6a45f5",
    "waiting": "#8a8f99",
    "running": "#1f6feb",
    "done": "#1a7f4b",
    "backoff": "#9a6700",
    "failed": "#c0362c",
    "stopped": "#8a8f99",
}
_DARK = {
    "card": "#1a1c20",
    "line": "#2a2d33",
    "ink": "#ececee",
    "mut": "#9a9fa9",
    "band": "#22252a",
    "writing": "#7b808a",
    "args": "#a58fff",
    "waiting": "#6f7580",
    "running": "#6cb0ff",
    "done": "#4cc38a",
    "backoff": "#e3b341",
    "failed": "#ff7b72",
    "stopped": "#6f7580",
}
_SOLID = ("writing", "running", "done", "failed", "stopped")
_DASHED = ("waiting", "backoff")

_SCOPE = ".ms-timeline"
"""In front of every rule, so that the picture can be put into a page without changing it."""

DEFS = (
    '<defs><pattern id="ms-hatch" width="6" height="12" patternUnits="userSpaceOnUse">'
    '<rect class="hatch" width="6" height="12"/><rect class="gap" x="4" width="2" height="12"/></pattern></defs>'
)
"""Arguments are hatched, so that overlap can be read without colour."""


def _colours(of: dict[str, str]) -> str:
    rules = [
        f".card{{fill:{of['card']};stroke:{of['line']}}}",
        f".band{{fill:{of['band']}}}",
        f".line{{stroke:{of['line']}}}",
        f"text{{fill:{of['ink']}}}",
        f".mut{{fill:{of['mut']}}}",
        f".hatch{{fill:{of['args']}}}",
        f".gap{{fill:{of['card']};fill-opacity:.45}}",
        f".asking{{stroke:{of['writing']}}}",
        *(f".{kind}{{fill:{of[kind]}}}" for kind in _SOLID),
        *(f".{kind}{{stroke:{of[kind]}}}" for kind in _DASHED),
    ]
    return "".join(f"{_SCOPE} {rule}" for rule in rules)


STYLE = (
    f'{_SCOPE} text{{font:12px Inter,ui-sans-serif,system-ui,"Segoe UI",sans-serif;unicode-bidi:isolate}}'
    f'{_SCOPE} .mono,{_SCOPE} .axis{{font:12.5px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}}'
    f"{_SCOPE} .axis{{font-size:11px;text-anchor:middle}}"
    f"{_SCOPE} .big{{font-size:17px;font-weight:620}}{_SCOPE} .end{{text-anchor:end}}"
    f"{_SCOPE} .line,{_SCOPE} .card{{stroke-width:1}}{_SCOPE} .args{{fill:url(#ms-hatch)}}"
    f"{_SCOPE} .waiting,{_SCOPE} .backoff,{_SCOPE} .asking{{fill:none;stroke-width:1;stroke-dasharray:3 2}}"
    f"{_colours(_LIGHT)}@media(prefers-color-scheme:dark){{{_colours(_DARK)}}}"
)
"""The style sheet of the picture."""
