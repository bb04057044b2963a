"""A run in one file: to go on with later, or to branch from, to the last bit.

The file holds numbers only. What is given again when it is read, city, crowds and changes so far, makes the same
networks and the same people; then the numbers take their places.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError, SimulationError
from twin.model import City
from twin.simulation.agents import Agents
from twin.simulation.engine import Change, Simulation
from twin.simulation.legs import Legs
from twin.simulation.movement import Part

__all__ = ["load", "save"]

_VERSION = 2
_ENGINE = ("time", "row", "on", "state", "asks", "site", "link", "ready")
_CROWD = ("node", "facility", "goal", "diverted", "leg")
_DESKS = ("desk", "whole", "times", "walks_in", "count")
_DAYS = ("then", "start", "stay", "ride")


def save(sim: Simulation, path: str | Path) -> Path:
    """Write a run, as it stands, to one file; one of that name is replaced when the new one is whole.

    Parameters
    ----------
    path : of the file, ``.npz``.

    Raises
    ------
    SimulationError : individuals of Mesa take part, whose state is Python's own; or a column cannot be written.
    """
    if sim.watch is not None:
        raise SimulationError("individuals of Mesa cannot be saved: their state is their own", time=sim.time, agents="")
    movement, engine = sim.movement, sim.movement.engine
    lanes, counts = engine.state()
    parts: dict[str, NDArray[Any]] = {"events": engine.events(), "lanes": lanes, "counts": counts}
    parts |= {f"agents/{name}": array for name, array in zip(_ENGINE, engine.held["agents"], strict=False)}
    if "lanes" in engine.held:
        parts["exits"], parts["after"] = map(np.asarray, engine.held["lanes"])
    layers = [*sim.layers(), *(heard.own for heard in sim.reroutes.heard)]
    parts["next"] = movement.next[: movement.used]
    parts["parts"] = np.array(
        [(part.first, layers.index(part.layer), part.written) for part in movement.parts], dtype=np.int64
    )
    parts["stops"] = np.array([(layer.stop, layer.nowhere) for layer in layers], dtype=np.int64)
    for number, layer in enumerate(layers):
        parts[f"tables/{number}"] = layer.table
    for number, heard in enumerate(sim.reroutes.heard):
        parts |= {f"heard/{number}/delay": heard.delay, f"heard/{number}/fresh": heard.fresh}
    for state in sim.crowds:
        parts |= {f"crowd/{state.place}/{name}": getattr(state, name) for name in _CROWD}
        parts |= {f"own/{state.place}/{name}": _plain(state.own(name), name, sim) for name in state.owned()}
    parts["legs"] = sim.legs.whole()
    parts |= {f"desks/{name}": getattr(sim.desks, name) for name in _DESKS}
    parts["visits"] = sim.desks.visits.whole()
    if sim.sequel.parts:
        parts |= {f"days/{name}": getattr(sim.sequel, name) for name in _DAYS}
    asks = [(time, order, state, what) for time, order, state, what in sim.heap if state is not None]
    for number, (_, _, _, rows) in enumerate(asks):
        parts[f"ask/{number}"] = np.asarray(rows, dtype=np.int64)
    head = {
        "version": _VERSION,
        "time": sim.time,
        "seed": sim.seed,
        "city": sim.city.name,
        "of": _digest(sim),
        "crowds": [[state.name, len(state)] for state in sim.crowds],
        "changes": sim.changes,
        "changed": sim.changed,
        "sequence": sim.sequence,
        "ordered": movement.ordered,
        "taken": [[int(row), int(many)] for row, many in sim.places.taken.items()],
        "desks": [[int(row), int(number)] for row, number in sim.desks.number.items()],
        "asks": [[time, order, state.place] for time, order, state, _ in asks],
        "heard": [[layers.index(heard.base), heard.every, heard.next] for heard in sim.reroutes.heard],
    }
    parts["head"] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    target = Path(path)
    fresh = target.with_name(f".{target.name}.part")
    with fresh.open("wb") as file:
        np.savez(file, **parts)  # type: ignore[arg-type]
    fresh.replace(target)
    return target


def load(
    path: str | Path, city: City, agents: Sequence[Agents], *, events: Iterable[tuple[float, Change]] = ()
) -> Simulation:
    """Read a run that `save` wrote; it goes on with `until` as if it had never been interrupted.

    Parameters
    ----------
    city, agents : those with which the run began.
    events : (time [s], change): those up to the time of the file are the same as in the run, since they made its city;
        what comes after is free, so that a run can be branched.

    Raises
    ------
    DataError : the file is no such file, or of another city, other crowds, or other changes.
    """
    parts, head = _read(Path(path))
    sim = Simulation(city, list(agents), seed=head["seed"])
    crowds = [[state.name, len(state)] for state in sim.crowds]
    if crowds != head["crowds"]:
        raise DataError(f"{path}: saved with crowds {head['crowds']}, not {crowds}")
    given = sorted(((float(time), change) for time, change in events), key=lambda event: event[0])
    done, time = head["changed"], head["time"]
    if [t for t, _ in given[:done]] != sorted(t for t, _ in head["changes"])[:done]:
        raise DataError(
            f"{path}: until {time:g} s the city changed at {sorted(t for t, _ in head['changes'])[:done]} s; "
            f"give the same changes first, not {[t for t, _ in given]}"
        )
    late = [t for t, _ in given[done:] if t < time]
    if late:
        raise DataError(f"{path}: is of {time:g} s; changes at {late} s come too late")
    for _, change in given[:done]:
        sim.swap(change)
    if _digest(sim) != head["of"]:
        raise DataError(f"{path}: saved in {head['city']}, whose networks or people are not those of {city.name}")
    _put(sim, parts, head)
    orders = [order for _, order in sorted(head["changes"])]
    sim.changes = [(t, order) for t, order in sorted(head["changes"])[:done]]
    for number, (at, change) in enumerate(given[done:], start=done):
        if number < len(orders):  # in its old place among what happens at one time
            sim.push(at, orders[number], None, change)
            sim.changes.append((at, orders[number]))
        else:
            sim.change_later(at, change)
    return sim


def _put(sim: Simulation, parts: dict[str, NDArray[Any]], head: dict[str, Any]) -> None:
    """Numbers take the places of those of a run that has just begun."""
    movement, engine, layers = sim.movement, sim.movement.engine, sim.layers()
    layers += [sim.reroutes.of(layers[base], every).own for base, every, _ in head["heard"]]
    sim.time, sim.sequence, sim.changed = head["time"], head["sequence"], head["changed"]
    movement.ordered = head["ordered"]
    for name, array in zip(_ENGINE, engine.held["agents"], strict=False):
        np.asarray(array)[:] = parts[f"agents/{name}"]
    movement.next, movement.used = parts["next"].copy(), len(parts["next"])
    movement.parts = [Part(int(first), layers[number], bool(kind)) for first, number, kind in parts["parts"]]
    for number, layer in enumerate(layers):
        layer.table[:] = parts[f"tables/{number}"]
        layer.stop, layer.nowhere = map(int, parts["stops"][number])
    for number, heard in enumerate(sim.reroutes.heard):
        heard.restore(parts[f"heard/{number}/delay"], parts[f"heard/{number}/fresh"], head["heard"][number][2])
    engine.ways(movement.next, movement.arc)
    if "exits" in parts:
        for array, name in zip(engine.held["lanes"], ("exits", "after"), strict=True):
            np.asarray(array)[:] = parts[name]
    engine.restore(parts["events"], parts["lanes"], parts["counts"])
    for state in sim.crowds:
        for name in _CROWD:
            getattr(state, name)[:] = parts[f"crowd/{state.place}/{name}"]
        for name in (name for name in parts if name.startswith(f"own/{state.place}/")):
            state.put(name.split("/", 2)[2], np.arange(len(state)), parts[name])
    sim.legs = Legs(parts["legs"])
    sim.desks.restore({name: parts[f"desks/{name}"] for name in _DESKS}, dict(head["desks"]), parts["visits"])
    if sim.sequel.parts:
        for name in _DAYS:
            getattr(sim.sequel, name)[:] = parts[f"days/{name}"]
    sim.places.taken = {int(row): int(many) for row, many in head["taken"]}
    sim.heap.clear()
    for number, (time, order, place) in enumerate(head["asks"]):
        sim.push(time, order, sim.crowds[place], parts[f"ask/{number}"])


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            parts = {name: file[name] for name in file.files}
        head = json.loads(parts.pop("head").tobytes().decode())
    except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a saved run, or not all of one ({error})") from error
    if head.get("version") != _VERSION:
        raise DataError(f"{path}: written by another version ({head.get('version')}, not {_VERSION}); run it again")
    return parts, head


def _digest(sim: Simulation) -> str:
    """Of networks, ways to move and people, as they are before anybody moves."""
    found = hashlib.blake2b(digest_size=16)
    for key, layers in sim.networks.items():
        found.update(repr(key).encode())
        for layer in layers:
            for array in (layer.ways.source, layer.ways.target, layer.seconds()):
                found.update(np.ascontiguousarray(array).tobytes())
    for state in sim.crowds:
        for column in ("node", "depart"):
            found.update(np.ascontiguousarray(state.table[column].to_numpy(dtype=float)).tobytes())
    return found.hexdigest()


def _plain(column: NDArray[Any], name: str, sim: Simulation) -> NDArray[Any]:
    """A column as an array of numbers or texts."""
    if column.dtype != object:
        return column
    if all(isinstance(value, str) for value in column):
        return column.astype(str)
    raise SimulationError(f"column '{name}' holds more than numbers or texts", time=sim.time, agents="")
