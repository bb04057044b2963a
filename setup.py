"""Build the kernels of ``ext/`` into ``twin._kernels``; everything else is in pyproject.toml.

``TWIN_BOUNDS_CHECK=1`` builds them with bounds checks on, for the kernel tests.
"""

import os
import shutil
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_py import build_py

checked = os.environ.get("TWIN_BOUNDS_CHECK") == "1"
directives = {
    "language_level": 3,
    "boundscheck": checked,
    "wraparound": checked,
    "initializedcheck": checked,
    "cdivision": True,
}
extensions = [
    Extension(
        f"twin._kernels.{path.stem}",
        [path.as_posix()],
        depends=sorted(source.as_posix() for source in Path("ext").glob("*.p[xy][dx]")),  # they also go into the sdist
        extra_compile_args=["-O3"],
    )
    for path in sorted(Path("ext").glob("*.pyx"))
]


class WithDeclarations(build_py):
    """What a compiled behaviour of another package cimports goes into the wheel, beside the kernels."""

    def run(self):  # noqa: D102 -- of setuptools
        super().run()
        if not self.editable_mode:
            for path in Path("ext").glob("*.pxd"):
                shutil.copy(path, Path(self.build_lib, "twin", "_kernels"))


setup(
    cmdclass={"build_py": WithDeclarations},
    ext_modules=cythonize(extensions, compiler_directives=directives, include_path=["ext"], force=checked),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)
