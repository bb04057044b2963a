"""Calls that are drawn: as many as the hours say, where people live, and the same for the same seed."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import stats

from twin.errors import DataError, MissingData
from twin.gis.grid import grid_city
from twin.measures.waiting import with_calls
from twin.simulation.incidents import incidents

DAY = 86_400.0


def drawn(city, source, *, seed=1, share=1.0, span=DAY):
    return incidents(city, source, "drive", np.random.default_rng(seed), share=share, span=span)


def by_hour(calls):
    city = grid_city(2)
    table = gpd.GeoDataFrame(
        {"id": range(len(calls)), "calls": calls}, geometry=[shapely.Point(0, 0)] * len(calls), crs=city.crs
    )
    return city.with_layer("rings", table)


def test_as_many_as_the_people_call_for():
    """90 people at 1,000 calls a year for each thousand are 90 a year; 365.25 days of it, within four deviations."""
    found = drawn(grid_city(2), 1000.0, span=365.25 * DAY)
    assert abs(len(found) - 90) < 4 * np.sqrt(90)
    half = drawn(grid_city(2), 100_000.0, share=0.5, span=365.25 * DAY)
    assert abs(len(half) - 4500) < 4 * np.sqrt(4500)


def test_hours_have_their_own_calls_and_days_come_again():
    """None in even hours, 30 in odd ones, of a day of 24: on the second day as on the first."""
    found = drawn(by_hour([0.0, 30.0] * 12), "rings", span=2 * DAY)
    hour = (found["time"] // 3600).astype(int)
    assert set(hour % 2) == {1}
    count = np.bincount(hour, minlength=48)[1::2]
    assert len(count) == 24
    # the variance of Poisson counts is their mean: 23 of chi squared
    assert stats.chi2.ppf(0.0005, 23) < ((count - 30.0) ** 2 / 30).sum() < stats.chi2.ppf(0.9995, 23)
    assert (np.diff(found["time"]) >= 0).all()


def test_the_last_hour_may_be_short():
    found = drawn(by_hour([3600.0]), "rings", span=5400.0)
    assert found["time"].max() < 5400.0
    assert abs((found["time"] >= 3600).sum() - 1800) < 4 * np.sqrt(1800)


def test_where_people_live():
    """A corner with half of all the people has half of the calls; one that tells none has none."""
    city = grid_city(2)
    city = city.with_columns("population", people=[8.0, 1, 1, 1, 1, 1, 1, 2, np.nan])
    node = drawn(city, 2e6)["node"]
    share = node.value_counts(normalize=True)
    assert share[city.snap("population", "drive")["node"].loc[0]] == pytest.approx(0.5, abs=0.12)
    assert city.snap("population", "drive")["node"].loc[8] not in set(node)


def test_same_seed_same_calls():
    city = by_hour([20.0])
    pd.testing.assert_frame_equal(drawn(city, "rings"), drawn(city, "rings"))
    assert not drawn(city, "rings").equals(drawn(city, "rings", seed=2))


def test_what_cannot_be():
    with pytest.raises(DataError, match="rings: column 'calls' is -1 in row 1"):
        drawn(by_hour([1.0, -1.0]), "rings")
    with pytest.raises(DataError, match="at least 0 a year"):
        drawn(grid_city(2), -5.0)
    with pytest.raises(DataError, match="a span above 0 s"):
        drawn(grid_city(2), 5.0, span=0.0)
    with pytest.raises(MissingData, match="no column 'calls'"):
        drawn(
            with_calls(grid_city(2)).with_layer("hotline", by_hour([1.0]).table("rings")[["id", "geometry"]]), "hotline"
        )
    with pytest.raises(MissingData, match="nobody lives"):
        drawn(grid_city(2).with_columns("population", people=[0.0] * 9), 5.0)
    away = grid_city(2)
    table = gpd.GeoDataFrame({"id": [0], "time": [5.0]}, geometry=[shapely.Point(90_000, 0)], crs=away.crs)
    with pytest.raises(DataError, match="far: row 0 is near no street of 'drive'"):
        drawn(away.with_layer("far", table), "far")
