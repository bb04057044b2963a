"""Mingchuan, a synthetic region: a prefecture in miniature, with a central city, county towns, towns and villages."""

from __future__ import annotations

from pathlib import Path

from twin.model import City

__all__ = ["region", "write_region"]


def region(seed: int = 1) -> City:
    """Make the region of a seed; the same seed gives the same tables on every run.

    Parameters
    ----------
    seed : any whole number of at least 0; the region in ``gis_data/region`` is of seed 1.
    """
    from twin.gis.synthetic.region.whole import make

    return make(seed).city


def write_region(folder: Path | str, seed: int = 1) -> None:
    """Write the region as a city folder, with its timetable (``gtfs.zip``) and a README.

    Parameters
    ----------
    folder : where to write it; a ``make.py`` that stands there is kept, everything else is replaced.
    seed : see `region`.

    Raises
    ------
    DataError : the folder is something else than a city folder, or cannot be written.
    """
    from twin.gis.synthetic.bundle import check_target
    from twin.gis.synthetic.region.whole import make, write

    check_target(Path(folder))
    write(make(seed), Path(folder))
