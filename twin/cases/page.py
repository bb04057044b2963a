"""Dossiers and white papers as one HTML file in both languages, and as pages to print in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from twin.cases.read import Case
from twin.cases.tell import section_of
from twin.cases.words import words
from twin.report.content import Text
from twin.report.embed import script_json
from twin.report.page import POLICY, SIGNS, say
from twin.report.words import filled, grouped
from twin.report.words import words as report_words

__all__ = ["render", "rendered"]


def render(case: Case, *, language: str = "en", printed: bool = False) -> str:
    """Write a dossier as the text of one HTML file, the same text for the same case.

    Parameters
    ----------
    language : shown first; the page holds both.
    printed : for paper: in that language alone, with page numbers, without a script.
    """
    name = case.page.city.label
    return rendered(
        "case.html",
        {"part": section_of(case), "written": case.page.written},
        title=case.title,
        running=Text(f"{name.en} · {case.title.en}", f"{name.zh} · {case.title.zh}"),
        language=language,
        printed=printed,
    )


def rendered(
    template: str, content: Mapping[str, Any], *, title: Text, running: Text, language: str, printed: bool
) -> str:
    """Fill a template of this room; `running` stands at the foot of each printed page."""
    names = ("case.html", "whitepaper.html", "parts.html")
    environment = Environment(
        loader=DictLoader({name: _file("twin.cases", name) for name in names}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"say": say, "fill": filled, "grouped": grouped}
    foot = f'\n@page {{ @bottom-left {{ content: "{_css(running.get(language))}"; }} }}\n'
    style = _file("twin.report", "page.css") + _file("twin.cases", "page.css") + foot
    data = {"language": language, "words": {}, "title": asdict(title)}
    html = environment.get_template(template).render(
        **content,
        title=title,
        w={**report_words(), **words()},
        language=language,
        printed=printed,
        policy=POLICY,
        signs=SIGNS,
        style=Markup(style),  # noqa: S704  our own files, and a text that `_css` made harmless
        script=Markup('"use strict";\n' + _file("twin.report", "language.js") + _file("twin.report", "start.js")),  # noqa: S704
        data=Markup(script_json(data)),  # noqa: S704
    )
    return html.encode("utf-8", "replace").decode("utf-8")


def _file(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")


def _css(text: str) -> str:
    """A text inside a CSS string: every sign but letters, numbers and blanks as its code point."""
    return "".join(sign if sign.isalnum() or sign == " " else f"\\{ord(sign):x} " for sign in text)
