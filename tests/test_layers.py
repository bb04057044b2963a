"""One direction: a module imports only from floors below it, and siblings do not see each other."""

import ast
from pathlib import Path

import pytest

import twin

ROOT = Path(twin.__file__).parent

#: The floors of the design, from the ground up. Those on one floor are siblings unless `ALLOWED` says otherwise.
FLOORS = (
    {"errors", "units", "registry", "_kernels"},
    {"model"},
    {"gis", "routing"},
    {"scenario", "hazards", "interventions"},
    {"simulation", "measures", "siting"},
    {"standards", "people"},
    {"report"},
    {"study", "trial", "benchmark"},
    {"cases"},
    {"cli", "view", "__main__"},
)
FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}

#: Sideways, importer -> imported: the ground floor's errors, readers of graphs, changes that register themselves.
ALLOWED = {
    ("units", "errors"),
    ("registry", "errors"),
    ("gis", "routing"),
    ("hazards", "scenario"),
    ("interventions", "scenario"),
}
#: Only inside a function: the registry of changes loads them when a name is first asked for.
LAZY = {("scenario", "hazards"), ("scenario", "interventions")}


def modules():
    return sorted(p for p in ROOT.rglob("*.py") if p.name != "__init__.py" or p.parent != ROOT)


def unit_of(path):
    """The part of the package that a file belongs to: its folder, or itself."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(tree):
    """(module, whether this module imports it at once, line) of every import; those for types alone are left out."""

    def walk(node, at_once):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from ((alias.name, at_once, child.lineno) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"line {child.lineno}: imports are absolute"
                if child.module == "twin":
                    yield from ((f"twin.{alias.name}", at_once, child.lineno) for alias in child.names)
                else:
                    yield child.module, at_once, child.lineno
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, at_once and not inside)

    return list(walk(tree, at_once=True))


def faults(unit, tree):
    """Imports of a module of `unit` that the floors do not allow."""
    found = []
    for module, at_once, line in imports(tree):
        parts = module.split(".")
        if parts[0] != "twin" or (
            unit in FLOORS[-1] and (len(parts) == 1 or parts[1] in {"__version__", *twin.__all__})
        ):
            continue  # the top floor uses the package as everybody does
        if len(parts) == 1:
            found.append(f"line {line}: import the part that is meant, not all of twin")
            continue
        other = parts[1]
        if other == unit:
            continue
        if other not in FLOOR:
            found.append(f"line {line}: twin.{other} stands on no floor")
        elif FLOOR[other] >= FLOOR[unit]:
            pair = unit, other
            if pair not in ALLOWED and not (pair in LAZY and not at_once):
                way = "upward" if FLOOR[other] > FLOOR[unit] else "sideways"
                found.append(f"line {line}: {unit} imports {way} from {other}")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_imports_from_floors_below(path):
    unit = unit_of(path)
    assert unit in FLOOR, f"{unit} stands on no floor: name one for it"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert faults(unit, tree) == []


@pytest.mark.parametrize(
    ("unit", "source", "says"),
    [
        ("model", "from twin.routing import nearest", "upward"),
        ("model", "import twin.gis.read", "upward"),
        ("routing", "from twin.gis import read", "sideways"),
        ("measures", "def f():\n    from twin.simulation import simulate", "sideways"),
        ("errors", "from twin.units import minute", "sideways"),
        ("scenario", "from twin.hazards import Flood", "sideways"),
        ("scenario", "class A:\n    import twin.hazards", "sideways"),
        ("hazards", "from twin import interventions", "sideways"),
        ("study", "from twin import cli", "upward"),
        ("study", "import twin", "all of twin"),
        ("study", "from twin.helpers import x", "no floor"),
    ],
)
def test_the_walk_finds_faults(unit, source, says):
    (fault,) = faults(unit, ast.parse(source))
    assert says in fault


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("gis", "from twin.routing.nx import from_networkx"),
        ("scenario", "def f():\n    import twin.hazards\n    import twin.interventions"),
        ("study", "from twin.measures.access import share_within\nimport numpy"),
        ("model", "if TYPE_CHECKING:\n    from twin.routing import nearest"),
        ("simulation", "from twin.simulation.agents import Agents"),
        ("cli", "import twin\nfrom twin import __version__, study"),
    ],
)
def test_the_walk_allows_what_is_allowed(unit, source):
    assert faults(unit, ast.parse(source)) == []


def importers(name):
    return {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if any(module.split(".")[0] == name for module, _, _ in imports(ast.parse(path.read_text(encoding="utf-8"))))
    }


def test_mesa_is_imported_in_two_files():
    # It costs most of a second, and sets the process's way of starting others.
    assert importers("mesa") == {"simulation/mesa_model.py", "simulation/mesa_view.py"}


def test_kernels_are_used_by_readers_routing_and_simulation_alone():
    users = {
        unit_of(path)
        for path in modules()
        if any(m.startswith("twin._kernels") for m, _, _ in imports(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert users <= {"gis", "routing", "simulation"}


def test_no_pickle_no_eval():
    # Input is untrusted.
    banned = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
    assert {name for name in banned if importers(name)} == set()
    for path in ROOT.rglob("*.py"):
        called = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"eval", "exec", "__import__"}, path


def test_no_assert_and_no_bare_except():
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Assert), f"{path}: line {node.lineno}"
            assert not (isinstance(node, ast.ExceptHandler) and node.type is None), f"{path}: line {node.lineno}"
