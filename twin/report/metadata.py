"""ISO 19115 metadata of what is written, as XML by ISO 19139: what, of where and when, under which terms, made how.

Only elements that every valid record has, in the order of the schema, and the lineage of each layer and number. What
the city's metadata does not state is marked as missing, not made up.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

import numpy as np
import pyproj

from twin.model import City, Source
from twin.report.content import Text
from twin.report.words import layer_label
from twin.standards import Clause

__all__ = ["GMD", "Place", "lineage", "metadata", "place_of"]

GMD = "http://www.isotc211.org/2005/gmd"
GCO = "http://www.isotc211.org/2005/gco"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
#: Signs that XML 1.0 cannot hold, not even escaped.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

for _prefix, _space in (("gmd", GMD), ("gco", GCO), ("xsi", XSI)):
    register_namespace(_prefix, _space)


@dataclass(frozen=True)
class Place:
    """What a record says of a city: enough to write one when the city itself is no longer at hand.

    Attributes
    ----------
    crs : code of the coordinate reference system; empty where the city has none.
    box : west, east, south, north of streets and homes [degree]; None where the city has no place.
    contact : organisation that answers for the data; empty where none is stated.
    log : scenarios that were applied, in order.
    layers : source of each layer.
    """

    name: str
    crs: str
    box: tuple[float, float, float, float] | None
    contact: str
    attribution: tuple[str, ...]
    log: tuple[str, ...]
    layers: Mapping[str, Source]


def place_of(city: City) -> Place:
    """What the record says of a city."""
    layers = dict.fromkeys(["facilities", "population", *city.networks, *city.layers, *city.about.sources])
    return Place(
        city.name,
        city.crs.to_string() if city.crs is not None else "",
        _bounds(city),
        city.about.traits.get("contact", ""),
        city.about.attribution,
        city.log,
        {layer: city.about.source(layer) for layer in layers},
    )


def metadata(
    cities: Sequence[City | Place],
    *,
    title: Text,
    abstract: Text,
    steps: Iterable[Text],
    written: dt.date,
    language: str = "en",
) -> str:
    """The record of a data set made from some cities.

    Parameters
    ----------
    title, abstract : both languages are written, the one of `language` as the main one.
    steps : how each number came about, such as `lineage` gives.
    written : date of the data set and of the record.

    Returns
    -------
    str : XML to be written as UTF-8, the same for the same parameters.
    """
    places = [place_of(city) if isinstance(city, City) else city for city in cities]
    root = Element(f"{{{GMD}}}MD_Metadata")
    other = "en" if language == "zh" else "zh"
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{title.en} {written} {[place.name for place in places]}")
    _text(root, "fileIdentifier", str(name))
    _code(root, "language", "LanguageCode", _tongue(language))
    _code(root, "characterSet", "MD_CharacterSetCode", "utf8")
    _code(root, "hierarchyLevel", "MD_ScopeCode", "dataset")
    for contact in sorted({place.contact for place in places}):
        _party(root, "contact", contact)
    SubElement(SubElement(root, f"{{{GMD}}}dateStamp"), f"{{{GCO}}}Date").text = written.isoformat()
    _text(root, "metadataStandardName", "ISO 19115:2003/19139")
    _text(root, "metadataStandardVersion", "1.0")
    locale = _inside(root, "locale", "PT_Locale")
    locale.set("id", other)
    _code(locale, "languageCode", "LanguageCode", _tongue(other))
    _code(locale, "characterEncoding", "MD_CharacterSetCode", "utf8")
    for crs in sorted({place.crs for place in places if place.crs}):
        system = _inside(root, "referenceSystemInfo", "MD_ReferenceSystem", "referenceSystemIdentifier")
        _text(_inside(system, "RS_Identifier"), "code", crs)
    _identification(root, places, title, abstract, written, language)
    quality = _inside(root, "dataQualityInfo", "DQ_DataQuality")
    _code(_inside(quality, "scope", "DQ_Scope"), "level", "MD_ScopeCode", "dataset")
    _lineage(_inside(quality, "lineage", "LI_Lineage"), places, steps, language)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def lineage(clauses: Iterable[Clause]) -> list[Text]:
    """How the value of each clause came about: measure, parameters, layers, and the standard it is held against."""
    steps = []
    for clause in clauses:
        meter = clause.meter
        given = ", ".join(f"{key} = {value}" for key, value in clause.given.items())
        layers = ", ".join(meter.reads) or "-"
        en = f"{clause.key}: {meter.en} ({meter.name}{': ' + given if given else ''}) [{meter.unit}], from {layers}"
        zh = f"{clause.key}：{meter.zh}（{meter.name}{'：' + given if given else ''}）[{meter.unit}]，依据{layers}"
        steps.append(
            Text(
                f"{en}; {clause.source.ref}, {clause.source.evidence}",
                f"{zh}；{clause.source.ref}，{clause.source.evidence}",
            )
        )
    return steps


def _identification(
    root: Element, places: Sequence[Place], title: Text, abstract: Text, written: dt.date, language: str
) -> None:
    about = _inside(root, "identificationInfo", "MD_DataIdentification")
    citation = _inside(about, "citation", "CI_Citation")
    _both(citation, "title", title, language)
    _date(citation, written.isoformat(), "creation")
    _both(about, "abstract", abstract, language)
    for line in dict.fromkeys(line for place in places for line in place.attribution):
        _text(about, "credit", line)
    legal = _inside(about, "resourceConstraints", "MD_LegalConstraints")
    _code(legal, "useConstraints", "MD_RestrictionCode", "otherRestrictions")
    for terms in _terms(places):
        _text(legal, "otherConstraints", terms)
    for each in ("en", "zh"):
        _code(about, "language", "LanguageCode", _tongue(each))
    _code(about, "characterSet", "MD_CharacterSetCode", "utf8")
    SubElement(SubElement(about, f"{{{GMD}}}topicCategory"), f"{{{GMD}}}MD_TopicCategoryCode").text = "planningCadastre"
    for place in places:
        extent = _inside(about, "extent", "EX_Extent")
        _text(extent, "description", place.name)
        if place.box is not None:
            corners = _inside(extent, "geographicElement", "EX_GeographicBoundingBox")
            names = ("westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude")
            for name, degrees in zip(names, place.box, strict=True):
                SubElement(SubElement(corners, f"{{{GMD}}}{name}"), f"{{{GCO}}}Decimal").text = f"{degrees:.6f}"


def _terms(places: Sequence[Place]) -> list[str]:
    """Licences of all layers, by city; layers that state none are named."""
    lines = []
    for place in places:
        said: dict[str, list[str]] = {}
        for layer, source in place.layers.items():
            said.setdefault(source.licence or "no licence stated", []).append(layer)
        lines += [f"{place.name}: {licence} ({', '.join(layers)})" for licence, layers in said.items()]
    return lines


def _lineage(parent: Element, places: Sequence[Place], steps: Iterable[Text], language: str) -> None:
    names = ", ".join(place.name for place in places)
    said = Text(
        f"Computed with twin from the layers of {names}; each step is one number.",
        f"由twin根据{names}的图层计算；每个步骤对应一个数值。",
    )
    _both(parent, "statement", said, language)
    for place in places:
        for change in place.log:
            _text(_inside(parent, "processStep", "LI_ProcessStep"), "description", f"{place.name}: {change}")
    for step in steps:
        _both(_inside(parent, "processStep", "LI_ProcessStep"), "description", step, language)
    for place in places:
        for layer, source in place.layers.items():
            _source(parent, place.name, layer, source, language)


def _source(parent: Element, city: str, layer: str, source: Source, language: str) -> None:
    tail = "; ".join([*(["estimated"] if source.estimated else []), *source.notes])
    said = source.source or "no source stated"
    each = _inside(parent, "source", "LI_Source")
    _text(each, "description", f"{city}, {layer}: {said}" + (f"; {tail}" if tail else ""))
    citation = _inside(each, "sourceCitation", "CI_Citation")
    _both(citation, "title", layer_label(layer), language)
    _date(citation, source.year, "publication")


def _bounds(city: City) -> tuple[float, float, float, float] | None:
    """West, east, south, north of all streets and homes [degree]; None where the city has no place."""
    corners = [np.column_stack([net.x, net.y]) for net in city.networks.values() if len(net.x)]
    if len(city.population):
        x0, y0, x1, y1 = city.population.total_bounds
        corners.append(np.array([[x0, y0], [x1, y1]]))
    if city.crs is None or not corners:
        return None
    xy = np.vstack(corners)
    to_degrees = pyproj.Transformer.from_crs(city.crs, 4326, always_xy=True)
    box = to_degrees.transform_bounds(*xy.min(axis=0), *xy.max(axis=0))
    if not np.isfinite(box).all():
        return None
    west, south, east, north = (float(each) for each in box)
    return west, east, south, north


def _inside(parent: Element, *names: str) -> Element:
    for name in names:
        parent = SubElement(parent, f"{{{GMD}}}{name}")
    return parent


def _fit(text: str) -> str:
    return _UNFIT.sub("�", text)


def _text(parent: Element, name: str, text: str) -> Element:
    each = SubElement(parent, f"{{{GMD}}}{name}")
    SubElement(each, f"{{{GCO}}}CharacterString").text = _fit(text)
    return each


def _both(parent: Element, name: str, text: Text, language: str) -> None:
    """A text in the main language, and in the other as a localised one."""
    other = "en" if language == "zh" else "zh"
    each = _text(parent, name, text.get(language))
    each.set(f"{{{XSI}}}type", "gmd:PT_FreeText_PropertyType")
    local = _inside(each, "PT_FreeText", "textGroup", "LocalisedCharacterString")
    local.set("locale", f"#{other}")
    local.text = _fit(text.get(other))


def _code(parent: Element, name: str, listed: str, value: str) -> None:
    code = _inside(parent, name, listed)
    code.set("codeList", f"{_CODES}#{listed}")
    code.set("codeListValue", value)
    code.text = value


def _date(parent: Element, given: str, kind: str) -> None:
    """A date where it is one (a year, a month or a day), else the mark that it is unknown."""
    each = SubElement(parent, f"{{{GMD}}}date")
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", given):
        each.set(f"{{{GCO}}}nilReason", "unknown")
        return
    date = _inside(each, "CI_Date")
    SubElement(SubElement(date, f"{{{GMD}}}date"), f"{{{GCO}}}Date").text = given
    _code(date, "dateType", "CI_DateTypeCode", kind)


def _party(parent: Element, name: str, contact: str) -> None:
    party = _inside(parent, name, "CI_ResponsibleParty")
    if contact:
        _text(party, "organisationName", contact)
    else:
        SubElement(party, f"{{{GMD}}}organisationName").set(f"{{{GCO}}}nilReason", "missing")
    _code(party, "role", "CI_RoleCode", "pointOfContact")


def _tongue(language: str) -> str:
    return "chi" if language == "zh" else "eng"
