"""Files that are not what they should be: a DataError that names the file and what to do."""

import bz2
import gzip

import osmium
import pytest

from twin.errors import CRSError, DataError
from twin.gis.osm import read_osm

START = (
    '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">'
    '<node id="1" version="1" lon="3.0" lat="0.001"/><node id="2" version="1" lon="3.001" lat="0.001"/>'
)
STREET = '<way id="10" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>'
TOWN = f"{START}{STREET}</osm>"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("words.osm", b"hello"),
        ("page.osm", b"<html></html>"),
        ("empty.osm", b""),
        ("short.osm", TOWN[:230].encode()),
        ("words.osm.pbf", b"hello hello hello"),
        ("empty.osm.pbf", b""),
        ("words.osm.gz", b"hello"),
        ("short.osm.gz", gzip.compress(TOWN.encode())[:100]),
        ("short.osm.bz2", bz2.compress(TOWN.encode())[:100]),
        ("zip.osm.pbf", b"PK\x03\x04" + bytes(100)),
        ("number.osm", TOWN.replace('id="1"', 'id="one"').encode()),
    ],
    ids=lambda part: part if isinstance(part, str) else f"{len(part)} bytes",
)
def test_damaged_files(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_osm(path)
    assert name in str(caught.value)
    assert "download it again" in str(caught.value)


def test_missing_file_and_other_formats(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.osm\.pbf: there is no such file"):
        read_osm(tmp_path / "nowhere.osm.pbf")
    (tmp_path / "town.shp").write_bytes(b"")
    with pytest.raises(DataError, match=r"town\.shp: not an OpenStreetMap extract by its name"):
        read_osm(tmp_path / "town.shp")
    with pytest.raises(DataError, match="no such file"):
        read_osm("http://localhost:9/town.osm.pbf")  # nothing is fetched


@pytest.mark.parametrize(
    "ways",
    [
        "",
        STREET.replace('k="highway" v="residential"', 'k="railway" v="rail"'),
        STREET.replace("residential", "proposed"),
        STREET.replace('ref="1"', 'ref="7"').replace('ref="2"', 'ref="8"'),  # its nodes are not in the file
    ],
)
def test_files_without_streets(tmp_path, ways):
    path = tmp_path / "sea.osm"
    path.write_text(f"{START}{ways}</osm>", encoding="utf-8")
    with pytest.raises(DataError, match=r"sea\.osm: .*highway.*; give an extract"):
        read_osm(path)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_compressed_files(tmp_path, compress):
    path = tmp_path / f"town.osm.{'gz' if compress is gzip.compress else 'bz2'}"
    path.write_bytes(compress(TOWN.encode()))
    assert len(read_osm(path).drive.edges) == 1


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2264"])  # degrees; US survey feet
def test_a_crs_that_is_not_in_metres(tmp_path, crs):
    path = tmp_path / "town.osm"
    path.write_text(TOWN, encoding="utf-8")
    with pytest.raises(CRSError, match=r"town\.osm: .*projected CRS in metres"):
        read_osm(path, crs=crs)


def test_hostile_names_stay_text(tmp_path):
    name = '<tag k="name" v="&lt;script&gt;alert(1)&lt;/script&gt;\u202e../../etc/passwd\u0085"/></way>'
    path = tmp_path / "town.osm"
    path.write_text(TOWN.replace("</way>", name), encoding="utf-8")
    assert read_osm(path).drive.edges["name"].tolist() == ["<script>alert(1)</script>../../etc/passwd"]


def test_entities_are_not_expanded(tmp_path):
    path = tmp_path / "bomb.osm"
    bomb = '<!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    path.write_text(TOWN.replace("<osm ", bomb + "<osm ", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"bomb\.osm"):
        read_osm(path)


@pytest.mark.parametrize("how", ["none", "zlib", "lz4"])
def test_every_compression_of_the_binary_format(tmp_path, how):
    (tmp_path / "town.osm").write_text(TOWN, encoding="utf-8")
    path = tmp_path / "town.osm.pbf"
    try:
        with osmium.SimpleWriter(osmium.io.File(str(path), f"pbf,pbf_compression={how}")) as writer:
            osmium.apply(str(tmp_path / "town.osm"), writer)
    except (RuntimeError, ValueError, TypeError) as why:
        pytest.skip(f"libosmium was built without it ({why})")
    assert len(read_osm(path).drive.edges) == 1
