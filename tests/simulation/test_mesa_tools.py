"""Mesa's own tools around a `CityModel`: batches of runs, and the page of SolaraViz."""

import mesa
import numpy as np
import pytest

import twin
from twin.gis.grid import grid_city
from twin.simulation import CityModel, Individual


class Errands(CityModel):
    """Six individuals and a crowd walk to the far corner; a number of them is asked for."""

    def __init__(self, walkers=3, rng=0, seed=None):
        crowd = twin.Trips("walk", [0, 1, 2, 3], [35] * 4)
        super().__init__(grid_city(5), [crowd], dt=150.0, rng=rng if seed is None else seed)
        for node in range(walkers):
            Individual(self, node).go(35)
        self.datacollector = mesa.DataCollector(
            model_reporters={"there": self.report("finished")}, agent_reporters={"status": "status"}
        )

    def step(self):
        super().step()
        self.datacollector.collect(self)


@pytest.mark.skipif(not hasattr(mesa, "batch_run"), reason=f"Mesa {mesa.__version__} has no batch_run any more")
def test_a_batch_of_runs():
    chance = {} if mesa.__version__ < "3.4" else {"rng": [1, 2]}
    runs = {"iterations": 2} if not chance else {}
    found = mesa.batch_run(
        Errands, {"walkers": [1, 3]}, **runs, **chance, number_processes=1, max_steps=20, display_progress=False
    )
    by_walkers = {n: [row["there"] for row in found if row["walkers"] == n] for n in (1, 3)}
    assert set(by_walkers[1]) == {5}
    assert set(by_walkers[3]) == {7}
    assert len({row["RunId"] for row in found}) == 4
    assert {row["status"] for row in found} <= {"on the way", "finished"}  # 3.3 gives those of the step before


def test_a_model_stops_by_itself():
    model = Errands()
    while model.running:
        model.step()
    assert model.now == 750  # 10 blocks of 75 s
    assert {status: many for status, many in model.counts().items() if many} == {"finished": 7}


def test_a_map(tmp_path):
    from twin.simulation.mesa_view import draw

    model = Errands()
    model.step()
    figure = draw(model)
    figure.savefig(tmp_path / "map.png")
    [axes] = figure.axes
    drawn = {each.get_label(): each.get_offsets() for each in axes.collections[1:]}
    assert list(drawn) == ["on the way: 7"]
    points = np.asarray(drawn["on the way: 7"])
    walkers = sorted(points[4:].tolist())  # two blocks on
    assert {x + y for x, y in walkers} == {200.0, 300.0, 400.0}
    assert (tmp_path / "map.png").stat().st_size > 10_000


def widgets(of):
    """A widget and all that it shows."""
    yield of
    for child in [*getattr(of, "children", []), *getattr(of, "items", [])]:
        if hasattr(child, "comm"):
            yield from widgets(child)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_the_page_of_solara():
    pytest.importorskip("solara", reason='SolaraViz needs what pip install "mesa[viz]" brings')
    import solara
    from mesa.visualization import SolaraViz, make_plot_component
    from mesa.visualization.utils import force_update

    from twin.simulation.mesa_view import city_map

    model = Errands()

    @solara.component
    def Page():  # noqa: N802
        SolaraViz(model, components=[city_map(), make_plot_component("there")], name="Errands")

    box, page = solara.render(Page(), handle_error=False)
    shown = {type(each).__name__: each for each in widgets(box)}
    assert "Image" in shown, f"no picture among {sorted(shown)}"
    before = [bytes(each.value) for each in widgets(box) if type(each).__name__ == "Image"]
    assert len(before) == 2  # the map and the plot
    assert all(picture.startswith(b"\x89PNG") and len(picture) > 5000 for picture in before)
    for _ in range(5):
        model.step()
    force_update()
    after = [bytes(each.value) for each in widgets(box) if type(each).__name__ == "Image"]
    assert after[0] != before[0]
    assert after[1] != before[1]
    page.close()
