// Included once for each kind of vectors, with KIND its name, REGISTERS how many of them 64 bytes take, TARGET,
// MOST_ROWS, MOST_VECTORS, TILES, TILE_TABLE, TURNED_ROWS and EACH_TURNED.

#include "product_limits.h"

#define JOINED(A, B, C) A##_##B##_##C
#define JOIN(A, B, C) JOINED(A, B, C)

#define REAL float
#define WIDTH 16
#define NAME(X) JOIN(X, f32, KIND)
#include "product_tiles.h"
#include "product_panels.h"
#include "product_row.h"
#include "product_strips.h"
#include "product_turned.h"
#include "product_whole.h"

#define REAL double
#define WIDTH 8
#define NAME(X) JOIN(X, f64, KIND)
#include "product_tiles.h"
#include "product_panels.h"
#include "product_row.h"
#include "product_strips.h"
#include "product_turned.h"
#include "product_whole.h"
