# cython: language_level=3, cdivision=True
"""Walking by the hydraulic model of the SFPE Handbook: the speed falls in a straight line with the density.

v = speed (1 - 0.266 D), at most 0.85 speed (which is that of D = 0.54 persons/m2 to two digits), at least the floor of the
lane; D counts those on the edge in the same direction, oneself among them (Nelson & Mowrer).
"""

from cpython.pycapsule cimport PyCapsule_New

from moving cimport World
from types cimport int32_t


cdef double walk(World* w, int32_t agent, int32_t lane, double time) noexcept nogil:
    cdef double density = w.lane[lane].on / w.lane[lane].area
    cdef double speed = w.lane[lane].speed * min(0.85, 1.0 - 0.266 * density)
    return time + w.lane[lane].length / max(speed, w.lane[lane].floor_speed)


capsule = PyCapsule_New(<void*> walk, "twin.Walk", NULL)
