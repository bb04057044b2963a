"""An HTML page on paper: PDF by a headless Chromium, which has the fonts, the page breaks and the page numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from twin.errors import DataError

__all__ = ["NoBrowser", "browser", "to_pdf"]

#: What the browser may be called, in the order in which it is looked for.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
#: A page that is not printed by then hangs [s].
_PATIENCE = 120


class NoBrowser(DataError):
    """There is no Chromium to print with."""


def browser() -> str:
    """Path of a Chromium: what ``TWIN_CHROMIUM`` names, one on the path, or the one that playwright brought.

    Raises
    ------
    NoBrowser : there is none; the HTML says the same and any browser prints it.
    """
    named = os.environ.get("TWIN_CHROMIUM", "")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and not named:
        found = _playwrights()
    if found is None:
        raise NoBrowser(
            "no Chromium to write the PDF with; install it (with a font for Chinese, such as Noto Sans CJK) or name "
            "one in TWIN_CHROMIUM; the HTML holds the same, and any browser prints it"
        )
    return found


def _playwrights() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as driver:
        path = driver.chromium.executable_path
    return path if Path(path).is_file() else None


def to_pdf(html: str, target: Path) -> None:
    """Print a page that needs no network; the size, margins and page numbers are those of its style sheet.

    Raises
    ------
    NoBrowser : there is no Chromium.
    DataError : it failed; the message is its own last line.
    """
    program = browser()
    with tempfile.TemporaryDirectory(prefix="twin-print-") as name:
        folder = Path(name)
        page, made = folder / "page.html", folder / "page.pdf"
        page.write_text(html, encoding="utf-8")
        command = [
            program, "--headless", "--disable-gpu", "--disable-extensions", "--no-first-run", "--disable-sync",
            "--disable-background-networking", f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer",
            "--generate-pdf-document-outline", f"--print-to-pdf={made}", page.as_uri(),
        ]  # fmt: skip
        said = ""
        # Root and some containers have no sandbox to start in. The page is ours and holds no script: it goes without.
        for more in ([], ["--no-sandbox"]):
            said = _run([command[0], *more, *command[1:]])
            if made.is_file():
                break
        else:
            raise DataError(f"{program}: it wrote no PDF ({said})")
        shutil.move(made, target)


def _run(command: list[str]) -> str:
    """Run the browser; the last line that it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise DataError(f"{command[0]}: it did not print within {_PATIENCE} s; try again") from None
    return (done.stderr.strip().splitlines() or ["no message"])[-1]
