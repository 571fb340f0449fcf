/** Value of maxLeaves that means all: the search is exact. */
export const ALL_LEAVES = 0x7fff_ffff;
