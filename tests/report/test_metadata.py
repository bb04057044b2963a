import dataclasses
import datetime as dt
from xml.etree import ElementTree

import pytest

from twin.gis.grid import grid_city
from twin.model import Source
from twin.report.content import Text
from twin.report.metadata import GCO, GMD, lineage, metadata
from twin.standards import load

NAMES = {"gmd": GMD, "gco": GCO}
TITLE, ABSTRACT = Text("Harbour & <more>", "海港 & <更多>"), Text("What was asked", "所问何事")

#: What ISO 19115 asks of every record (its core elements, table 3), as paths of ISO 19139.
REQUIRED = (
    "gmd:fileIdentifier/gco:CharacterString",
    "gmd:language/gmd:LanguageCode",
    "gmd:contact/gmd:CI_ResponsibleParty/gmd:role/gmd:CI_RoleCode",
    "gmd:dateStamp/gco:Date",
    "gmd:referenceSystemInfo/gmd:MD_ReferenceSystem/gmd:referenceSystemIdentifier/gmd:RS_Identifier/gmd:code",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:citation/gmd:CI_Citation/gmd:title",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:citation/gmd:CI_Citation/gmd:date/gmd:CI_Date/gmd:date/gco:Date",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:abstract/gco:CharacterString",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:resourceConstraints/gmd:MD_LegalConstraints/gmd:otherConstraints",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:language/gmd:LanguageCode",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:topicCategory/gmd:MD_TopicCategoryCode",
    "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:extent/gmd:EX_Extent/gmd:geographicElement//gco:Decimal",
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:scope/gmd:DQ_Scope/gmd:level/gmd:MD_ScopeCode",
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:lineage/gmd:LI_Lineage/gmd:statement",
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:lineage/gmd:LI_Lineage/gmd:processStep/gmd:LI_ProcessStep/gmd:description",
    "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:lineage/gmd:LI_Lineage/gmd:source/gmd:LI_Source/gmd:description",
)
#: Order of children that the schema of ISO 19139 fixes (its sequences, those that are written here).
ORDER = {
    "MD_Metadata": "fileIdentifier language characterSet hierarchyLevel contact dateStamp metadataStandardName "
    "metadataStandardVersion locale referenceSystemInfo identificationInfo dataQualityInfo",
    "MD_DataIdentification": "citation abstract credit resourceConstraints language characterSet topicCategory extent",
    "LI_Lineage": "statement processStep source",
    "CI_Citation": "title date",
    "EX_GeographicBoundingBox": "westBoundLongitude eastBoundLongitude southBoundLatitude northBoundLatitude",
}


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


@pytest.mark.parametrize("path", REQUIRED)
def test_what_every_record_has(city, path):
    assert record(city).find(path, NAMES) is not None


def test_children_stand_in_the_order_of_the_schema(city):
    for each in record(city, city.renamed("x")).iter():
        name = each.tag.removeprefix(f"{{{GMD}}}")
        if name in ORDER:
            rank = [ORDER[name].split().index(child.tag.removeprefix(f"{{{GMD}}}")) for child in each]
            assert rank == sorted(rank), name


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
