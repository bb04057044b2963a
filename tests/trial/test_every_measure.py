"""A clause of every measure, tried on the bundled town: each part is there and coherent, or says why it is not."""

import itertools
from pathlib import Path

import numpy as np
import pytest

import twin
from twin.standards import load
from twin.standards.check import holds
from twin.trial import Cost, Curve, Gap

HARBOUR = Path(__file__).parents[2] / "gis_data" / "harbour"


@pytest.fixture(scope="module")
def outcomes():
    """One clause with a limit of each measure (any clause where none has one), by measure."""
    by_measure = {}
    for pack in load("all"):
        for clause in pack.clause:
            limited = any((clause.at_least, clause.at_most, clause.more_than, clause.less_than, clause.between))
            if clause.measure not in by_measure or (limited and not by_measure[clause.measure][2]):
                by_measure[clause.measure] = pack.name, clause.key, limited
    packs = sorted({pack for pack, _, _ in by_measure.values()})
    keys = [key for _, key, _ in by_measure.values()]
    return twin.trial(packs, twin.read(HARBOUR), clauses=keys, points=5, runs=2, under=[]).outcomes


def test_every_part_is_there_or_says_why(outcomes):
    assert len({each.clause.measure for each in outcomes}) == len(outcomes) > 90
    for each in outcomes:
        for part in (each.curve, each.groups, each.cost, each.variants, each.stress):
            if isinstance(part, Gap):
                assert part.why.en, each.clause.key
                assert part.why.zh, each.clause.key
            else:
                assert part or part == (), each.clause.key
        assert each.validity.zh


def test_compliance_is_monotone_in_the_limit(outcomes):
    curves = [each.curve for each in outcomes if isinstance(each.curve, Curve)]
    assert len(curves) > 50
    for curve in curves:
        assert len(curve.x) == len(curve.y) >= 3
        assert (np.diff(curve.x) > 0).all()
        steps = np.diff(curve.y)
        assert (steps >= -1e-9).all() or (steps <= 1e-9).all(), curve.swept
        assert ((curve.y >= -1e-9) & (curve.y <= 1 + 1e-9)).all(), curve.swept


def test_groups_add_up(outcomes):
    tried = [each for each in outcomes if not isinstance(each.groups, Gap)]
    assert len(tried) > 20
    for each in tried:
        for group in each.groups:
            assert not group.served > group.weight * (1 + 1e-9), each.clause.key
            assert not group.left < -1e-6 * group.weight, each.clause.key
        for layer, parts in itertools.groupby(each.groups, key=lambda group: group.by):
            if layer == "communities" and each.verdict.layer == "population":
                whole = next(group for group in each.groups if group.by == "age")
                assert sum(part.weight for part in parts) <= whole.weight * (1 + 1e-9)


def test_what_is_built_is_measured_anew(outcomes):
    costs = [(each, each.cost) for each in outcomes if isinstance(each.cost, Cost)]
    assert len(costs) > 6
    for each, cost in costs:
        assert cost.holds == holds(cost.value, each.limits), each.clause.key
        assert not holds(each.verdict.value, each.limits), each.clause.key
        if cost.sites and np.isfinite(cost.sites[-1].value):
            assert cost.sites[-1].value == pytest.approx(cost.value, abs=2e-3), each.clause.key
        assert cost.least <= len(cost.sites) or not cost.sites
