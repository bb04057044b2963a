"""A small synthetic town with three scenarios and twelve clauses, and names that try to break the page."""

from __future__ import annotations

import numpy as np
import pytest

from twin.report.page import Cell, CityCard, ClauseCard, Loss, MapData, Page, Points, ScenarioCard, Source, Text

WEST, SOUTH = 113.5200, 22.1800
DX, DY = 0.0022, 0.0020  # a block, about 225 m
COLUMNS, ROWS = 20, 15
EVIL = "</script><script>alert(1)</script>"

# title en, title zh, standard, clause, kinds, reach in blocks, share to pass (None: a value)
CLAUSES = [
    (
        "Clinic within 15 minutes on foot",
        "步行15分钟可达社区卫生服务站",
        "GB 50180-2018",
        "4.0.3",
        ("clinic",),
        7.5,
        0.8,
    ),
    (
        "Primary school within 10 minutes on foot",
        "步行10分钟可达小学",
        "GB 50180-2018",
        "5.0.2",
        ("school",),
        6.0,
        0.85,
    ),
    (
        "Kindergarten within 5 minutes on foot",
        "步行5分钟可达幼儿园",
        "GB 50180-2018",
        "5.0.4",
        ("kindergarten",),
        3.2,
        0.55,
    ),
    (
        "Fire crew at the edge of its area in time",
        "消防队到达辖区边缘时间",
        "GB 51080-2015",
        "4.1.3-1",
        ("fire_station",),
        12.0,
        0.98,
    ),
    ("Shelter within 1 km", "1公里内应急避难场所", "GB 51143-2015", "5.2.1", ("shelter",), 7.5, 0.85),
    ("Shelter space for each resident", "人均避难有效面积", "GB 51143-2015", "5.2.4", ("shelter",), 0.0, None),
    ("Park within 300 m", "300米见绿", "GB/T 51346-2019", "6.3.1", ("park",), 5.5, 0.7),
    ("Bus stop within 500 m", "500米公交站点覆盖", "GB/T 51328-2018", "9.2.2", ("bus_stop",), 4.2, 0.79),
    ("Hospital beds per 1,000 residents", "每千人床位数", "ISO 37120:2018", "11.2", ("hospital",), 0.0, None),
    ("Street network density", "道路网密度", "CJJ 37-2012", "3.1.4", (), 0.0, None),
    ("Water pressure at the tap", "管网末梢水压", "GB 50282-2016", "6.1.2", (), 0.0, None),
    ("Library within 2 km", "2公里内图书馆", "T/CECS 1000-2022", EVIL, ("library",), 10.0, 0.6),
]
STRENGTHS = ["mandatory", "mandatory", "recommended", "mandatory", "mandatory", "indicative"] + [
    "policy-target",
    "recommended",
] * 3
EVIDENCE = [
    "read",
    "read",
    "partly read",
    "read",
    "recalled",
    "recalled",
    "read",
    "read",
    "partly read",
    "recalled",
    "read",
    "read",
]
DOMAIN = [5, 4, 4, 8, 9, 9, 6, 3, 5, 2, 7, 11]
DOMAINS = {
    1: Text("Land use", "土地利用"), 2: Text("Streets", "道路"), 3: Text("Public transport", "公共交通"),
    4: Text("Education", "教育"), 5: Text("Health", "医疗卫生"), 6: Text("Green space", "绿地"),
    7: Text("Water and power", "水电"), 8: Text("Fire safety", "消防"), 9: Text("Shelter", "应急避难"),
    10: Text("Ageing", "养老"), 11: Text("Culture", "文化"), 12: Text("Air and noise", "空气与噪声"),
}  # fmt: skip
KINDS = {
    "clinic": ("Clinic", "卫生站", [(3, 4), (9, 10), (16, 4)]),
    "school": ("School", "小学", [(2, 11), (6, 3), (12, 7), (17, 12), (17, 2)]),
    "kindergarten": (
        "Kindergarten",
        "幼儿园",
        [(1, 2), (4, 8), (7, 12), (8, 5), (13, 3), (14, 10), (18, 7), (11, 13), (16, 5)],
    ),
    "fire_station": ("Fire station", "消防站", [(7, 7), (15, 8)]),
    "shelter": ("Shelter", "避难所", [(4, 12), (6, 5), (13, 12), (15, 4)]),
    "park": ("Park", "公园", [(3, 7), (8, 12), (13, 5), (17, 10)]),
    "bus_stop": ("Bus stop", "公交站", [(2, 3), (2, 9), (6, 7), (7, 12), (12, 2), (13, 8), (17, 5), (17, 12)]),
    "library": ("Library", "图书馆", [(8, 8)]),
    "hospital": ("Hospital", "医院", [(13, 9)]),
}
NAMES = {("clinic", 0): EVIL, ("clinic", 1): 'Dr. "O\'Neil" & <b>Søns</b> 🏥', ("clinic", 2): "东区社区卫生服务站"}
RIVER = 10.4  # column that the river runs along; two tunnels cross it


QUESTION = Text(
    "Who loses which services when two of the three river tunnels are shut for a year, "
    "and does a new clinic on the east bank make up for it?",
    "三条过江隧道中有两条停用一年，谁会失去哪些服务？在东岸新建一处卫生站能否弥补？",
)
SCENARIOS = (
    ScenarioCard("as built", "", Text("As built", "现状")),
    ScenarioCard(
        "as built",
        "tunnels closed",
        Text("Tunnels closed", "隧道关闭"),
        (
            Text("The river floods two of three tunnels; they are closed.", "河水淹没三条过江隧道中的两条，全部封闭。"),
            Text("One west-bank clinic is closed for lack of staff.", "西岸一处卫生站因缺员关闭。"),
        ),
    ),
    ScenarioCard(
        "new clinic",
        "",
        Text("New clinic <east> & school", "新建卫生站（东岸）"),
        (
            Text("A clinic of 300 places opens at the foot of the hill.", "山脚新建一处300容量的卫生站。"),
            Text("Two kindergartens open; one clinic moves out.", "新开两所幼儿园；一处卫生站迁出。"),
        ),
    ),
)
SOURCES = (
    Source(Text("Streets", "道路"), "OpenStreetMap extract", 2023, "ODbL 1.0", 12840),
    Source(
        Text("Population", "人口"),
        "Census by block, spread over buildings",
        2020,
        "CC BY 4.0",
        300,
        estimated=True,
        note=Text(
            "Spread by floor area; errors of a third per point are usual.", "按建筑面积分配；单点误差常达三分之一。"
        ),
    ),
    Source(Text("Facilities", "设施"), "The town's register", "2021–2023", "ODbL 1.0, open municipal", 39),
)
DOUBTS = (
    Text(
        "The population is estimated: counts of blocks were spread over buildings by floor area.",
        "人口为估算值：街区统计数按建筑面积分摊到建筑。",
    ),
    Text(
        "3 of 39 facilities lie farther than 200 m from any street and were left out.",
        "39处设施中有3处距任何道路超过200米，未计入。",
    ),
    Text("1 clause could not be judged: the city has no water network.", "有1条无法判断：城市数据中没有供水管网。"),
)


def clause_card(i):
    en, zh, standard, number, kinds, reach, share = CLAUSES[i]
    return ClauseCard(
        key=f"{standard}/{number}",
        standard=standard,
        clause=number,
        title=Text(en, zh),
        domains=(DOMAIN[i],),
        strength=STRENGTHS[i],
        evidence=EVIDENCE[i],
        measure=Text("share of people within reach", "覆盖率") if reach else Text("value", "数值"),
        limit=Text(f"≥ {100 * share:.0f} %", f"≥ {100 * share:.0f} %") if share else Text("value only", "仅报数值"),
        note=Text("Straight from table 5.0.2; check <edition> & year.", "直接取自表5.0.2") if i == 4 else Text("", ""),
        kinds=kinds,
    )


def lonlat(column, row):
    return [WEST + DX * float(column), SOUTH + DY * float(row)]


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def feature(shape, coordinates, /, **properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": shape, "coordinates": coordinates}}


def box(west, south, east, north):
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return [[lonlat(*corner) for corner in corners]]


def bank(row):
    return RIVER + 0.35 * np.sin(row / 2.3)


def base():
    rows = np.linspace(-1, ROWS, 60)
    river = [lonlat(bank(r) - 0.33, r) for r in rows] + [lonlat(bank(r) + 0.33, r) for r in rows[::-1]]
    flood = [lonlat(bank(r) - 1.5 - 0.6 * np.sin(r), r) for r in rows[8:44]]
    flood += [lonlat(bank(r) + 1.8 + 0.8 * np.cos(r), r) for r in rows[8:44][::-1]]
    inner = [lonlat(bank(r) - 0.8, r) for r in rows[12:40]] + [lonlat(bank(r) + 1.0, r) for r in rows[12:40][::-1]]
    streets = [
        feature("LineString", [lonlat(a, r), lonlat(b, r)])
        for r in range(ROWS)
        for a, b in ((0, 9.9), (11, COLUMNS - 1))
    ]
    streets += [feature("LineString", [lonlat(c, 0), lonlat(c, ROWS - 1)]) for c in range(COLUMNS) if c != 10]
    streets += [feature("LineString", [lonlat(9.9, r), lonlat(11, r)]) for r in (3, 7, 11)]
    rng = np.random.default_rng(4)
    houses = []
    for _ in range(900):
        c, r = rng.integers(0, COLUMNS - 1), rng.integers(0, ROWS - 1)
        x, y = c + rng.uniform(0.12, 0.7), r + rng.uniform(0.12, 0.7)
        if abs(x - bank(y)) > 0.9:
            houses.append(feature("Polygon", box(x, y, x + rng.uniform(0.1, 0.25), y + rng.uniform(0.1, 0.25))))
    districts = [
        feature("Polygon", box(-0.6, 7.5, RIVER, 14.6), name="Northbank 北岸"),
        feature("Polygon", box(-0.6, -0.6, RIVER, 7.5), name='<i>"Old" Town</i>'),
        feature("Polygon", box(RIVER, 6.5, 19.6, 14.6), name="Hillside 山侧"),
        feature("Polygon", box(RIVER, -0.6, 19.6, 6.5), name="Harbour 港区"),
    ]
    parks = [(2.1, 6.1, 3.9, 7.9), (7.1, 12.1, 8.9, 13.9), (13.1, 4.1, 13.9, 5.9), (16.1, 9.1, 17.9, 10.9)]
    return {
        "green": collection(*(feature("Polygon", box(*each)) for each in parks)),
        "water": collection(feature("Polygon", [[*river, river[0]]])),
        "buildings": collection(*houses),
        "streets": collection(*streets),
        "districts": collection(*districts),
        "hazard": collection(
            feature("Polygon", [[*flood, flood[0]]], depth=0.3), feature("Polygon", [[*inner, inner[0]]], depth=1.2)
        ),
    }


def facilities():
    made = []
    for kind, (en, zh, places) in KINDS.items():
        for index, (column, row) in enumerate(places):
            signs = "111"
            if kind == "clinic":
                signs = {0: "101", 1: "110", 2: "111"}[index]
            name = NAMES.get((kind, index), f"{en} {index + 1}")
            if kind == "kindergarten" and index >= 7:
                signs = "001"
            made.append(
                feature(
                    "Point", lonlat(column + 0.3, row + 0.4), kind=kind, kind_en=en, kind_zh=zh, name=name, open=signs
                )
            )
    new = feature(
        "Point",
        lonlat(12.5, 10.5),
        kind="clinic",
        kind_en="Clinic",
        kind_zh="卫生站",
        name="New clinic 新建",
        open="001",
    )
    return collection(*made, new)


def distances(kind, scenario, column, row):
    """Blocks to the nearest open facility, the river crossed at a tunnel or not at all."""
    best = np.full(column.shape, np.inf)
    for each in facilities()["features"]:
        if each["properties"]["kind"] != kind or each["properties"]["open"][scenario] == "0":
            continue
        lon, lat = each["geometry"]["coordinates"]
        fx, fy = (lon - WEST) / DX, (lat - SOUTH) / DY
        far = np.abs(column - fx) + np.abs(row - fy)
        across = (column < RIVER) != (fx < RIVER)
        open_rows = {0: (3, 7, 11), 1: (11,), 2: (3, 7, 11)}[scenario]
        detour = np.min([np.abs(row - t) + np.abs(fy - t) for t in open_rows], axis=0) + np.abs(column - fx)
        best = np.minimum(best, np.where(across, detour, far))
    return best


def town():
    """The page; every number in it follows from the arrays of its map."""
    grid = np.array([(c, r) for r in range(ROWS) for c in range(COLUMNS)], dtype=float)
    rng = np.random.default_rng(11)
    column, row = grid[:, 0] + rng.uniform(-0.2, 0.2, len(grid)), grid[:, 1] + rng.uniform(-0.2, 0.2, len(grid))
    people = np.round(40 + 260 * np.exp(-((column - 12) ** 2 + (row - 8) ** 2) / 60) * rng.uniform(0.3, 1.7, len(grid)))
    west, north = column < RIVER, row > 7
    district = np.where(
        west, np.where(north, "Northbank 北岸", '<i>"Old" Town</i>'), np.where(north, "Hillside 山侧", "Harbour 港区")
    )
    unserved, cells, losses = {}, [], []
    nothing = Text("", "")
    for clause, (*_, kinds, reach, share) in enumerate(CLAUSES):
        for scenario in range(3):
            if reach:
                mask = distances(kinds[0], scenario, column, row) > reach
                unserved[scenario, clause] = mask
                value = 1 - people[mask].sum() / people.sum()
                status = "pass" if value >= share else "fail"
                shown, gap = f"{100 * value:.1f} %", f"{100 * (value - share):+.1f} pp"
                cells.append(
                    Cell(scenario, clause, status, value, Text(shown, shown), Text(gap, gap), float(people[mask].sum()))
                )
                lost = mask & ~unserved[0, clause]
                losses += [
                    Loss(scenario, clause, str(d), float(people[lost & (district == d)].sum()))
                    for d in np.unique(district[lost])
                ]
            elif clause == 10:
                cells.append(
                    Cell(
                        scenario,
                        clause,
                        "unknown",
                        reason=Text("The city has no water network.", "城市数据中没有供水管网。"),
                    )
                )
            elif clause == 9 and scenario == 2:
                cells.append(
                    Cell(
                        scenario,
                        clause,
                        "not applicable",
                        reason=Text("The limit ended in 2021.", "限值已于2021年失效。"),
                    )
                )
            else:
                shown = {5: "1.42 m²", 8: "5.6", 9: "8.3 km/km²"}[clause]
                cells.append(Cell(scenario, clause, "value", 1.0, Text(shown, shown), nothing))
    closed = collection(*(feature("LineString", [lonlat(9.9, r), lonlat(11, r)]) for r in (3, 7)))
    return Page(
        title=Text("What closing two tunnels costs Harbour Town", "关闭两条隧道对海港镇意味着什么"),
        question=QUESTION,
        city=CityCard("Harbour Town 海港镇", float(people.sum()), 13.2, "EPSG:32649", synthetic=True, estimated=True),
        scenarios=SCENARIOS,
        clauses=tuple(clause_card(i) for i in range(len(CLAUSES))),
        verdicts=tuple(cells),
        domains=DOMAINS,
        losses=tuple(losses),
        map=MapData(
            bounds=(*lonlat(-0.6, -0.6), *lonlat(19.6, 14.6)),
            base=base(),
            points=Points(WEST + DX * column, SOUTH + DY * row, people),
            unserved=unserved,
            facilities=facilities(),
            closed={1: closed},
            hazards={2: collection()},
        ),
        attribution=("© OpenStreetMap contributors, ODbL 1.0", "Population: Town Office & Sons <2020>"),
        sources=SOURCES,
        doubts=DOUBTS,
        manifest={"twin": "0.1.0", "seed": 7, "inputs": {"streets": "sha256:9f2c…"}, "note": EVIL, "nan": float("nan")},
        written="2026-02-11",
    )


@pytest.fixture
def page():
    return town()
