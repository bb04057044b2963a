# Sixteen labels of a rank side by side, and the two passes over a hierarchy's arcs that lower them together.
#
# In C, because what makes them quick cannot be said in Cython: labels that stay in vector registers from arc to arc
# (3 times quicker than an array that the compiler keeps in memory), and a second copy of each pass for processors with
# AVX2, chosen when the module is loaded (2 times). Results are whole numbers, the same whichever runs.
#
# SSE2 compares signed numbers alone, so that a label is kept less 2**31; its sum with a cost stops at far():
# min(label, far() - cost) + cost.
from types cimport *

cdef extern from *:
    """
    #include <stdint.h>
    #if defined(__GNUC__)
    typedef int32_t twin_lanes __attribute__((vector_size(32), aligned(4), may_alias));
    #define TWIN_PARTS 2
    #define TWIN_LESSER(a, b) (((a) & ((a) < (b))) | ((b) & ~((a) < (b))))
    #define TWIN_FETCH(at) __builtin_prefetch(at)
    #else
    typedef int32_t twin_lanes;
    #define TWIN_PARTS 16
    #define TWIN_LESSER(a, b) ((a) < (b) ? (a) : (b))
    #define TWIN_FETCH(at) ((void) (at))
    #endif
    #if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
    #define TWIN_TWICE __attribute__((target_clones("avx2", "default"), noinline))
    #else
    #define TWIN_TWICE
    #endif
    #define TWIN_AT(label, rank) ((twin_lanes *) ((label) + 16 * (int64_t) (rank)))

    TWIN_TWICE static void twin_climb(const int32_t *rank, int64_t count, const int32_t *first, const int32_t *head,
                                      const uint32_t *cost, int32_t *label)
    {
        for (int64_t i = 0; i < count; i++) {
            twin_lanes own[TWIN_PARTS];
            for (int p = 0; p < TWIN_PARTS; p++)
                own[p] = TWIN_AT(label, rank[i])[p];
            for (int32_t a = first[rank[i]]; a < first[rank[i] + 1]; a++) {
                twin_lanes *there = TWIN_AT(label, head[a]), zero = {0};
                for (int p = 0; p < TWIN_PARTS; p++) {
                    twin_lanes most = zero + (int32_t) (~cost[a] ^ 0x80000000u);
                    twin_lanes sum = TWIN_LESSER(own[p], most);
                    sum = sum + (int32_t) cost[a];
                    there[p] = TWIN_LESSER(sum, there[p]);
                }
            }
        }
    }

    TWIN_TWICE static void twin_descend(const int32_t *rank, int64_t count, const int32_t *first, const int32_t *head,
                                        const uint32_t *cost, const uint8_t *known, int32_t *label)
    {
        for (int64_t i = 0; i < count; i++) {
            const int64_t r = rank ? rank[i] : count - 1 - i;
            twin_lanes own[TWIN_PARTS], zero = {0};
            for (int p = 0; p < TWIN_PARTS; p++)
                if (known[r])
                    own[p] = TWIN_AT(label, r)[p];
                else
                    own[p] = zero + INT32_MAX;
            for (int32_t a = first[r]; a < first[r + 1]; a++) {
                const twin_lanes *there = TWIN_AT(label, head[a]);
                for (int p = 0; p < TWIN_PARTS; p++) {
                    twin_lanes most = zero + (int32_t) (~cost[a] ^ 0x80000000u);
                    twin_lanes sum = TWIN_LESSER(there[p], most);
                    sum = sum + (int32_t) cost[a];
                    own[p] = TWIN_LESSER(sum, own[p]);
                }
            }
            for (int p = 0; p < TWIN_PARTS; p++)
                TWIN_AT(label, r)[p] = own[p];
        }
    }
    """
    # Lower the labels of what the arcs of `rank`, ascending, lead up to.
    void climb "twin_climb"(const node_t* rank, int64_t count, const node_t* first, const node_t* head,
                            const cost_t* cost, int32_t* label) noexcept nogil
    # Label each of `rank`, which come from the highest down and hold all ancestors of each (NULL: all there are), from
    # those above; where not `known`, a label has no value yet.
    void descend "twin_descend"(const node_t* rank, int64_t count, const node_t* first, const node_t* head,
                                const cost_t* cost, const uint8_t* known, int32_t* label) noexcept nogil
    # Have a place in memory brought near.
    void fetch "TWIN_FETCH"(const void* at) noexcept nogil

cdef enum:
    LANES = 16

cdef inline int32_t held(cost_t cost) noexcept nogil:
    """A cost as a label holds it."""
    return <int32_t> (cost ^ <cost_t> 0x80000000)

cdef inline cost_t read(int32_t label) noexcept nogil:
    """The cost that a label holds."""
    return <cost_t> label ^ <cost_t> 0x80000000
