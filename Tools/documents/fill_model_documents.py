"""Fills what the documents of the model that ships say of its figures from a report of `thorax evaluate`.

    ./thorax evaluate --model thorax-small --data DATASET --split test --output REPORT
    python3 Tools/documents/fill_model_documents.py REPORT

The tables of figures in docs/model.md and in the model's card keep the rows that they have and take the numbers of REPORT; a
row may hold two figures, "NAME; CONTINUATION", whose second name shares all before its last comma or begins anew.
docs/model-report.md becomes the whole report, and docs/images gets its two pictures. A row without a figure in the report is
an error. Needs nothing but Python.
"""

import datetime
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = "| figure | model | real against real | target |"
COMMAND = "    thorax evaluate --model thorax-small --data DATASET --split test --output REPORT"


def rows_of(report):
    """Cells after the first, by the first, of a report's table of figures."""
    rows = {}
    for line in report[report.index(HEADER) + 2:]:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[name] = cells
    return rows


def filled(name, rows):
    """A row of a document with the report's numbers; of two figures with a semicolon between them."""
    if name in rows:
        cells = rows[name]
    else:
        first, second = name.split("; ")
        second = second if second in rows else first[:first.rindex("against")] + second
        cells = ["; ".join(filter(None, pair)) for pair in zip(rows[first], rows[second])]
    return "| " + " | ".join([name, *cells]) + " |"


def fill(path, rows, model_line):
    lines, result, in_table = path.read_text().splitlines(), [], False
    for line in lines:
        if line == HEADER:
            in_table = True
        elif in_table and not line.startswith("|"):
            in_table = False
        elif in_table and not line.startswith("|---"):
            line = filled(line.strip("|").split("|")[0].strip(), rows)
        elif line.startswith("Model `"):
            line = model_line
        result.append(line)
    path.write_text("\n".join(result) + "\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    report = (folder / "report.md").read_text().splitlines()
    rows = rows_of(report)
    model_line = next(line for line in report if line.startswith("Model `"))
    document = ROOT / "docs/model.md"
    fill(document, rows, model_line)
    document.write_text(re.sub(r"which has all \d+,", f"which has all {len(rows)},", document.read_text()))
    fill(ROOT / "models/thorax-small/README.md", rows, model_line)
    day = datetime.date.fromtimestamp((folder / "report.md").stat().st_mtime).isoformat()
    (ROOT / "docs/model-report.md").write_text(
        "# thorax-small, measured\n\n"
        f"What `thorax evaluate` wrote on {day} as `report.md`, and nothing else. DATASET is made by `scripts/import-small`.\n\n"
        f"{COMMAND}\n\n" + "\n".join(report[report.index(model_line):]) + "\n")
    for picture in ["contact-sheet.png", "nearest-pairs.png"]:
        shutil.copy(folder / picture, ROOT / "docs/images" / picture)


if __name__ == "__main__":
    main()
