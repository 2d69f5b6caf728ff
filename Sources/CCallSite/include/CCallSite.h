#pragma once

/// The return address of the function this is called from. It is inlined at every optimisation level, so that the
/// "function it is called from" is the Swift function that names it; no frame pointer is followed.
static inline __attribute__((always_inline)) void *_Nullable adj_return_address(void) {
  return __builtin_extract_return_addr(__builtin_return_address(0));
}
