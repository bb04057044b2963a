"""Supply, space, equity and redundancy, by hand."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from twin.errors import DataError, MissingData
from twin.gis.grid import grid_city
from twin.hazards import Blockage
from twin.interventions import AddFacility, CloseFacility
from twin.measures import (
    access_gini,
    amount_per_head,
    area_per_head,
    choices_within,
    facilities_per_head,
    facility_density,
    gini,
    network_density,
    open_length,
    open_space_share,
    room_for_share,
    separation,
    sized,
    spacing,
    ways_out,
    worst_group,
)
from twin.model import Network


def test_gini_of_one_to_ten_is_three_tenths():
    assert gini(np.arange(1, 11)) == pytest.approx(0.3)
    assert gini([5, 5, 5, 5]) == pytest.approx(0.0)
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)  # one owner of n: (n - 1) / n
    assert gini([1, 2], [3, 1]) == pytest.approx(gini([1, 1, 1, 2]))
    with pytest.raises(DataError, match="not negative"):
        gini([-1, 2])


def test_gini_of_access_counts_those_who_reach():
    city = grid_city(1)  # corners at 0, 75, 75 and 150 s of 10 people each: pairs differ by 75 (4x), 150 (1x), 0 (1x)
    assert access_gini(city, facility="clinic") == pytest.approx((4 * 75 + 150) * 2 / (2 * 75 * 16))


def test_supply_for_each_head():
    city = grid_city(5)  # 36 corners of 10 people
    assert facilities_per_head(city, facility="bus_stop") == pytest.approx(2 / 360)
    assert amount_per_head(city, facility="clinic") == pytest.approx(50 / 360)
    assert area_per_head(city, facility="park") == pytest.approx(2500 / 360)
    assert area_per_head(city, facility="park", served=0.5) == pytest.approx(2500 / 180)
    assert area_per_head(city, facility="park", least_area=5000) == 0.0
    assert room_for_share(city, facility="clinic") == pytest.approx(50 / 360)
    assert room_for_share(city, facility="park", area_each=2.0) == pytest.approx(1250 / 360)
    assert facilities_per_head(CloseFacility("bus_stop")(city), facility="bus_stop") == 0.0


def test_a_gap_makes_a_sum_unknown():
    city = AddFacility("clinic", at=(500.0, 500.0))(grid_city(5))  # its capacity is not known
    with pytest.raises(MissingData, match="1 of 2 open clinic have no capacity"):
        amount_per_head(city, facility="clinic")


def test_sizes():
    city = grid_city(5)
    assert sized(city, facility="park", least=2500).value == 1.0
    assert sized(city, facility="park", least=2501).value == 0.0


def test_densities():
    city = grid_city(5)
    assert facility_density(city, facility="bus_stop") == pytest.approx(2 / 0.25e6)
    assert network_density(city) == pytest.approx(6000 / 0.25e6)
    shut = city.networks["drive"].close(np.arange(30))  # half of the 60 edges
    assert network_density(city.with_network("drive", shut)) == pytest.approx(3000 / 0.25e6)
    assert open_length(city.with_network("drive", shut)) == pytest.approx(0.5)


def test_streets_between_plots_of_homes_count_with_their_land():
    """Nine plots of 80 m x 80 m, 20 m apart, on a grid of 3 x 3 blocks: 280 m x 280 m with two streets either way."""
    city = grid_city(3)
    x, y = (each.ravel() * 100.0 for each in np.meshgrid(np.arange(3), np.arange(3)))
    plots = shapely.box(x + 10, y + 10, x + 90, y + 90)
    homes = gpd.GeoDataFrame({"id": range(9), "use": ["residential"] * 9}, geometry=plots, crs=city.crs)
    city = replace(city, layers={**city.layers, "land_use": homes})
    assert network_density(city, on="residential_land") == pytest.approx(4 * 280 / 280**2)
    assert network_density(city, on="residential_land", gap=20.5) == pytest.approx(4 * 280 / 280**2)
    assert network_density(city, on="residential_land", gap=19.5) == 0.0


def test_spacing_and_separation():
    city = grid_city(5)
    assert spacing(city, facility="bus_stop").value == pytest.approx(500.0)  # (100, 0) and (100, 500)
    assert separation(city, facility="clinic", hazard="bus_stop").value == pytest.approx(100.0)
    assert separation(city, facility="clinic", hazard="park").value == pytest.approx(np.hypot(25, 25))
    with pytest.raises(MissingData, match="two open facilities"):
        spacing(city, facility="clinic")


def test_open_space_with_streets_of_a_stated_width():
    city = grid_city(1)  # one block: 4 streets on the rim, half of their 10 m inside: 100^2 - 90^2; the park 50^2
    assert open_space_share(city) == pytest.approx(2500 / 10_000)
    assert open_space_share(city, street_width=10.0) == pytest.approx((2500 + 1900) / 10_000, abs=1e-3)


def test_choices_within():
    # stops at (100, 0) and (100, 500): 500 m apart, so nobody is within 250 m of both
    city = grid_city(5)
    assert choices_within(city, facility="bus_stop", network="walk", within=250, least=2).value == 0.0
    both = choices_within(city, facility="bus_stop", network="walk", within=300, least=2)
    # to be within 300 m of both: y <= 300 - dx and y >= 200 + dx with dx = |x - 100|: (100, 200), (100, 300) only
    assert sorted(np.flatnonzero(both.reached).tolist()) == [2 * 6 + 1, 3 * 6 + 1]


def test_worst_group_over_best():
    city = grid_city(5)
    far = np.zeros(36)
    far[-1] = 7.0
    city = city.with_columns("population", age_60=far)
    within = {"facility": "clinic", "network": "walk", "within": 500.0}
    assert worst_group(city, groups=("people", "age_60"), **within) == 0.0
    assert worst_group(city, groups=("people", "jobs"), **within) == 1.0


def test_ways_out_share_no_edge():
    # four arms lead out of the crossing 0, the last one to 4, near the boundary, where it forks to 5 and 6
    #        3                the land is the square of 200 m to each side of the crossing
    #        |
    #   2 -- 0 -- 4 -- 5
    #        |      \ 6
    #        1
    x = [0, 0, -300, 0, 150, 400, 400]
    y = [0, -300, 0, 300, 0, 50, -50]
    net = Network.from_arrays(x, y, [0, 0, 0, 0, 4, 4], [1, 2, 3, 4, 5, 6], crs=32631)
    city = grid_city(1).with_network("drive", net)
    land = gpd.GeoDataFrame({"id": [0]}, geometry=[shapely.box(-200, -200, 200, 200)], crs=32631)
    city = city.with_layer("boundary", land)
    assert ways_out(city) == 4.0  # 1, 2, 3, and one of 5 and 6: both hang on the edge 0-4
    assert ways_out(city.with_network("drive", net.close([3]))) == 3.0
    with pytest.raises(MissingData, match="ends at the boundary"):
        ways_out(grid_city(3).with_layer("boundary", land.set_geometry([shapely.box(-9, -9, 999, 999)], crs=32631)))


def test_blocked_streets_leave_supply_as_it_is():
    city = grid_city(5)
    assert facilities_per_head(Blockage(share=0.5, seed=1)(city), facility="clinic") == pytest.approx(1 / 360)
