"""What is remembered, for whom, and for how long."""

import gc
import threading
import time
import weakref

import pytest

from twin.model.memory import Memory


class Thing:
    def __eq__(self, other):
        return True

    __hash__ = None


def test_computed_once_for_the_same_owners():
    memory, calls, a, b = Memory(), [], Thing(), Thing()

    def compute():
        calls.append(1)
        return object()

    first = memory.of("x", (a,), compute)
    assert memory.of("x", (a,), compute) is first
    assert len(calls) == 1
    assert memory.of("x", (b,), compute) is not first  # equal is not the same
    assert memory.of("y", (a,), compute) is not first
    assert memory.of(("x", 1), (a,), compute) is not memory.of(("x", 2), (a,), compute)
    assert memory.of("x", (a, b), compute) is not memory.of("x", (b, a), compute)


def test_none_is_a_result_and_errors_are_not():
    memory, calls = Memory(), []
    for _ in range(2):
        assert memory.of("none", (), lambda: calls.append(1)) is None
    assert len(calls) == 1

    def fail():
        raise ValueError("no")

    for _ in range(2):
        try:
            memory.of("fails", (), fail)
        except ValueError:
            calls.append(2)
    assert calls == [1, 2, 2]
    assert memory.of("fails", (), lambda: 7) == 7


def test_the_oldest_goes_first_and_use_keeps_young():
    memory, things = Memory(most=2), [object() for _ in range(3)]
    made = [memory.of("x", (t,), object) for t in things[:2]]
    assert memory.of("x", (things[0],), object) is made[0]
    memory.of("x", (things[2],), object)  # drops the second
    assert memory.of("x", (things[0],), object) is made[0]
    assert memory.of("x", (things[1],), object) is not made[1]


def test_owners_live_as_long_as_they_are_a_key():
    memory = Memory(most=1)
    owner, kept = type("Owner", (), {})(), type("Kept", (), {})()
    refs = weakref.ref(owner), weakref.ref(kept)
    memory.of("x", (owner,), object, keep=kept)
    del owner, kept
    gc.collect()
    assert refs[0]() is not None
    assert refs[1]() is not None
    memory.of("y", (), object)
    gc.collect()
    assert refs[0]() is refs[1]() is None


def together(*jobs):
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_one_thread_computes_and_the_others_wait():
    memory, found, begun, calls = Memory(), [], threading.Event(), []

    def compute():
        calls.append(1)
        begun.set()
        time.sleep(0.05)  # the others come by
        return memory.of("inner", (), object)

    def late():
        begun.wait(timeout=10)
        found.append(memory.of("x", (), compute))

    together(lambda: found.append(memory.of("x", (), compute)), late, late, late)
    assert len(found) == 4
    assert all(each is found[0] for each in found)
    assert len(calls) == 1


def test_where_one_thread_fails_the_next_one_tries():
    memory, found, begun = Memory(), [], threading.Event()

    def fail():
        begun.set()
        time.sleep(0.05)
        raise ValueError("no")

    def first():
        with pytest.raises(ValueError, match="no"):
            memory.of("x", (), fail)

    def late():
        begun.wait(timeout=10)
        found.append(memory.of("x", (), lambda: 7))

    together(first, late, late)
    assert found == [7, 7]
