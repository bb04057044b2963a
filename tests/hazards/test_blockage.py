"""Streets that cannot be passed: by name, by area, at random."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from twin.errors import CRSError, DataError, MissingData, ScenarioError, UnknownName
from twin.gis.grid import grid_city
from twin.hazards import Blockage
from twin.model import City, Network

UTM = 32631


def closed(city, blockage, network="drive"):
    before, after = city.networks[network].open, blockage(city).networks[network].open
    assert (after <= before).all()
    return np.flatnonzero(before & ~after).tolist()


def test_by_name(rich):
    assert closed(rich, Blockage(names=("西大街0号", "东大街3号"))) == [0, 3]
    assert closed(rich, Blockage(names=("西大街0号",)), "walk") == []
    with pytest.raises(UnknownName, match=r"no street '西大街0'; did you mean '西大街0号'\?"):
        Blockage(names=("西大街0",))(rich)


def test_a_street_without_a_name_is_not_called_nothing():
    city = grid_city(2)
    with pytest.raises(UnknownName, match=r"no street ''"):
        Blockage(names=("",))(city)


def test_by_area():
    #  4 nodes in a row 100 m apart; the area covers the second joint
    net = Network.from_arrays([0, 100, 200, 300], [0] * 4, [0, 1, 2], [1, 2, 3], crs=UTM)
    city = City.build("row", UTM, networks={"walk": net, "drive": net})
    spot = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.box(190, -5, 210, 5)], crs=UTM)
    assert closed(city, Blockage(area=spot)) == [1, 2]
    assert closed(city, Blockage(area=spot), "walk") == [1, 2]
    assert closed(city, Blockage(area=spot, networks=("walk",))) == []
    assert closed(city, Blockage(area=spot.to_crs(4326))) == [1, 2]
    line = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.LineString([(50, -5), (50, 5)])], crs=UTM)
    assert closed(city, Blockage(area=line)) == [0]
    assert closed(city.with_layer("dig", line), Blockage(area="dig")) == [0]
    with pytest.raises(MissingData, match=r"no layer 'digs'; did you mean 'dig'\?"):
        Blockage(area="digs")(city.with_layer("dig", line))
    with pytest.raises(CRSError, match=r"blockage\.area: the layer has no CRS"):
        Blockage(area=line.set_crs(None, allow_override=True))(city)


def test_a_share_at_random():
    city = grid_city(40)  # 3,280 edges
    first = closed(city, Blockage(share=0.2, seed=1))
    assert first == closed(city, Blockage(share=0.2, seed=1))
    assert first != closed(city, Blockage(share=0.2, seed=2))
    # 656 expected, standard deviation sqrt(3280 x 0.2 x 0.8) = 22.9
    assert abs(len(first) - 656) < 5 * 22.9
    assert closed(city, Blockage(share=1.0)) == list(range(3280))
    assert Blockage(share=0.2).seed == 0  # said, so that it is in the manifest
    assert Blockage(names=("a",)).seed is None


def test_a_larger_share_closes_more_of_the_same():
    city = grid_city(10)
    small, large = (set(closed(city, Blockage(share=share, seed=3))) for share in (0.1, 0.4))
    assert small < large


@pytest.mark.parametrize(("only", "edges"), [("bridge", [0]), ("tunnel", [2])])
def test_only_bridges_or_tunnels(rich, only, edges):
    assert closed(rich, Blockage(share=1.0, only=only)) == edges


def test_only_on_the_ground(rich):
    shut = set(closed(rich, Blockage(share=1.0, only="ground")))
    assert shut == set(range(60)) - {0, 2, 11, 12}  # 11 and 12 were closed before


def test_what_is_not_to_be_given():
    with pytest.raises(ScenarioError, match="give one of names, area and share"):
        Blockage()
    with pytest.raises(ScenarioError, match="give one of names, area and share"):
        Blockage(names=("a",), share=0.1)
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(DataError, match="a share lies between 0 and 1"):
            Blockage(share=share)
    with pytest.raises(UnknownName, match=r"no value of 'only' 'bridges'; did you mean 'bridge'\?"):
        Blockage(share=0.1, only="bridges")


def test_a_network_that_the_city_does_not_have(rich):
    with pytest.raises(MissingData, match=r"no network 'tram'; there is drive, walk"):
        Blockage(share=0.1, networks=("tram",))(rich)
