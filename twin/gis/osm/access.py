"""Who may use a way, in which direction, how fast: one row a way and mode."""

from __future__ import annotations

from dataclasses import dataclass

from twin.gis.osm.tags import Tags, duration, settings, speed
from twin.units import kmh

__all__ = ["BARRIER_KEYS", "MODES", "USE_KEYS", "Use", "is_bridge", "is_street", "is_tunnel", "stops", "use"]

MODES = ("walk", "drive")
BOTH, FORWARD, BACKWARD = 0, 1, -1
YES = {"yes", "true", "1"}
NO = {"no", "false", "0"}
REVERSE = {"-1", "reverse"}
BY_TURNS = {"reversible", "alternating"}

NAN = float("nan")

#: keys by which a mode is let onto a way, the most specific one first
_SAID = ("foot", "motorcar", "motor_vehicle", "vehicle", "access")
#: keys that `stops` reads
BARRIER_KEYS = frozenset(["barrier", *_SAID])
#: keys that `use` reads
USE_KEYS = frozenset(
    [
        *("highway", "route", "railway", "public_transport", "man_made", "service", "motorroad", "bridge", "tunnel"),
        *("duration", "maxspeed", "maxspeed:motorcar", "maxspeed:forward", "maxspeed:backward", "maxspeed:type"),
        *("source:maxspeed", "zone:maxspeed", "zone:traffic", "junction", "conveying", "oneway", "oneway:foot"),
        *("oneway:vehicle", "oneway:motor_vehicle", "oneway:motorcar", *_SAID),
        *(f"{key}:{way}" for key in _SAID for way in ("forward", "backward")),
    ]
)


@dataclass(frozen=True)
class Use:
    """How one mode uses a way.

    Parameters
    ----------
    kind : the `highway` value, or ferry, platform, pier, elevator.
    direction : 1 along the way, -1 against it, 0 both.
    speed : [m/s]
    estimated : the speed is a default of `osm.toml`.
    fixed : nothing along it can be entered or left: motorways and motor roads, ferries, lifts, bridges, tunnels.
    duration : of the whole way where it is known (ferries, lifts) [s]; else NaN.
    by_turns : the direction changes with the hour or by a signal; taken as both.
    """

    kind: str
    direction: int
    speed: float
    estimated: bool
    fixed: bool
    duration: float
    by_turns: bool


def is_street(tags: Tags) -> bool:
    """Whether a way is a street for somebody."""
    return bool(_kind(tags))


def use(tags: Tags, mode: str) -> Use | None:
    """How `mode` (``"walk"`` or ``"drive"``) uses a way; None where it may not."""
    kind = _kind(tags)
    if not kind or not _open(tags, kind, mode):
        return None
    rules = settings()
    ride = {"ferry": duration(tags.get("duration")), "elevator": float(rules["walk"]["elevator"])}.get(kind, NAN)
    pace, estimated = _speed(tags, kind, mode)
    timed = kind == "ferry" and ride > 0
    direction, by_turns = _direction(tags, kind, mode)
    return Use(kind, direction, pace, estimated and not timed, _fixed(tags, kind), ride, by_turns)


def stops(tags: Tags, mode: str) -> bool:
    """Whether a barrier node stops `mode`."""
    rules = settings()
    barrier = tags.get("barrier", "")
    if barrier not in rules["access"]["stops_cars"] and barrier not in rules["access"]["gates"]:
        return False
    said = next((tags[key] for key in rules[mode]["keys"] if key in tags), "")
    if said:
        return said in rules["access"]["closed"]
    return mode == "drive" and barrier in rules["access"]["stops_cars"]


def is_tunnel(tags: Tags) -> bool:
    """Under the ground; a passage through a building and a roof over a street are not."""
    return tags.get("tunnel", "no") not in {"no", "building_passage", "covered"}


def is_bridge(tags: Tags) -> bool:
    """Carried over the ground."""
    return tags.get("bridge", "no") != "no"


def _kind(tags: Tags) -> str:
    if tags.get("highway"):
        return tags["highway"]
    if tags.get("route") == "ferry":
        return "ferry"
    if "platform" in {tags.get("railway"), tags.get("public_transport")}:
        return "platform"
    return "pier" if tags.get("man_made") == "pier" else ""


def _open(tags: Tags, kind: str, mode: str) -> bool:
    rules, access = settings()[mode], settings()["access"]
    said = next((tags[key] for key in rules["keys"] if key in tags), "")
    explicit = next((tags[key] for key in rules["keys"] if key in tags and key != "access"), "")
    if kind in rules["explicit"]:
        return explicit in access["explicit"]
    if kind not in rules["classes"] or said in access["closed"]:
        return False
    if mode == "drive":
        return tags.get("service") not in rules["service"]
    return tags.get("motorroad") != "yes" or explicit in access["explicit"]


def _fixed(tags: Tags, kind: str) -> bool:
    return (
        kind in {"motorway", "motorway_link", "ferry", "elevator"}
        or tags.get("motorroad") == "yes"
        or is_bridge(tags)
        or is_tunnel(tags)
    )


def _speed(tags: Tags, kind: str, mode: str) -> tuple[float, bool]:
    """Speed [m/s], and whether it is a default."""
    rules = settings()
    if kind == "ferry":
        return float(rules["speed"]["ferry"]) * kmh, True
    if mode == "walk":
        return float(rules["walk"]["steps" if kind == "steps" else "speed"]) * kmh, True
    ways = [speed(tags.get(f"maxspeed:{way}")) for way in ("forward", "backward")]
    told = [
        speed(tags.get("maxspeed:motorcar")),
        speed(tags.get("maxspeed")),
        min((each for each in ways if each > 0), default=NAN),
        *(speed(tags.get(key)) for key in ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")),
    ]
    tagged = next((each for each in told if each > 0), NAN)
    if tagged > 0:
        return tagged, False
    return float(rules["speed"][kind]) * kmh, True


def _direction(tags: Tags, kind: str, mode: str) -> tuple[int, bool]:
    """Direction, and whether it changes by turns. The most specific tag that is there decides."""
    if mode == "walk":
        said = tags.get("oneway:foot") or _belt(tags)
        implied = BOTH
    else:
        keys = ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")
        said = next((tags[key] for key in keys if key in tags), "")
        around = tags.get("junction") in {"roundabout", "circular"}
        implied = FORWARD if kind == "motorway" or around else BOTH
    if said in YES:
        return FORWARD, False
    if said in REVERSE:
        return BACKWARD, False
    if said in NO:
        return BOTH, False
    if said in BY_TURNS:
        return BOTH, True
    return implied or _one_way_closed(tags, mode), False


def _belt(tags: Tags) -> str:
    """An escalator goes one way."""
    return {"forward": "yes", "backward": "-1"}.get(tags.get("conveying", ""), "")


def _one_way_closed(tags: Tags, mode: str) -> int:
    """Direction that is left where an access tag closes the other one."""
    closed = settings()["access"]["closed"]
    for key in settings()[mode]["keys"]:
        if tags.get(f"{key}:backward") in closed:
            return FORWARD
        if tags.get(f"{key}:forward") in closed:
            return BACKWARD
    return BOTH
