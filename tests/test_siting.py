"""Siting against answers from outside: OR-Library optima, and enumeration."""

import itertools
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse.csgraph import floyd_warshall

import twin
from twin.errors import DataError, MissingData, UnknownName
from twin.gis.grid import grid_city
from twin.interventions import Layout
from twin.measures import share_within
from twin.siting import cover_all, cover_most, median


def brute(cost, weight, count):
    return min(
        (cost[:, list(pick)].min(axis=1) * weight).sum() for pick in itertools.combinations(range(cost.shape[1]), count)
    )


@pytest.mark.parametrize("seed", range(6))
def test_small_instances_by_enumeration(seed):
    rng = np.random.default_rng(seed)
    cost, weight = rng.integers(1, 100, (15, 9)).astype(float), rng.integers(1, 9, 15).astype(float)
    picked, facts = median(cost, weight, 3)
    assert facts["status"] == "optimal"
    assert facts["objective"] == brute(cost, weight, 3) == (cost[:, picked].min(axis=1) * weight).sum()
    near = cost <= 30
    most = max(weight[near[:, list(pick)].any(axis=1)].sum() for pick in itertools.combinations(range(9), 3))
    picked, facts = cover_most(near, weight, 3)
    assert (facts["status"], facts["objective"]) == ("optimal", most)
    assert weight[near[:, picked].any(axis=1)].sum() == most
    picked, facts = cover_all(near)
    served = near.any(axis=1)
    assert near[served][:, picked].any(axis=1).all()
    fewest = next(
        k
        for k in range(1, 10)
        if any(near[served][:, list(p)].any(axis=1).all() for p in itertools.combinations(range(9), k))
    )
    assert (facts["status"], facts["objective"], facts["left_out"]) == ("optimal", fewest, (~served).sum())


@pytest.mark.real
@pytest.mark.parametrize(("number", "optimum"), [(1, 5819), (2, 4093), (3, 4250), (4, 3034), (5, 1355)])
def test_or_library_optima(data, number, optimum):
    """pmed1-5 of Beasley (1990): 100 vertices; of duplicate edges the last one counts, shortest paths first."""
    tokens = iter(map(int, data(f"pmed/pmed{number}.txt").read_text(encoding="utf-8").split()))
    count, edges, sites = next(tokens), next(tokens), next(tokens)
    table = np.full((count, count), np.inf)
    for _ in range(edges):
        a, b, length = next(tokens) - 1, next(tokens) - 1, next(tokens)
        table[a, b] = table[b, a] = length
    cost = floyd_warshall(np.where(np.isinf(table), 0, table))
    np.fill_diagonal(cost, 0)
    _, facts = median(cost, np.ones(count), sites)
    assert (facts["status"], facts["objective"]) == ("optimal", optimum)


def test_what_is_too_large_for_proof_does_not_claim_it():
    rng = np.random.default_rng(1)
    _, facts = median(rng.random((400, 100)), np.ones(400), 5)
    assert facts["status"] == "heuristic"
    assert np.isnan(facts["gap"])


def test_a_site_in_the_middle():
    sites = twin.site(grid_city(4), "clinic", count=1)
    assert (sites.geometry.x[0], sites.geometry.y[0]) == (200.0, 200.0)
    assert sites.attrs["status"] == "optimal"
    # 25 corners of 10 people, on average 2.4 blocks of 75 s away
    assert sites.attrs["objective"] == 250 * 2.4 * 75


def test_computed_sites_serve_more_than_any_other():
    city = grid_city(6)
    sites = twin.site(city, "clinic", count=2, within=150.0)
    served = share_within(Layout("clinic", sites)(city), facility="clinic", network="walk", within=150.0)
    assert (~served.reached).sum() * 10 == 490 - sites.attrs["objective"]
    # a diamond of radius two blocks holds 13 corners; two whole ones overlap on a 7 x 7 square, one cut by 1 does not
    assert sites.attrs["objective"] == (13 + 12) * 10


def test_what_is_promised_is_what_a_clause_finds():
    """From door to site, the way to the street included: the objective is the people whom `share_within` counts."""
    city = twin.read(Path(__file__).parents[1] / "gis_data" / "monaco")
    sites = twin.site(city, "clinic", count=2, within="5 minute")
    served = share_within(Layout("clinic", sites)(city), facility="clinic", network="walk", within=300.0)
    assert sites.attrs["status"] == "optimal"
    assert sites.attrs["objective"] == pytest.approx(served.value * city.people, rel=1e-9)


def test_few_enough_to_reach_everybody():
    sites = twin.site(grid_city(4), "clinic", within=300.0)  # four blocks reach everybody from the middle
    assert (len(sites), sites.attrs["objective"], sites.attrs["left_out"]) == (1, 1.0, 0)


def test_given_candidates():
    corners = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0), shapely.Point(400, 300)], crs=32631)
    sites = twin.site(grid_city(4), "clinic", count=1, candidates=corners)
    assert (sites.geometry.x[0], sites.geometry.y[0]) == (400.0, 300.0)


def test_bad_input():
    city = grid_city(3)
    with pytest.raises(DataError, match="how many"):
        twin.site(city, "clinic")
    with pytest.raises(DataError, match="between 1 and 16"):
        twin.site(city, "clinic", count=17)
    with pytest.raises(UnknownName, match="did you mean 'median'"):
        twin.site(city, "clinic", count=1, objective="medain")
    with pytest.raises(UnknownName, match="did you mean 'clinic'"):
        twin.site(city, "clinik", count=1)
    with pytest.raises(DataError, match="above 0 s"):
        twin.site(city, "clinic", count=1, within=0.0)
    with pytest.raises(MissingData, match="no population"):
        twin.site(twin.City.from_network(city.networks["walk"]), "clinic", count=1)
