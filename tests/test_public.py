"""The names that scripts use, and what importing them costs."""

import importlib
import inspect
import subprocess
import sys

import pytest

import twin

PUBLIC = [
    "Agents",
    "City",
    "Network",
    "Raster",
    "Scenario",
    "Study",
    "Trace",
    "Trips",
    "Verdicts",
    "benchmark",
    "case",
    "check",
    "measures",
    "read",
    "read_layer",
    "routing",
    "simulate",
    "site",
    "study",
    "trial",
    "units",
    "whitepaper",
    "write",
]


def run(code):
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_public_names():
    assert twin.__all__ == PUBLIC == sorted(PUBLIC)
    assert set(PUBLIC) <= set(dir(twin))


@pytest.mark.parametrize("name", PUBLIC)
def test_each_is_there_and_documented(name):
    found = getattr(twin, name)
    assert inspect.getdoc(found)
    if not inspect.ismodule(found):
        assert found.__module__.startswith("twin.")


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'cities'"):
        twin.cities  # noqa: B018


def test_functions_win_over_the_modules_of_their_name():
    # twin.study is a module and a function: whoever imports the module first still calls the function
    for first in ("import twin.study", "import twin; twin.Study"):
        out = run(
            f"{first}; import twin; from twin import study; before = twin.study; import twin.study\n"
            "from twin.study import Study; print(study is before is twin.study, Study is twin.Study, callable(study))"
        )
        assert out == ["True"] * 3


def test_importing_twin_loads_nothing_heavy():
    heavy = (
        "{'pandas', 'numpy', 'geopandas', 'shapely', 'mesa', 'networkx', 'scipy', 'osmium', 'matplotlib', 'pydantic'}"
    )
    assert run(f"import sys, twin; print(*sorted({heavy} & set(sys.modules)))") == []
    assert run("import sys, twin.units, twin.errors, twin.registry; print('numpy' in sys.modules)") == ["False"]


def test_using_a_city_does_not_load_mesa():
    assert run("import sys, twin; twin.City, twin.Scenario, twin.check; print('mesa' in sys.modules)") == ["False"]


@pytest.mark.parametrize("module", ["model", "routing", "measures", "hazards", "standards", "simulation", "gis.osm"])
def test_what_a_package_says_it_has_is_there(module):
    found = importlib.import_module(f"twin.{module}")
    assert found.__all__ == sorted(found.__all__)
    for name in found.__all__:
        assert getattr(found, name) is not None


def test_the_contract_of_signatures():
    """Names and parameters that are used from outside the project (the design, section 13)."""
    contract = {
        twin.Network.from_arrays: ["x", "y", "tail", "head", "length", "directed", "crs"],
        twin.Network.close: ["self", "edges"],
        twin.City.from_network: ["net", "name"],
        twin.routing.nearest: ["net", "sites", "k", "limit", "cost"],
        twin.routing.within: ["net", "weights", "limit", "origins", "cost"],
        twin.routing.matrix: ["net", "origins", "destinations", "cost"],
        twin.routing.two_step: ["net", "demand", "supply_nodes", "supply", "limit", "steps", "cost"],
        twin.simulate: ["city", "agents", "until", "events", "seed"],
        twin.check: ["city", "packs", "trace"],
        twin.site: ["city", "kind", "count", "within", "objective", "candidates"],
        twin.read_layer: ["path"],
        twin.trial: ["packs", "cities", "clauses", "on"],
        twin.write: ["city", "target"],
    }
    for function, parameters in contract.items():
        found = list(inspect.signature(function).parameters)
        assert [p for p in found if p in parameters] == parameters, function.__qualname__
