# What a compiled behaviour may see of the engine: agents in columns, arcs and lanes as packed records, one calendar.
# A package of your own cimports this from the folder that twin.simulation.include() names; see docs/agents.md.
from events cimport *
from types cimport *

cdef enum Kind:
    FREELY                       # nobody is in anybody's way
    CROWDED                      # on foot: the speed of who enters falls with the density
    QUEUED                       # vehicles: a spatial queue with backward waves
    OWN                          # on foot, by the function of a package of yours

cdef enum State:
    WAITING, TRAVELLING, FINISHED, STRANDED
    IN_LINE, IN_SERVICE          # at a desk
    SERVED, LEFT, TURNED_AWAY    # by a desk, out of patience, since too many waited: until asked what now

cdef enum Row:
    HERE = -1                    # in a next-hop table: this is the goal
    CUT_OFF = -2                 # no way from here
    JOINS = -3                   # and below, on a way that is written out: it goes on so many rows before, and two
    CHAIN = 0x40000000           # a bit of an arc on such a way: it goes on with the row after
    ARC = 0x3FFFFFFF             # the others
    UNWATCHED = -1               # lane of an arc that keeps no account of who is on it
    JUNCTION = -2                # lane of an arc between two copies of a junction: no place to be

cdef enum Call:                  # rows of events that are no movement
    DESK = 0xFFFFFFFE            # a service ends
    PATIENCE = 0xFFFFFFFF        # somebody has waited long enough

cdef struct Desk:
    int32_t servers, busy, waiting
    int32_t first[2]             # first of those who wait: with an appointment, and without
    int32_t last[2]
    int32_t served

cdef packed struct Arc:
    double seconds
    int32_t step                 # rows from that of its source to that of its target
    int32_t lane

cdef struct World

# When an agent that has just entered a lane, and counts as one of those `on` it, will have come to its end [s].
ctypedef double (*Walk)(World* w, int32_t agent, int32_t lane, double time) noexcept nogil

cdef struct Lane:                # three lines of the cache; what vehicles need is in the first two
    double headway               # QUEUED: between two that pass its start [s]
    double discharge             # QUEUED: between two that pass its end: longer where a signal is red in between [s]
    double hole                  # QUEUED: that a free place takes to travel from its end to its start [s]
    double last_in, last_out
    int64_t entered, left, first  # first: where its ring of exit times begins
    int32_t storage
    int32_t on                   # agents on it
    int32_t head, tail           # QUEUED: its first and last vehicle
    int32_t source, source_tail  # QUEUED: those that wait at its start to set out, beside the road
    int32_t wait, wait_tail      # QUEUED: whoever wants to enter: 2 lane, or 2 lane + 1 for its source
    uint8_t kind, booked
    double length                # [m]
    double area                  # CROWDED, OWN: of the lane [m2]
    Walk walk                    # OWN; what speed, shape, jam and floor_speed mean is its business
    double speed, shape, jam, floor_speed  # CROWDED: Weidmann's free speed, exponent and jam density; the least speed
    double spare[4]

cdef packed struct Watched:      # of an agent that is watched
    double since, till           # when it came to where it is, and when it could leave [s]
    int32_t arc                  # that it is on; NONE at a node
    int32_t hears                # of what its methods hear; see watched.pxd

cdef packed struct Entry:        # of an agent into an edge
    double time
    uint32_t agent
    int32_t arc

cdef struct World:
    int64_t agents, lanes
    const int32_t* next          # of each row, the arc to go on by
    const Arc* arc
    Lane* lane
    double* exits                # QUEUED: times at which the last `storage` vehicles left each lane
    int32_t* after               # (2 lanes,) who stands behind each in the line before the same lane
    int32_t* link                # (agents,) who follows each on its lane
    double* ready                # (agents,) when each could leave its lane
    double* time                 # (agents,) of each one's last change
    uint32_t* row                # (agents,) where each is, or is coming to
    int32_t* on                  # (agents,) lane that each is on
    uint8_t* state
    const uint8_t* asks          # who is reported on arrival
    int32_t* site                # (agents,) site that each goes to, NONE where it is none
    const uint32_t* site_row     # (sites,) where the table of each begins
    const int32_t* site_order    # (sites, sites) all sites, the nearest to each first
    int64_t* room                # (sites,)
    int64_t sites, crossings, redirects
    Desk* desk                   # (desks,)
    int32_t* at_desk             # (agents,) desk that each is at, or was at last
    int32_t* back                # (agents,) who stands before each in line; `link`: who stands behind
    uint8_t* walks_in            # (agents,) whether one has no appointment
    int32_t* bears               # (agents,) as many may wait before one is turned away; NONE: any number
    double* need                 # (agents,) how long one is to be served [s]
    double* deadline             # (agents,) when one's patience ends
    double* since                # (agents,) when one came to the desk
    double* begin                # (agents,) when one's service began; infinity: not yet
    const int32_t* then          # (agents,) who sets out when this one has arrived: the next trip of a day; NULL: no days
    double* start                # (agents,) when one set out, or will at the earliest [s]
    const double* stay           # (agents,) and how long after the trip before it, at the least [s]
    const double* ride           # (agents,) a trip that takes so long, whatever is on the streets; 0: it goes by them [s]
    uint32_t* told               # (agents,) those that arrived, to be reported
    int64_t tellings
    int64_t watched              # number of the first agent that is watched
    Watched* one                 # (agents - watched,)
    Entry* entry                 # since they were last looked at; NULL where nobody wants to know
    int64_t entries, entry_room
    const int32_t* edge          # of each arc
    const uint64_t* object       # (agents - watched,) where each stands in memory, to ask for it in time
    void* owner                  # that calls their methods
    double now                   # time of the event in hand [s]
    bint pauses                  # after the events of this time
    bint broken                  # a method raised
    Calendar calendar

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    /* The empty statement has an effect, for all that compilers know: a function of mere hints would be left out. */
    #define fetch(where) do { __builtin_prefetch(where); __asm__ volatile(""); } while (0)
    #else
    #define fetch(where)
    #endif
    #ifdef __linux__
    #include <sys/mman.h>
    #define in_huge_pages(where, bytes) madvise(where, bytes, MADV_HUGEPAGE)
    #else
    #define in_huge_pages(where, bytes)
    #endif
    """
    void in_huge_pages(void*, size_t) noexcept nogil  # ask for it: what is read all over is found with fewer looks
    void fetch(const void*) noexcept nogil

cdef enum:
    LANE_EVENT = 0x40000000      # an event of a lane, not of an agent: they come after those of agents
    LOOK = 0x10000               # entries after which the engine comes back to have them looked at
    AHEAD = 12                   # events by which memory is asked for before it is needed
    LINE = 64                    # bytes of a line of the cache
    HUGE_PAGE = 0x200000         # bytes

cdef inline int32_t onward(const World* w, uint32_t* row) noexcept nogil:
    """The arc by which one goes on from a row; the row moves to the copy of the junction that the arc leaves."""
    cdef int32_t arc = w.next[row[0]]
    while True:
        if arc <= JOINS:
            row[0] = <uint32_t> (<int64_t> row[0] + arc + 2)
        elif arc < 0 or w.arc[arc & ARC].lane != JUNCTION:
            return arc if arc < 0 else arc & ARC
        else:
            row[0] = after(w, row[0])
        arc = w.next[row[0]]

cdef inline uint32_t after(const World* w, uint32_t row) noexcept nogil:
    """The row that one comes to by the arc of a row."""
    cdef int32_t arc = w.next[row]
    return row + 1 if arc & CHAIN else row + w.arc[arc].step

cdef inline int follow(World* w, int32_t a, double time) noexcept nogil:
    """Somebody has arrived: the next trip of the day, if there is one, begins in its time."""
    cdef int32_t n
    if w.then == NULL or w.asks[a] or w.then[a] == NONE:
        return 0
    n = w.then[a]
    w.start[n] = w.time[n] = max(w.start[n], time + w.stay[n])
    return calendar_push(&w.calendar, w.start[n] + w.ride[n], n, w.row[n])

cdef inline void tell(World* w, int32_t a) noexcept nogil:
    """Report somebody who is to be asked what now."""
    if w.asks[a]:
        w.told[w.tellings] = a
        w.tellings += 1
