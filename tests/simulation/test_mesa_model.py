"""Mesa around the engine: steps, a data collector, the same result as running through."""

import subprocess
import sys

import pandas as pd

import twin
from twin.gis.grid import grid_city


def test_steps_and_a_data_collector():
    import mesa

    from twin.simulation import CityModel

    trips = twin.Trips("walk", [0, 0, 0], [1, 2, 3])
    model = CityModel(grid_city(5), [trips], dt=75.0, rng=1)
    watch = mesa.DataCollector(model_reporters={"there": model.report("finished")})
    for _ in range(4):
        watch.collect(model)
        model.step()
    assert watch.get_model_vars_dataframe()["there"].tolist() == [0, 1, 2, 3]
    assert isinstance(model, mesa.Model)
    through = twin.simulate(grid_city(5), [trips], until=300.0, seed=1)
    pd.testing.assert_frame_equal(model.trace()["trips"], through["trips"])


def test_mesa_is_loaded_only_when_it_is_used():
    code = "import sys, twin; twin.simulate; twin.Agents; print('mesa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
