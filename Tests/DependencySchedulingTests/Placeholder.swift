import Testing
@testable import DependencyScheduling
