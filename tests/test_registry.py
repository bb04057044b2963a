"""One registry for all plug-ins."""

import pytest

from twin import registry
from twin.errors import UnknownName
from twin.registry import Registry


class Entry:
    """As `importlib.metadata` gives them."""

    def __init__(self, name, plugin):
        self.name, self.plugin, self.loaded = name, plugin, 0

    def load(self):
        self.loaded += 1
        return self.plugin


def test_reads_like_a_mapping_sorted_by_name():
    found = Registry("measure", "twin.none")
    found.add("b", 2)
    assert found.add("a", 1) == 1
    assert dict(found) == {"a": 1, "b": 2}
    assert list(found) == ["a", "b"]
    assert len(found) == 2
    assert "a" in found
    assert "c" not in found


def test_an_unknown_name_says_what_there_is():
    found = Registry("measure", "twin.none")
    found.add("share_within", 1)
    with pytest.raises(UnknownName, match=r"no measure 'share_withn'; did you mean 'share_within'\?"):
        found["share_withn"]


def test_the_same_name_twice():
    found, plugin = Registry("measure", "twin.none"), object()
    found.add("a", plugin)
    found.add("a", plugin)  # imported twice
    with pytest.raises(ValueError, match="measure 'a' is registered twice"):
        found.add("a", object())


def test_our_own_modules_are_loaded_once_at_the_first_look_up():
    calls = []

    def load():
        calls.append(1)
        found.add("a", 1)
        assert "a" in found  # what is loaded may look up

    found = Registry("measure", "twin.none", load)
    found.add("b", 2)
    assert calls == []
    assert list(found) == ["a", "b"]
    assert found["a"] == 1
    assert calls == [1]


def test_a_load_that_failed_fails_again():
    ready = []

    def load():
        if not ready:
            raise ImportError("half of it is missing")
        found.add("a", 1)

    found = Registry("measure", "twin.none", load)
    for _ in range(2):
        with pytest.raises(ImportError, match="half of it"):
            "a" in found  # noqa: B015
    ready.append(1)
    assert found["a"] == 1


def test_entry_points_of_other_packages(monkeypatch):
    theirs, taken = Entry("c", 3), Entry("a", "not ours")
    asked = []

    def entries(group):
        asked.append(group)
        return [theirs, taken]

    monkeypatch.setattr(registry, "entry_points", entries)
    found = Registry("measure", "twin.measures")
    found.add("a", 1)
    assert theirs.loaded == 0
    assert dict(found) == {"a": 1, "c": 3}  # nobody takes a name of ours
    assert asked == ["twin.measures"]
    assert theirs.loaded == 1
