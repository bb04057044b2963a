"""Make the synthetic town again, in this folder: ``python gis_data/harbour/make.py``."""

from pathlib import Path

from twin.gis.synthetic import write_harbour

write_harbour(Path(__file__).resolve().parent)
