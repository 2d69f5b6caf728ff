// Newton's method with second derivatives from the graph: the whole Hessian where it is small, and Hessian-vector
// products with conjugate gradients where it would be large. Near the minimum each step squares the error.

try valley()
try regression()
