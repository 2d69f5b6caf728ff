// Adjoint
