"""Make the synthetic region again, in this folder: ``python gis_data/region/make.py``."""

from pathlib import Path

from twin.gis.synthetic.region import write_region

write_region(Path(__file__).resolve().parent)
