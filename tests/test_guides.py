"""The examples of the guides run as they stand, from a folder with the bundled cities, and print what the page says."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = ["routing.md", "agents.md"]


@pytest.mark.parametrize("name", GUIDES)
def test_every_block_of_a_guide_runs(name, tmp_path, monkeypatch):
    (tmp_path / "gis_data").symlink_to(ROOT / "gis_data")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == text.count("```") / 2  # there is no other code on the page
    page = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, name, name, 0)  # later blocks use the earlier
    said = []
    failed, tried = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(page, out=said.append)
    assert tried > len(blocks)
    assert not failed, "".join(said)
