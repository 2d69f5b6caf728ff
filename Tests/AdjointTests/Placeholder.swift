import Testing
@testable import Adjoint
