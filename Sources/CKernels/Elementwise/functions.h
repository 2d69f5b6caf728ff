#pragma once

// All functions that the table of operations names, and what its forms have in common.

#include "COperations.h"
#include "functions_angles.h"
#include "functions_f32.h"
#include "functions_f64.h"
#include "functions_normal.h"
#include "functions_power.h"
#include "functions_special.h"
#include "include/CKernels.h"

/// What an operation of form STRONG gives: without a branch, in loops over many.
#define ADJ_STRONG(CONDITION, EXPRESSION) FN(signed)((CONDITION) ? (REAL)0 : (EXPRESSION), a, b)
