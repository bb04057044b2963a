"""docs/benchmarks.md in sections: each script writes its own and leaves the others alone."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks.md"


def write_section(title: str, lines: list[str], *, document: Path = DOCUMENT) -> None:
    """Replace the section under ``# title``, or add it at the end."""
    text = document.read_text(encoding="utf-8") if document.exists() else ""
    sections = [part.strip() for part in re.split(r"^(?=# )", text, flags=re.MULTILINE) if part.strip()]
    fresh = "\n".join([f"# {title}", "", *lines]).strip()
    places = [position for position, part in enumerate(sections) if part.partition("\n")[0] == f"# {title}"]
    if places:
        sections[places[0]] = fresh
    else:
        sections.append(fresh)
    document.write_text("\n\n".join(sections) + "\n", encoding="utf-8")


def machine() -> str:
    """What it ran on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{len(os.sched_getaffinity(0))} cores ({model}), Python {platform.python_version()}"


def commit() -> str:
    """Short name of the commit that was measured."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def seconds(value: float) -> str:
    """A duration as people write it: three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if value >= scale * 0.9995:
            return f"{_three(value / scale)} {unit}"
    return f"{_three(value / 1e-6)} µs"


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
