"""Reads figures, a JSON object a line, and shows them as one table, or with --json as one list."""
import json
import sys

COLUMNS = ["name", "value", "unit", "goal", "holds", "beside"]


def cell(value):
    """As people read it: 1,234,567 rather than 1234567.0, yes rather than True, nothing for what there is not."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, (int, float)):
        return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return str(value)


def table(figures):
    rows = [COLUMNS] + [[cell(figure.get(column)) for column in COLUMNS] for figure in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for row in rows:
        cells = [text.rjust(width) if i == 1 else text.ljust(width) for i, (text, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


figures = []
for number, line in enumerate(sys.stdin, 1):
    if not line.strip():
        continue
    try:
        figure = json.loads(line)
    except ValueError as why:
        sys.exit(f"tools/bench: line {number} of the figures is not JSON ({why}): {line.rstrip()}")
    missing = [column for column in COLUMNS if column not in figure]
    if missing:
        sys.exit(f"tools/bench: line {number} of the figures lacks {', '.join(missing)}: {line.rstrip()}")
    figures.append(figure)

if "--json" in sys.argv[1:]:
    print(json.dumps(figures, indent=2))
else:
    table(figures)
