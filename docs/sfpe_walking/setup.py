"""A compiled behaviour of one's own: one Cython file, built against the declarations that come with twin."""

from Cython.Build import cythonize
from setuptools import Extension, setup

from twin.simulation import include

setup(
    name="sfpe-walking",
    version="1.0",
    ext_modules=cythonize([Extension("sfpe", ["sfpe.pyx"])], include_path=[include()]),
)
