"""Vehicles against kinematic wave theory and another program: waves of the triangular diagram, UXsim's travel times.

The diagram of a lane: free speed 15 m/s, backward wave 5 m/s, 0.2 vehicles a metre when they stand; so 0.75 vehicles a
second at most.
"""

import numpy as np
import pytest

from twin.model import Network
from twin.simulation.movement import FINISHED, Movement
from twin.simulation.physics import Queued

SPEED, WAVE, JAM = 15.0, 5.0, 0.2
MOST = JAM * SPEED * WAVE / (SPEED + WAVE)


def sent(net, origin, goal, depart):
    movement = Movement(len(origin), edge=20.0)
    layer = movement.layer(net, "time", 1.0, Queued(jam=JAM, wave=WAVE))
    movement.send(np.arange(len(origin)), layer, (np.int32(origin), np.int32(goal)), np.asarray(depart, dtype=float))
    return movement


def road(lengths, lanes):
    x = np.concatenate([[0.0], np.cumsum(lengths)])
    length = np.array(lengths)
    return Network.from_arrays(
        x, np.zeros(len(x)), range(len(lengths)), range(1, len(x)),
        length=length, time=length / SPEED, lanes=lanes, directed=True,
    )  # fmt: skip


def test_a_queue_into_an_empty_road():
    # from standing to empty: the front drives at free speed, and behind it they follow at the greatest flow
    count, length = 500, 900.0
    movement = sent(road([length], [1.0]), [0] * count, [1] * count, np.zeros(count))
    movement.run(1e9)
    assert np.sort(movement.time) == pytest.approx(length / SPEED + np.arange(count) / MOST)


def test_a_queue_that_grows_into_a_queue():
    # 1.25 a second into lanes of 2, 1 and 1/2. The queue before B holds A's flow to 0.75 once it has come to A's start;
    # from flow at its most to a denser queue, and from queue to queue, news travel at the backward wave: when C has let
    # only 0.375 pass, B and then A hear of it at 5 m/s, and at A's start no more than 0.375 enter.
    long, demand = 4000.0, 1.25
    q2, q3 = MOST, MOST / 2
    first = (demand - q2) / (demand / SPEED - (2 * JAM - q2 / WAVE))  # speed of the first shock in A
    held = long / SPEED + long / -first
    heard = 2 * long / SPEED + 2 * long / WAVE
    assert held < heard - 400
    count = 6000
    movement = sent(road([long, long, 1000.0], [2.0, 1.0, 0.5]), [0] * count, [3] * count, np.arange(count) / demand)

    def entered(time):
        movement.run(time)
        return int(movement.engine.on()[::2].sum()) + int((movement.state == FINISHED).sum())

    def flow(start, end):
        before = entered(start)
        return (entered(end) - before) / (end - start)

    assert flow(0.0, held - 50) == pytest.approx(demand, rel=0.01)
    assert flow(held + 50, heard - 20) == pytest.approx(q2, rel=0.01)
    assert flow(heard + 20, heard + 1000) == pytest.approx(q3, rel=0.01)
    on = movement.engine.on()[::2]
    assert on[0] == pytest.approx((2 * JAM - q3 / WAVE) * long, rel=0.01)
    assert on[1] == pytest.approx((JAM - q3 / WAVE) * long, rel=0.01)


#: Mean travel times [s] of UXsim 1.15.1, its C++ engine, with single vehicles and steps of a second.
@pytest.mark.parametrize(("count", "mean"), [(3000, 92.504), (6000, 114.268), (9000, 507.655)])
def test_travel_times_are_uxsim_s(count, mean):
    # everybody into one node of a grid of 10 x 10 within an hour, one lane each way: at 9,000 queues reach far back
    node = np.arange(100).reshape(10, 10)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    length = np.round(250.0 * np.random.default_rng(42).uniform(0.9, 1.1, len(tail)), 1)
    y, x = np.divmod(np.arange(100), 10)
    net = Network.from_arrays(x * 250.0, y * 250.0, tail, head, length=length, time=length / SPEED, lanes=2.0)
    [place] = np.random.default_rng(1).choice(100, 1, replace=False)
    rng = np.random.default_rng(7)
    origin = rng.integers(0, 100, count)
    depart = rng.uniform(0, 3600, count)
    movement = sent(net, origin, np.full(count, place), depart)
    movement.run(1e9)
    assert (movement.time - depart)[origin != place].mean() == pytest.approx(mean, rel=0.02)
