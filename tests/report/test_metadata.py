import dataclasses
import datetime as dt
from xml.etree import ElementTree

import pytest
from iso19139 import NAMES, faults

from twin.gis.grid import grid_city
from twin.model import Source
from twin.report.content import Text
from twin.report.metadata import GCO, lineage, metadata
from twin.standards import load

TITLE, ABSTRACT = Text("Harbour & <more>", "海港 & <更多>"), Text("What was asked", "所问何事")


@pytest.fixture(scope="module")
def city():
    plain = grid_city(5)
    sources = {
        "population": Source("census", "2020", "CC BY 4.0", notes=("rounded to tens",)),
        "walk": Source("map", "about 2019", "ODbL 1.0", estimated=True),
    }
    about = dataclasses.replace(
        plain.about, sources=sources, attribution=("© nobody",), traits={"contact": "City hall"}
    )
    return dataclasses.replace(plain, about=about)


def record(*cities, **more):
    steps = lineage(clause for pack in load("sdg-11") for clause in pack.clause)
    text = metadata(cities, title=TITLE, abstract=ABSTRACT, steps=steps, written=dt.date(2026, 3, 1), **more)
    return ElementTree.fromstring(text.encode())  # noqa: S314  it is our own


def texts(root, path):
    return [each.text for each in root.iterfind(f".//{path}", NAMES)]


def test_a_record_has_what_every_record_has_in_the_order_of_the_schema(city):
    assert faults(record(city, city.renamed("x"))) == []
    bad = record(city)
    bad.append(bad[0])  # the identifier comes first
    bad.remove(bad[0])
    assert faults(bad) == ["children of MD_Metadata stand in another order than the schema's"]
    bad.remove(bad.find("gmd:dateStamp", NAMES))
    assert "no gmd:dateStamp/gco:Date" in faults(bad)


def test_the_extent_is_where_the_city_lies(city):
    # It starts at easting 0 of UTM 31 N, 500 km west of the central meridian 3 E: at the equator at -1.4887 degrees.
    root = record(city)
    west = float(texts(root, "gmd:westBoundLongitude/gco:Decimal")[0])
    north = float(texts(root, "gmd:northBoundLatitude/gco:Decimal")[0])
    assert west == pytest.approx(-1.4887, abs=0.001)
    assert north == pytest.approx(500 / 110_574 / 1.0027, rel=0.01)  # m in a degree of latitude at the equator


def test_lineage_names_each_layer_and_each_number(city):
    root = record(city)
    steps = texts(root, "gmd:LI_ProcessStep/gmd:description/gco:CharacterString")
    assert sum(step.startswith("UN SDG, 11.2.1") and "distance_within" in step for step in steps) == 2
    sources = texts(root, "gmd:LI_Source/gmd:description/gco:CharacterString")
    assert f"{city.name}, population: census; rounded to tens" in sources
    assert f"{city.name}, walk: map; estimated" in sources
    assert f"{city.name}, green: no source stated" in sources


def test_terms_and_dates_are_those_of_the_layers_and_none_is_made_up(city):
    root = record(city)
    terms = texts(root, "gmd:otherConstraints/gco:CharacterString")
    assert any("CC BY 4.0 (population" in each for each in terms)
    assert any("no licence stated (" in each and "green" in each for each in terms)
    dates = texts(root, "gmd:LI_Source//gmd:date/gco:Date")
    assert dates == ["2020"], "'about 2019' is no date"
    assert texts(root, "gmd:credit/gco:CharacterString") == ["© nobody"]


def test_a_contact_that_is_not_stated_is_marked_as_missing(city):
    assert texts(record(city), "gmd:organisationName/gco:CharacterString") == ["City hall"]
    silent = dataclasses.replace(city, about=dataclasses.replace(city.about, traits={}))
    name = record(silent).find(".//gmd:organisationName", NAMES)
    assert name.get(f"{{{GCO}}}nilReason") == "missing"


def test_both_languages_stand_in_the_record(city):
    for main, other in (("en", "zh"), ("zh", "en")):
        root = record(city, language=main)
        title = root.find(".//gmd:MD_DataIdentification//gmd:title", NAMES)
        assert title.find("gco:CharacterString", NAMES).text == TITLE.get(main)
        assert title.find(".//gmd:LocalisedCharacterString", NAMES).text == TITLE.get(other)
        assert root.find("gmd:locale/gmd:PT_Locale", NAMES).get("id") == other


def test_signs_that_xml_cannot_hold_are_replaced(city):
    bad = dataclasses.replace(city, name="bell\x07 \ud800 & <b>")
    assert "bell� � & <b>" in texts(record(bad), "gmd:EX_Extent/gmd:description/gco:CharacterString")
