"""A city that notes what is read of it."""

from dataclasses import replace

import pytest

from twin.gis.grid import grid_city
from twin.interventions import AddFacility
from twin.model.noted import Known, Noted


@pytest.fixture
def city():
    return grid_city(3)


def test_only_what_was_read_matters(city):
    noted = Noted.of(city)
    assert noted.networks["walk"] is city.networks["walk"]
    assert len(noted.population) == 16
    reading = noted.reading
    assert reading.same(city)
    assert reading.same(city.with_network("drive", city.networks["drive"].close([0])))
    assert reading.same(AddFacility("school", at=(0.0, 0.0))(city))
    assert not reading.same(city.with_network("walk", city.networks["walk"].close([0])))
    assert not reading.same(city.with_columns("population", people=2.0))


def test_what_was_missing_matters(city):
    noted = Noted.of(city)
    assert "water" not in noted.layers
    assert noted.layers.get("terrain") is None
    assert noted.reading.same(city)
    assert not noted.reading.same(city.with_layer("water", city.population))


def test_reading_all_names_of_a_mapping_matters(city):
    noted = Noted.of(city)
    assert set(noted.networks) == set(city.networks)
    assert noted.reading.same(city.with_network("drive", city.networks["drive"].close([0])))
    assert not noted.reading.same(city.with_network("tram", city.networks["drive"]))


def test_a_city_made_of_it_still_notes(city):
    """What a measure computes on a variant rests on what the variant was made of."""
    noted = Noted.of(city)
    variant = noted.with_network("walk", city.networks["walk"].close([0]))
    assert variant.networks["walk"] is not city.networks["walk"]
    assert variant.networks["drive"] is city.networks["drive"]
    assert not noted.reading.same(city.with_network("drive", city.networks["drive"].close([0])))
    noted = Noted.of(city)
    renamed = replace(noted, name="other")
    assert renamed.facilities is city.facilities
    assert not noted.reading.same(AddFacility("school", at=(0.0, 0.0))(city))


def test_a_reading_keeps_no_table_alive(city):
    noted = Noted.of(city.with_columns("population", people=2.0))
    assert noted.population["people"].iloc[0] == 2.0
    reading = noted.reading
    assert not reading.gone
    del noted
    assert reading.gone
    assert not reading.same(city)


def test_known_computes_once_and_again_when_it_must(city):
    known, asked = Known(), []

    def people(of):
        asked.append(of)
        return of.people

    shut = city.with_network("walk", city.networks["walk"].close([0]))
    doubled = city.with_columns("population", people=2.0)
    assert [known.of("people", each, people) for each in (city, shut, doubled, city, doubled)] == [
        160,
        160,
        32,
        160,
        32,
    ]
    assert len(asked) == 2
    many = [city.with_columns("population", people=float(n)) for n in range(3, 8)]
    assert [known.of("people", each, people) for each in many] == [48, 64, 80, 96, 112]
    assert known.of("people", city, people) == 160  # the city that all leave from is still known
    assert len(asked) == 7


def test_known_forgets_the_oldest(city):
    known, asked = Known(most=2), []
    for key in ("a", "b", "c", "a"):
        known.of(key, city, lambda of: asked.append(of.name))
    assert len(asked) == 4
