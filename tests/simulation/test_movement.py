"""The compiled engine against published sums, plain Python, and what is known of flows and queues."""

from math import ceil

import numpy as np
import pytest
import reference_movement as reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

from twin.errors import DataError
from twin.model import Network
from twin.routing import matrix
from twin.simulation.movement import FINISHED, STRANDED, TRAVELLING, Movement
from twin.simulation.physics import Crowded, Queued


def grid(side=100, spread=0.2, block=100.0):
    """A square of blocks, edges along rows first; lengths by seed 42."""
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    length = np.round(block * np.random.default_rng(42).uniform(1 - spread, 1 + spread, len(tail)), 1)
    y, x = np.divmod(np.arange(side * side), side)
    return Network.from_arrays(x * block, y * block, tail, head, length=length)


def moved(net, origin, goal, depart, *, cost="length", pace=1.0, physics=None, ordered=False):
    """Send agents, run to the end."""
    movement = Movement(len(origin))
    layer = movement.layer(net, cost, pace, physics)
    movement.ordered |= ordered
    ends = np.asarray(origin, dtype=np.int32), np.asarray(goal, dtype=np.int32)
    movement.send(np.arange(len(origin)), layer, ends, np.asarray(depart, dtype=float), stranded=True)
    movement.run(1e9)
    return movement


# ── free walking ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ordered", [False, True])
def test_walkers_on_a_grid(ordered):
    # 100,000 walkers to 256 destinations at 1.4 m/s: the sum of whole seconds that several programs agree on
    net = grid()
    destinations = np.random.default_rng(1).choice(10_000, 256, replace=False)
    rng = np.random.default_rng(7)
    origin, goal = rng.integers(0, 10_000, 100_000), destinations[rng.integers(0, 256, 100_000)]
    movement = moved(net, origin, goal, np.zeros(100_000), pace=1 / 1.4, ordered=ordered)
    assert np.ceil(movement.time - 1e-9).sum() == 438_048_644
    assert (movement.state == FINISHED).all()
    assert movement.engine.crossings == pytest.approx(66.8 * 100_000, rel=1e-3)


@given(st.data(), networks(turns=True), st.booleans())
def test_walking_is_the_matrix(data, net, ordered):
    node = st.integers(0, net.graph.count - 1)
    trips = data.draw(st.lists(st.tuples(node, node, st.integers(0, 100)), max_size=12))
    origin, goal, depart = (np.array([trip[i] for trip in trips], dtype=int) for i in range(3))
    column = data.draw(st.sampled_from(["length", "time"] if "time" in net.columns else ["length"]))
    movement = moved(net, origin, goal, depart, cost=column, ordered=ordered)
    cost = matrix(net, np.arange(net.graph.count), cost=column)[origin, goal]
    reached = np.isfinite(cost)
    assert movement.state[: len(trips)].tolist() == np.where(reached, FINISHED, STRANDED).tolist()
    np.testing.assert_allclose(movement.time[: len(trips)], depart + np.where(reached, cost, 0), rtol=1e-12)


def test_stepping_is_running():
    net, rng = grid(20), np.random.default_rng(3)
    origin, goal, depart = rng.integers(0, 400, 500), rng.integers(0, 400, 500), rng.uniform(0, 500, 500)
    for physics in (None, Crowded(width=0.1), Queued()):
        through = moved(net, origin, goal, depart, physics=physics)
        movement = Movement(500, edge=3.0)  # other buckets
        layer = movement.layer(net, "length", 1.0, physics)
        movement.send(np.arange(500), layer, (origin.astype(np.int32), goal.astype(np.int32)), depart)
        for time in np.arange(0, 30_000, 97.3):
            movement.run(time)
            assert (movement.time[movement.state == FINISHED] <= time).all()
            assert np.array_equal(movement.state == 0, depart > time)
        assert np.array_equal(movement.time, through.time)
        assert movement.engine.waiting == 0


# ── in a crowd ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_weidmann_s_diagram():
    walk = Crowded()
    known = {0.5: 1.2984, 1: 1.0581, 2: 0.6062, 3: 0.3307, 4: 0.1563}
    np.testing.assert_allclose(walk.speed_at(list(known)), list(known.values()), atol=5e-5)
    density = np.linspace(0.1, 5, 100_000)
    flow = density * walk.speed_at(density)
    assert flow.max() == pytest.approx(1.2249, abs=5e-5)
    assert density[flow.argmax()] == pytest.approx(1.7507, abs=2e-3)


def evacuation(people, side=100, shelters=20, width=4.0, spare=1.2):
    net = grid(side)
    count = side * side
    starts = np.random.default_rng(5).integers(0, count, people)
    places = np.random.default_rng(3).choice(count, shelters, replace=False).astype(np.int32)
    room = [ceil(spare * people / shelters)] * shelters
    apart = matrix(net, places)  # the same both ways
    movement = Movement(people)
    layer = movement.layer(net, "length", 1 / 1.34, Crowded(width=width))
    movement.sites(layer, places, np.array(room))
    movement.site[:] = apart.argmin(axis=0)[starts]
    goal = places[movement.site]
    movement.send(np.arange(people), layer, (starts.astype(np.int32), goal), np.zeros(people))
    movement.run(1e9)
    return net, starts, places, room, apart, movement


def test_evacuation_of_a_thousand():
    *_, movement = evacuation(1000)
    assert round(movement.time.mean(), 2) == 1517.71
    assert (movement.engine.redirects, movement.engine.crossings) == (327, 21_749)
    assert movement.engine.on().sum() == 0


@pytest.mark.parametrize("people", [50, 3000])
def test_evacuation_in_plain_python(people):
    # on narrow streets, so that people are in each other's way
    net, starts, places, room, apart, movement = evacuation(people, side=12, shelters=4, width=0.3)
    tail, head = net.graph.tail.tolist(), net.graph.head.tolist()
    lengths = dict(zip(zip(tail, head, strict=True), net.columns["length"].tolist(), strict=True))
    lengths |= {(v, u): length for (u, v), length in lengths.items()}
    hops = [
        {u: min((v for (w, v) in lengths if w == u), key=lambda v: lengths[u, v] + row[v]) for u in range(144)}
        for row in apart.round(6)
    ]
    expected = reference.evacuate(
        lengths, hops, starts.tolist(), places.tolist(), room, apart.round(6).tolist(), width=0.3
    )
    np.testing.assert_allclose(movement.time, expected[0], rtol=1e-9)
    assert (movement.engine.redirects, movement.engine.crossings) == expected[1:]
    if people > 1000:
        assert movement.time.mean() > 2 * evacuation(50, side=12, shelters=4, width=0.3)[-1].time.mean()


def test_no_room_anywhere():
    *_, movement = evacuation(100, side=10, shelters=2, spare=0.5)
    assert (movement.state == FINISHED).sum() == 50
    assert (movement.state == STRANDED).sum() == 50


def test_nobody_overtakes():
    # 300 people enter one edge of 10 m x 1 m, one every half second: they leave in their order
    net = Network.from_arrays([0, 10], [0, 0], [0], [1], length=[10.0])
    movement = moved(net, [0] * 300, [1] * 300, np.arange(300) * 0.5, pace=1 / 1.34, physics=Crowded(width=1.0))
    assert (np.diff(movement.time) >= 0).all()
    assert movement.time[0] == pytest.approx(10 / reference.weidmann(0.1))


# ── vehicles ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def road(lengths, lanes, speed=15.0):
    """Links in a row."""
    x = np.concatenate([[0.0], np.cumsum(lengths)])
    node = np.arange(len(lengths))
    return Network.from_arrays(
        x, x * 0, node, node + 1, length=lengths, directed=True, time=np.asarray(lengths) / speed, lanes=lanes
    )


def test_a_bottleneck():
    # 3,600 vehicles an hour for half an hour into 1,800: 900 stand at most, gone after an hour, 450 vehicle hours lost
    rate, wave, speed = 0.5, 5.0, 15.0
    jam = rate * (speed + wave) / (speed * wave)
    net = road([30_000.0, 1500.0], [2.0, 1.0])
    depart = np.arange(1800) * 1.0
    movement = moved(net, [0] * 1800, [2] * 1800, depart, cost="time", physics=Queued(jam=jam, wave=wave))
    free = 31_500 / speed
    delay = movement.time - depart - free
    assert delay.sum() / 3600 == pytest.approx(450, rel=1e-3)
    assert (movement.time.max() - free) / 3600 == pytest.approx(1.0, rel=1e-3)
    assert delay.max() * rate == pytest.approx(900, rel=1e-3)


def test_a_shock_wave():
    # behind the bottleneck the queue holds k2 = jam - q2 / w; its end moves back at (q1 - q2) / (k1 - k2), and when it
    # has come to the start of the link, no more than q2 can enter
    physics, speed, length = Queued(jam=0.2, wave=5.0), 15.0, 4000.0
    most = 0.2 * speed * 5 / 20  # 0.75 vehicles a second and lane
    net = road([length, 1000.0], [2.0, 1.0])
    q1, q2 = 1.25, most
    k1, k2 = q1 / speed, 2 * 0.2 - q2 / physics.wave
    shock = (q1 - q2) / (k1 - k2)
    full = length / speed + length / -shock  # when the end of the queue stands at the start
    people = 6000
    movement = Movement(people)
    layer = movement.layer(net, "time", 1.0, physics)
    ends = np.zeros(people, np.int32), np.full(people, 2, np.int32)
    movement.send(np.arange(people), layer, ends, np.arange(people) / q1)
    movement.run(length / speed + 100)
    on_before = movement.engine.on()[0]
    assert on_before == pytest.approx(k1 * length + 100 * (q1 - q2), abs=3)
    movement.run(full - 20)
    assert movement.engine.on()[0] + movement.engine.on()[2] + finished(movement) == pytest.approx(
        (full - 20) * q1, abs=2
    )  # all have entered
    movement.run(full + 200)
    first = movement.engine.on()[0] + movement.engine.on()[2] + finished(movement)
    assert movement.engine.on()[0] == pytest.approx(k2 * length, abs=4)
    movement.run(full + 600)
    second = movement.engine.on()[0] + movement.engine.on()[2] + finished(movement)
    assert (second - first) / 400 == pytest.approx(q2, rel=0.01)
    assert movement.engine.on()[0] == pytest.approx(k2 * length, abs=4)


def finished(movement):
    return int((movement.state == FINISHED).sum())


@given(st.data())
def test_links_in_a_row(data):
    links = data.draw(st.integers(1, 4))
    several = lambda values: data.draw(st.lists(st.sampled_from(values), min_size=links, max_size=links))  # noqa: E731
    lengths, lanes = several([10.0, 60.0, 300.0]), several([1.0, 2.0, 3.0])
    green = several([1.0, 0.5, 0.3])
    depart = sorted(data.draw(st.lists(st.integers(0, 60), min_size=1, max_size=80)))
    net = road(lengths, lanes).with_columns(green=green)
    count = len(depart)
    movement = moved(net, [0] * count, [links] * count, depart, cost="time", physics=Queued())
    free = (np.round(np.array(lengths) / 15 * 100) / 100).tolist()
    exact = net.columns["time"].tolist()
    headway = [(1 + 5 * (f / length)) / (n * 0.2 * 5) for f, length, n in zip(exact, lengths, lanes, strict=True)]
    storage = [max(1, round(0.2 * n * length)) for n, length in zip(lanes, lengths, strict=True)]
    times = reference.corridor(depart, free, headway, [length / 5 for length in lengths], storage, green)
    np.testing.assert_allclose(movement.time, times[-1], rtol=1e-9)


@pytest.mark.parametrize("edge", [0.01, 60.0, 1e6])
def test_events_come_in_their_order(edge):
    # 5,000 vehicles in any order, many at one time, through one link: whatever the buckets, all of them one included
    rng = np.random.default_rng(0)
    depart = rng.integers(0, 1500, 5000) / 7.0
    movement = Movement(5000, edge=edge)
    layer = movement.layer(road([60.0], [1.0]), "time", 1.0, Queued())
    movement.send(np.arange(5000), layer, (np.zeros(5000, np.int32), np.ones(5000, np.int32)), depart)
    movement.run(1e9)
    order = np.lexsort((np.arange(5000), depart))
    times = reference.corridor(depart[order].tolist(), [4.0], [(1 + 5 / 15) / (0.2 * 5)], [12.0], [12])
    np.testing.assert_allclose(movement.time[order], times[-1], rtol=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([30, 300]))
def test_vehicles_are_kept(seed, count):
    # wherever they stand: before setting out, beside the road, on it, or arrived; no lane holds more than it can
    rng = np.random.default_rng(seed)
    net = grid(4)
    net = net.with_columns(time=net.columns["length"] / 15, lanes=2.0)
    ends = rng.integers(0, 16, count).astype(np.int32), rng.integers(0, 16, count).astype(np.int32)
    depart = rng.integers(0, 120, count).astype(float)
    movement = Movement(count)
    layer = movement.layer(net, "time", 1.0, Queued())
    movement.send(np.arange(count), layer, ends, depart)
    storage = np.repeat(np.rint(0.2 * net.columns["length"]), 2)
    for time in (30, 60, 120, 400, 1e6):
        movement.run(time)
        on = movement.engine.on()
        assert (on <= storage).all()
        assert np.array_equal(on, np.bincount(movement.on[movement.on >= 0], minlength=len(on)))
        assert (movement.on[movement.state != TRAVELLING] == -1).all()
    stuck = movement.state == TRAVELLING
    assert movement.engine.waiting == 0
    assert not stuck.any() or (on == storage).sum() >= 2  # only where lanes full of vehicles wait for each other
    assert (movement.time[~stuck] >= depart[~stuck]).all()


def test_two_roads_that_meet_take_turns():
    net = Network.from_arrays(
        [0, 0, 100, 200], [0, 100, 50, 50], [0, 1, 2], [2, 2, 3], length=[100.0] * 3, directed=True, time=[10.0] * 3
    )
    movement = moved(net, [0] * 50 + [1] * 50, [3] * 100, np.zeros(100), cost="time", physics=Queued())
    order = np.argsort(movement.time)
    assert np.abs(np.cumsum(np.where(order < 50, 1, -1))).max() <= 2


def test_a_signal_is_a_share_of_the_capacity():
    # 0.75 vehicles/s and lane at 15 m/s, two lanes, green for 40 s of 100: 0.6 vehicles/s, one in 5/3 s
    plain, signal = (
        moved(net, [0] * 900, [1] * 900, np.zeros(900), cost="time", physics=Queued())
        for net in (road([3000.0], [2.0]), road([3000.0], [2.0]).with_columns(green=[0.4]))
    )
    assert np.diff(plain.time[:900]) == pytest.approx(1 / 1.5)
    assert np.diff(signal.time[:900]) == pytest.approx(5 / 3)
    # one way only: the signal stands at the end of the edge, for those who come to it along it
    both = Network.from_arrays([0, 3000], [0, 0], [0], [1], length=[3000.0], time=[200.0], lanes=[4.0])
    both = both.with_columns(green=[0.4])
    back = moved(both, [1] * 900, [0] * 900, np.zeros(900), cost="time", physics=Queued())
    assert np.diff(back.time[:900]) == pytest.approx(1 / 1.5)
    for share in (0.0, 1.2):
        with pytest.raises(DataError, match=r"edges\.green: a share of the time, above 0 and at most 1.*rows 0"):
            Movement(1).layer(both.with_columns(green=[share]), "time", 1.0, Queued())


def test_physics_that_cannot_be():
    for make in (lambda: Crowded(width=0), lambda: Queued(jam=-1), lambda: Queued(wave=float("nan"))):
        with pytest.raises(DataError, match="above 0"):
            make()
    net = road([100.0], [0.0])
    with pytest.raises(DataError, match="lanes"):
        Movement(1).layer(net, "time", 1.0, Queued())
