#include "include/COperations.h"

enum {
  UNARY_ARITY = 1, LONE_ARITY = 1, ANGLE_ARITY = 1,
  BINARY_ARITY = 2, STRONG_ARITY = 2,
  TERNARY_ARITY = 3,
};

#define FACTS(FORM, NAME, TRAITS, ULPS, ...) {#NAME, FORM##_ARITY, ADJ_##TRAITS, ULPS},

const struct adj_operation_facts adj_operation_table[] = {ADJ_OPERATIONS(FACTS)};

#define ELEMENT_FACTS(NAME, ELEMENT, WIDE, KIND, PRECISION, EXPONENT, STORED) \
  {#NAME, STORED, PRECISION, EXPONENT, sizeof(ELEMENT), ADJ_KIND_##KIND},

const struct adj_element_facts adj_element_table[] = {ADJ_ELEMENT_TYPES(ELEMENT_FACTS)};
