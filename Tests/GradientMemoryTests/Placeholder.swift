import Testing
@testable import GradientMemory
