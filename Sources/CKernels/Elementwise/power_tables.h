#pragma once

// What powers are looked up in: logarithms of 128 numbers, and 128 powers of two.

/// For z in the i-th of 128 equal parts (by their bits) of the numbers from ADJ_LOG_FIRST to twice that: an inverse of
/// so few digits that `inverse · z - 1` is a double, and -ln inverse, rounded to a multiple of 2^-42, and the rest of
/// it. In the part that holds 1 they are 1, 0 and 0.
struct adj_log_entry {
  double inverse, log, rest;
};
#define ADJ_LOG_FIRST 0x3FE6955500000000u
extern const struct adj_log_entry adj_log_table[128];

/// 2^(i / 128), and by which part of it rounding made it too small.
struct adj_exp_entry {
  double power, rest;
};
extern const struct adj_exp_entry adj_exp_table[128];
