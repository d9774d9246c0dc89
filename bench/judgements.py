"""`python -m bench.judgements`: judge the messages of docs/judgements.md anew and write their table again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.judge import ROOT, TRAINING
from bot.severity.judge.judge import Judge, load_judge
from bot.severity.policy import load_severity
from bot.severity.rules import Judgement

PAGE = ROOT / "docs" / "judgements.md"


def render(page: str, judge: Judge) -> str:
    """The page with every numbered line of its table judged by `judge`; the messages are those of the page itself."""
    lines = []
    for line in page.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and cells[0].isdigit():
            line = f"| {cells[0]} | {cells[1]} | {_verdict(judge.judge(cells[1]))} |"
        lines.append(line)
    return "\n".join(lines)


def _verdict(judged: Judgement) -> str:
    words = ", ".join(f"“{item.text}” ({item.signal})" for item in judged.evidence)
    severity, second = (level.value if level else None for level in (judged.severity, judged.runner_up))
    cells = (f"**{severity or 'none'}**", f"{judged.confidence:.2f}", judged.row, words, second or "–")
    return " | ".join(cell.replace("|", "\\|") for cell in cells)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        judge = load_judge(load_severity(ROOT / "knowledge" / "policy" / "severity.yaml"), TRAINING, Path(folder))
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8"), judge), encoding="utf-8")


if __name__ == "__main__":
    main()
