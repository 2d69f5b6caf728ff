import Testing
import Adjoint
