"""Draw assets/folders.svg, the rooms of this project and who imports whom: `python assets/make_folders_picture.py`.

Everything in it is read from the source: a room's text from its package's docstring, its floor and its arrows from
the imports. Of the arrows only those are drawn that no way over other rooms replaces.
"""

import ast
import sys
from collections.abc import Mapping
from html import escape
from pathlib import Path
from textwrap import wrap

import grimp

PROJECT = Path(__file__).resolve().parents[1]
PICTURE = PROJECT / "assets" / "folders.svg"
SCRIPTS = "page scripts"
WIDTH, MARGIN, GAP, HEADING = 980, 16, 32, 44
BOX_WIDTH, BOX_HEIGHT, FLOOR = 168, 86, 112
UPPER = {"pages": (MARGIN, 546), "training": (MARGIN + 546 + GAP, WIDTH - 2 * MARGIN - 546 - GAP)}  # left edge, width
LETTERS, LINES = 27, 4  # of a room's text
TIP, BOW = 6, 60  # of an arrow

Imports = Mapping[str, set[str]]  # from a room to those that it imports

STYLE = """
  svg { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
  .paper { fill: #ffffff } .house { fill: #f4f5f8; stroke: #dde0e8 } .room { fill: #ffffff; stroke: #b9bfd0 }
  .name { fill: #1c2030; font-size: 15px; font-weight: 600 } .text { fill: #5a6072; font-size: 11.5px }
  .arrow { fill: none; stroke: #6366f1; stroke-width: 1.4; stroke-opacity: .75 } .tip { fill: #6366f1 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .house { fill: #151923; stroke: #2d3342 } .room { fill: #1d2230; stroke: #454d63 }
    .name { fill: #e8eaf0 } .text { fill: #a4aabb } .arrow { stroke: #8b93ff } .tip { fill: #8b93ff }
  }
"""


def rooms_and_imports(house: str) -> dict[str, set[str]]:
    """The rooms of one house, each with those of the same house that it imports."""
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    graph = grimp.build_graph(house, cache_dir=None)
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        here = room_of(module)
        found.setdefault(here, set())
        for imported in graph.find_modules_directly_imported_by(module):
            if (there := room_of(imported)) != here:
                found[here].add(there)
    return {room: below - {""} for room, below in found.items() if room}


def room_of(module: str) -> str:
    """The folder that a module lives in; the page scripts are one room, and so is all of models; "" has none."""
    house, *inside = module.split(".")
    if house == "models":
        return "models"
    if inside and (PROJECT / house / inside[0]).is_dir():
        return inside[0]
    return SCRIPTS if house == "pages" and inside else ""


def floors(imports: Imports) -> list[list[str]]:
    """Rooms by floor, from the top: each stands as low as it can above all that it imports.

    Raises:
        RecursionError: rooms import each other in a circle.
    """

    def height(room: str) -> int:
        return 1 + max((height(below) for below in imports[room]), default=-1)

    heights = {room: height(room) for room in imports}
    return [
        sorted(room for room in imports if heights[room] == level) for level in range(max(heights.values()), -1, -1)
    ]


def needed_arrows(imports: Imports) -> list[tuple[str, str]]:
    """The imports between rooms that follow from no others."""

    def reaches(room: str) -> set[str]:
        return imports[room].union(*(reaches(below) for below in imports[room]))

    return sorted(
        (room, below)
        for room, all_below in imports.items()
        for below in all_below
        if not any(below in reaches(other) for other in all_below - {below})
    )


def text_of(package: Path) -> str:
    """The first sentence of a package's docstring, or the part before its colon where a box has no room for more."""
    said = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    sentence = " ".join(said.split("\n\n")[0].split()).split(". ")[0].rstrip(".").replace("`", "")
    return sentence if len(wrap(sentence, LETTERS)) <= LINES else sentence.split(": ")[0]


def draw() -> str:
    """The whole picture as SVG: pages and training side by side, models below both."""
    parts: list[str] = []
    bottoms: list[float] = []
    for house, (left, width) in UPPER.items():
        drawn, height = _house(house, left, MARGIN, width)
        parts += drawn
        bottoms.append(MARGIN + height)
    models_top = max(bottoms) + GAP
    drawn, height = _house("models", MARGIN, models_top, WIDTH - 2 * MARGIN)
    parts += drawn
    (pages_left, pages_width), (training_left, _) = UPPER.values()
    middle = MARGIN + HEADING / 2
    parts.append(
        _path(f"M{pages_left + pages_width:g} {middle:g}H{training_left - TIP:g}", training_left, middle, "right")
    )
    for (left, width), bottom in zip(UPPER.values(), bottoms, strict=True):
        x = left + width / 2
        parts.append(_path(f"M{x:g} {bottom:g}V{models_top - TIP:g}", x, models_top, "down"))
    total = models_top + height + MARGIN
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total:g}" width="{WIDTH}" height="{total:g}" '
        'role="img" aria-label="The folders of this project; arrows point to what a folder imports">'
    )
    paper = f'<rect class="paper" width="{WIDTH}" height="{total:g}" rx="12"/>'
    return "\n".join([opening, f"<style>{STYLE}</style>", paper, *parts, "</svg>\n"])


def _house(house: str, left: float, top: float, width: float) -> tuple[list[str], float]:
    """One top-level folder with its rooms, and its height."""
    imports = rooms_and_imports(house)
    rows = floors(imports)
    height = HEADING + (len(rows) - 1) * FLOOR + BOX_HEIGHT + MARGIN
    places = {
        room: (left + width * (2 * position + 1) / (2 * len(row)), top + HEADING + level * FLOOR)
        for level, row in enumerate(rows)
        for position, room in enumerate(row)
    }
    outline = f'<rect class="house" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="12"/>'
    heading = _line("name", left + MARGIN, top + 28, f"{house}/")
    arrows = [_arrow(places[upper], places[lower]) for upper, lower in needed_arrows(imports)]
    return [outline, heading, *arrows, *(_box(house, room, *place) for room, place in places.items())], height


def _box(house: str, room: str, centre: float, top: float) -> str:
    text = ", ".join(_scripts()) if room == SCRIPTS else text_of(PROJECT / house / ("" if room == house else room))
    half = BOX_WIDTH / 2
    lines = wrap(text, LETTERS)
    if len(lines) > LINES:
        raise SystemExit(f"{house}/{room}: its first clause has no room in a box: {text!r}")
    name = room if room == SCRIPTS else f"{room}/"
    return "\n".join(
        [
            f'<rect class="room" x="{centre - half:g}" y="{top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>',
            _line("name", centre, top + 20, name, "middle"),
            *(_line("text", centre, top + 37 + 14 * n, line, "middle") for n, line in enumerate(lines)),
        ]
    )


def _scripts() -> list[str]:
    return sorted(file.stem.lstrip("_") for file in (PROJECT / "pages").glob("*.py") if file.stem != "__init__")


def _line(look: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text class="{look}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _arrow(upper: tuple[float, float], lower: tuple[float, float]) -> str:
    """From a room to one below it; past the floors between them, it leaves by the side."""
    (x, y), (to_x, to_y) = upper, lower
    if to_y - y <= FLOOR:
        start, bend = y + BOX_HEIGHT, (to_y - y - BOX_HEIGHT) / 2
        return _path(
            f"M{x:g} {start:g}C{x:g} {start + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y - TIP:g}",
            to_x,
            to_y,
            "down",
        )
    side = -1 if to_x < x else 1
    x, y = x + side * BOX_WIDTH / 2, y + BOX_HEIGHT / 2
    if abs(to_x - x) > TIP and (to_x - x) * side > 0:
        return _path(f"M{x:g} {y:g}Q{to_x:g} {y:g} {to_x:g} {to_y - TIP:g}", to_x, to_y, "down")
    to_x, to_y = to_x + BOX_WIDTH / 2, to_y + BOX_HEIGHT / 2
    out = to_x + BOW
    return _path(f"M{x:g} {y:g}C{out:g} {y:g} {out:g} {to_y:g} {to_x + TIP:g} {to_y:g}", to_x, to_y, "left")


def _path(line: str, x: float, y: float, to: str) -> str:
    """A line whose tip touches (x, y)."""
    corners = {"down": f"l-4 {-TIP - 1}h8z", "right": f"l{-TIP - 1} -4v8z", "left": f"l{TIP + 1} -4v8z"}
    return f'<path class="arrow" d="{line}"/><path class="tip" d="M{x:g} {y:g}{corners[to]}"/>'


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
