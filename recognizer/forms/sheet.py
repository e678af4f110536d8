"""The printable sheet: an HTML page that holds one drawing in millimetres, for the printer.

html = sheet_html(Layout(rows=12, columns=6), "Exam of 3 May")
"""

from html import escape

from recognizer.forms import marks
from recognizer.forms.layout import CORNERS, Layout, checked_title, column_name

LINE = 0.35  # width of a cell's border
LINE_GREY = "#a8b4c0"  # pale, so that pens stand out of it; dark enough for any printer

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
  @page {{ size: {paper}; margin: 0 }}
  body {{ margin: 0; background: #fff }}
  svg {{ display: block; width: {width}mm; height: {height}mm }}
  p {{ font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 40em; margin: 1em }}
  @media print {{ p {{ display: none }} svg {{ page-break-after: avoid }} }}
</style>
<p>Print this page on {paper} paper, one page, without headers and footers; "fit to page" does no
harm. <button onclick="print()">Print</button></p>
{svg}
</html>
"""


def sheet_html(layout: Layout, title: str = "") -> str:
    """Return a sheet as an HTML page that prints on one page.

    Args:
        layout: which cells it has.
        title: stands at its top, at most 60 characters.

    Raises:
        SettingError: the title is longer.
    """
    width, height = layout.size
    return _PAGE.format(
        title=escape(checked_title(title) or "Sheet"),
        paper=layout.paper,
        width=width,
        height=height,
        svg=sheet_svg(layout, title),
    )


def sheet_svg(layout: Layout, title: str = "") -> str:
    """Return the same as an SVG drawing whose units are millimetres."""
    width, height = layout.size
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}mm" height="{height}mm" font-family="sans-serif" text-anchor="middle">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *(_mark(layout, corner) for corner in range(len(CORNERS))),
        _text(width / 2, 19, 6, "#000", checked_title(title)),
        _text(width / 2, height - 17.5, 3.2, "#444", _what_to_do(layout)),
        _text(width / 2, height - 12.5, 3.2, "#444", "Photograph the whole sheet: all four marks."),
        *_names(layout),
    ]
    for row in range(layout.rows):
        for column in range(layout.columns):
            x, y, wide, tall = layout.cell(row, column)
            parts.append(
                f'<rect x="{x:.3f}" y="{y:.3f}" width="{wide:.3f}" height="{tall:.3f}" '
                f'fill="none" stroke="{LINE_GREY}" stroke-width="{LINE}"/>'
            )
    return "\n".join([*parts, "</svg>"])


def _what_to_do(layout: Layout) -> str:
    holds = "one digit" if layout.kind == "digit" else "one number"
    return f"Write {holds} in each cell with a dark pen; leave a cell empty where there is none."


def _names(layout: Layout) -> list[str]:
    """Return the letters above the columns and the numbers before the rows."""
    found = []
    for column in range(layout.columns):
        x, y, wide, _ = layout.cell(0, column)
        found.append(_text(x + wide / 2, y - 1.5, 3.2, "#777", column_name(column)))
    for row in range(layout.rows):
        x, y, _, tall = layout.cell(row, 0)
        found.append(_text(x - 3.5, y + tall / 2 + 1.1, 3.2, "#777", str(row + 1)))
    return found


def _text(x: float, y: float, size: float, colour: str, text: str) -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size}" fill="{colour}">{escape(text)}</text>'


def _mark(layout: Layout, corner: int) -> str:
    """Return a mark as one path of the squares that are black."""
    left, top, side, _ = layout.mark(corner)
    black, step = marks.modules(layout.code(corner)), side / marks.MODULES
    squares = [
        f"M{left + x * step:.3f} {top + y * step:.3f}h{step:.3f}v{step:.3f}h-{step:.3f}z"
        for y in range(marks.MODULES)
        for x in range(marks.MODULES)
        if black[y, x]
    ]
    return f'<path shape-rendering="crispEdges" d="{"".join(squares)}"/>'
