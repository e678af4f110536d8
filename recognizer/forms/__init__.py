"""Forms: sheets of cells to print, and photos of filled-in ones read into tables.

html = sheet_html(Layout(rows=12, columns=6), "Exam")    # to print
form = read_form(Recognizer.load(), photo)               # of the filled-in sheet
form.table                                               # [["7", "", "3", ...], ...]
"""

from recognizer.forms.layout import KINDS, MOST_COLUMNS, MOST_ROWS, PAPERS, Layout
from recognizer.forms.reader import SIDE, read_form
from recognizer.forms.results import Cell, Form, table_csv
from recognizer.forms.sheet import sheet_html

__all__ = [
    "KINDS",
    "MOST_COLUMNS",
    "MOST_ROWS",
    "PAPERS",
    "SIDE",
    "Cell",
    "Form",
    "Layout",
    "read_form",
    "sheet_html",
    "table_csv",
]
