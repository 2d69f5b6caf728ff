// Tiles where a vector of 64 bytes takes several registers, of which there are 16 to 32.

#define MOST_ROWS 6  // Decisions/Kernels.md
#define SHALLOW_ROWS MOST_ROWS
#define MOST_VECTORS(ROWS) ((ROWS) == 1 ? 4 : (ROWS) == 2 ? 2 : 1)
#define TURNED_ROWS 4  // Decisions/Kernels.md
#define EACH_TURNED(T) T(1) T(2) T(3) T(4)
#define TILES(T) \
  T(1, 1) T(2, 1) T(3, 1) T(4, 1) T(5, 1) T(6, 1) T(1, 2) T(2, 2) T(1, 4)
#define TILE_TABLE(T)                                                                                            \
  {T(1, 1), T(1, 2), T(1, 4)}, {T(2, 1), T(2, 2)}, {T(3, 1)}, {T(4, 1)}, {T(5, 1)}, {T(6, 1)}
