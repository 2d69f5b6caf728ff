#pragma once
#if __has_include(<cblas.h>)
#include <cblas.h>
#else
#error The trait BLAS needs OpenBLAS: install libopenblas-dev (Fedora: openblas-devel), or turn the trait off.
#endif
