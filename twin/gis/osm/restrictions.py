"""Turn restrictions: relations that forbid, or prescribe, the way on from one street to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.gis.osm.pbf import Raw
from twin.gis.osm.tagged import Tagged, spans
from twin.gis.osm.tags import Tags, values

__all__ = ["RESTRICTED", "Restrictions", "Turn", "restriction", "restrictions", "turns"]

Longs = NDArray[np.int64]

#: values of `restriction`; of the prescriptions everything else is forbidden
FORBIDDEN = {"no_left_turn", "no_right_turn", "no_straight_on", "no_u_turn", "no_entry", "no_exit"}
PRESCRIBED = {"only_left_turn", "only_right_turn", "only_straight_on", "only_u_turn"}
#: keys that say which turn, the most specific one first, and the vehicles that `except` lets a car be
RESTRICTED = ("restriction:motorcar", "restriction:motor_vehicle", "restriction:vehicle", "restriction")
CAR = {"motorcar", "motor_vehicle", "vehicle"}
#: how hours were tagged before there was `restriction:conditional`
HOURS = {"day_on", "day_off", "hour_on", "hour_off"}

NODE, WAY = 0, 1
WHY = {
    "conditional": "hold at certain hours or for certain vehicles only and were left out",
    "others": "do not hold for cars and were left out",
    "unknown": "say something else than which turn is forbidden or prescribed and were left out",
    "incomplete": "lack a from, a via or a to member and were left out",
    "via a way": "lead over a street in between, which is not modelled, and were left out",
    "outside": "are about streets or a junction that the drive network does not have and were left out",
}


@dataclass(frozen=True)
class Turn:
    """One restriction for cars.

    Parameters
    ----------
    kind : value of `restriction`, such as ``"no_left_turn"``.
    come, go : ids of the ways that one comes from and goes on to.
    at : id of the node between them.
    """

    kind: str
    come: tuple[int, ...]
    at: int
    go: tuple[int, ...]


@dataclass(frozen=True)
class Restrictions:
    """Relations of ``type=restriction``: members of relation *i* are rows ``start[i]:start[i + 1]``.

    Parameters
    ----------
    kind : of a member: 0 a node, 1 a way, 2 a relation.
    """

    tags: Tagged
    start: Longs
    member: Longs
    kind: NDArray[np.uint8]
    role: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.tags)


def restrictions(raw: Raw) -> Restrictions:
    """Those of a file."""
    rows = np.flatnonzero(raw.relation_tags.has("type", "restriction"))
    count = np.diff(raw.member_start)[rows]
    at = spans(raw.member_start[:-1][rows], count)
    text = np.array(["", *raw.strings.texts()], object)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
    role = text[raw.member_role[at] + 1]
    return Restrictions(raw.relation_tags.take(rows), start, raw.member[at], raw.member_kind[at], role)


def restriction(tags: Tags) -> tuple[str, str]:
    """Which turn a relation restricts for cars: its kind, or why there is none (a key of the notes).

    >>> restriction({"restriction": "no_left_turn", "except": "bicycle;bus"})
    ('no_left_turn', '')
    >>> restriction({"restriction": "no_left_turn", "except": "motorcar"})
    ('', 'others')
    """
    key = next((key for key in RESTRICTED if key in tags), "")
    if not key:
        return "", "conditional" if any(each.endswith(":conditional") for each in tags) else "others"
    if HOURS & tags.keys():
        return "", "conditional"
    if key == "restriction" and CAR & set(values(tags.get("except", ""))):
        return "", "others"
    if tags[key] not in FORBIDDEN | PRESCRIBED:
        return "", "unknown"
    return tags[key], ""


def read_turns(given: Restrictions) -> tuple[list[Turn], Counter[str]]:
    """Restrictions that hold for cars at a node, and how many others there are by reason."""
    found, left = [], Counter[str]()
    for row in range(len(given)):
        kind, why = restriction(given.tags[row])
        part = slice(given.start[row], given.start[row + 1])
        members = list(zip(given.role[part], given.kind[part].tolist(), given.member[part].tolist(), strict=True))
        come, go = (tuple(ref for role, sort, ref in members if role == end and sort == WAY) for end in ("from", "to"))
        via = [(sort, ref) for role, sort, ref in members if role == "via"]
        if not why:
            why = _lacks(kind, come, via, go)
        if why:
            left[why] += 1
        else:
            found.append(Turn(kind, come, via[0][1], go))
    return found, left


def _lacks(kind: str, come: tuple[int, ...], via: list[tuple[int, int]], go: tuple[int, ...]) -> str:
    """Why the members make no turn at a node; empty where they do."""
    if any(sort == WAY for sort, _ in via):
        return "via a way"
    whole = len(via) == 1 and via[0][0] == NODE and bool(come) and bool(go)
    # several ways are meant where one may not enter, or not leave, a junction by some of them
    whole = whole and (len(come) == 1 or kind == "no_entry") and (len(go) == 1 or kind == "no_exit")
    return "" if whole else "incomplete"


def turns(given: Restrictions, edges: Mapping[str, NDArray[np.generic]], ids: Longs) -> tuple[pd.DataFrame, list[str]]:
    """Forbidden turns of a network.

    Parameters
    ----------
    edges : columns `tail` and `head` (positions of nodes), `oneway` (from tail to head) and `osm` (the way's id).
    ids : (n,) OSM id of each node.

    Returns
    -------
    A row a forbidden turn, without duplicates: `from_edge`, the row of the edge travelled last; `node`, the position of
    the node; `to_edge`, the row of the edge that may not be entered there; `cost`, infinite [s]. And what was left out.

    Notes
    -----
    Ways are cut where they meet others, so the edges of a way that touch the junction are meant. A way that goes on
    through the junction touches it with two: the direction of a one-way street decides between them; of a two-way one
    both are meant. Where one comes from and goes on to the same way, a forbidden U-turn is that back into the same
    edge, and any other turn that into another one. Of a prescribed turn all others from there are forbidden, the one
    back included; several prescriptions for one arrival allow all that they name.
    """
    wanted, left = read_turns(given)
    net = _Incidence(edges, ids)
    forbidden: set[tuple[int, int, int]] = set()
    allowed: dict[tuple[int, int], set[int]] = {}
    several = 0
    for turn in wanted:
        node = net.position(turn.at)
        come = [edge for way in turn.come for edge in net.touching(way, node, arriving=True)]
        go = [edge for way in turn.go for edge in net.touching(way, node, arriving=False)]
        if not come or not go:
            left["outside"] += 1
            continue
        several += len(come) > len(turn.come) or len(go) > len(turn.go)
        if turn.kind in PRESCRIBED:
            for edge in come:
                allowed.setdefault((edge, node), set()).update(go)
            continue
        same = turn.come == turn.go
        back = turn.kind == "no_u_turn"
        forbidden |= {(a, node, b) for a in come for b in go if not same or (a == b) == back}
    for (edge, node), may in allowed.items():
        forbidden |= {(edge, node, other) for other in net.leaving(node) if other not in may}
    rows = np.array(sorted(forbidden), np.int64).reshape(-1, 3)
    table = pd.DataFrame(dict(zip(("from_edge", "node", "to_edge"), rows.T, strict=True)))
    table["cost"] = np.inf
    return table, _notes(len(wanted) - left["outside"], len(table), several, left)


class _Incidence:
    """Edges at nodes and of ways."""

    def __init__(self, edges: Mapping[str, NDArray[np.generic]], ids: Longs) -> None:
        self._tail, self._head, way = (np.asarray(edges[name], np.int64) for name in ("tail", "head", "osm"))
        self._both = ~np.asarray(edges["oneway"], bool)
        self._order = np.argsort(way, kind="stable")
        self._way = way[self._order]
        self._node_order = np.argsort(ids, kind="stable")
        self._ids = ids[self._node_order]
        count = len(way)
        ends = np.concatenate([self._tail, self._head])
        self._at_order = np.argsort(ends, kind="stable")
        self._at, self._count = ends[self._at_order], count

    def position(self, ref: int) -> int:
        """Position of a node, -1 where the network has it not."""
        at = int(np.searchsorted(self._ids, ref))
        return int(self._node_order[at]) if at < len(self._ids) and self._ids[at] == ref else -1

    def touching(self, way: int, node: int, *, arriving: bool) -> list[int]:
        """Edges of a way by which one arrives at a node, or leaves it."""
        first, last = np.searchsorted(self._way, [way, way + 1])
        found = np.sort(self._order[first:last])
        end, start = (self._head, self._tail) if arriving else (self._tail, self._head)
        there = (end[found] == node) | (self._both[found] & (start[found] == node))
        return [int(edge) for edge in found[there]]

    def leaving(self, node: int) -> list[int]:
        """All edges by which one leaves a node."""
        first, last = np.searchsorted(self._at, [node, node + 1])
        at = self._at_order[first:last]
        edge = at % self._count
        return sorted({int(each) for each in edge[(at < self._count) | self._both[edge]]})


def _notes(used: int, rows: int, several: int, left: Counter[str]) -> list[str]:
    notes = []
    if used:
        notes.append(f"{used} turn restrictions forbid {rows} turns of the drive network")
    if several:
        notes.append(
            f"{several} turn restrictions name a two-way street that goes on through the junction; both ways of "
            "arriving or leaving count"
        )
    notes += [f"{left[why]} turn restrictions {text}" for why, text in WHY.items() if left[why]]
    return notes
