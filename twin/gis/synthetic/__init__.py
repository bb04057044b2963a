"""Harbour, a synthetic town: complete, seeded and no real place.

A drawing made by hand (shores, river, avenues, zones) is bent by a seeded warp and filled with seeded streets, blocks,
buildings, people, facilities, lines and utilities. Every seed gives another town on the same plan.
"""

from __future__ import annotations

from pathlib import Path

from twin.model import City

__all__ = ["harbour", "write_harbour"]


def harbour(seed: int = 1) -> City:
    """Make the town of a seed; the same seed gives the same tables on every run.

    Parameters
    ----------
    seed : any whole number of at least 0; the town in ``gis_data/harbour`` is of seed 1.
    """
    from twin.gis.synthetic.town import make

    return make(seed).city


def write_harbour(folder: Path | str, seed: int = 1) -> None:
    """Write the town as a city folder, with its timetable (``gtfs.zip``), three drawn clinic layouts and a README.

    Parameters
    ----------
    folder : where to write it; a ``make.py`` that stands there is kept, everything else is replaced.
    seed : see `harbour`.

    Raises
    ------
    DataError : the folder is something else than a city folder, or cannot be written.
    """
    from twin.gis.synthetic.bundle import check_target, write
    from twin.gis.synthetic.town import make

    check_target(Path(folder))
    write(make(seed), Path(folder))
