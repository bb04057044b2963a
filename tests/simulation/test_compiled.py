"""A behaviour compiled by another package: the example of the guide is built, and walks as the SFPE Handbook says."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import twin
from twin.errors import DataError
from twin.model import City, Network
from twin.simulation import Compiled, include

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sfpe(tmp_path_factory):
    pytest.importorskip("Cython", reason="to build the example takes Cython")
    folder = shutil.copytree(ROOT / "docs" / "sfpe_walking", tmp_path_factory.mktemp("own") / "sfpe_walking")
    path = os.pathsep.join([str(Path(twin.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "ignore", "setup.py", "-q", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("sfpe.*.so")
    spec = importlib.util.spec_from_file_location("sfpe", built)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_declarations_are_there():
    assert {"moving.pxd", "events.pxd", "types.pxd"} <= {path.name for path in Path(include()).glob("*.pxd")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("people", "seconds"),
    [
        (1, 40 / (0.85 * 1.4)),  # D = 0.0125/m2
        (40, 40 / (0.85 * 1.4)),  # D = 0.5
        (80, 40 / (1.4 * (1 - 0.266))),  # D = 1
        (160, 40 / (1.4 * (1 - 0.532))),  # D = 2
        (400, 40 / 0.2),  # D = 5: no faster than the floor
    ],
)
def test_people_walk_as_the_package_says(sfpe, people, seconds):
    # all set out together into 40 m x 2 m: the last of them finds all others before it
    net = Network.from_arrays([0, 40], [0, 0], [0], [1], length=[40.0], time=[30.0])
    physics = Compiled(width=2.0, floor=0.2, speed=1.4, walk=sfpe.capsule)
    trips = twin.Trips("walk", np.zeros(people, int), np.ones(people, int), physics=physics)
    trace = twin.simulate(City.from_network(net, name="walk"), [trips], until=1000.0)
    assert trace["trips"]["arrive"].max() == pytest.approx(seconds)
    assert trace["trips"]["arrive"].min() == pytest.approx(40 / (0.85 * 1.4))


def test_what_is_no_behaviour():
    for wrong in (None, 3, object()):
        with pytest.raises(DataError, match=r"twin\.Walk"):
            Compiled(walk=wrong)
