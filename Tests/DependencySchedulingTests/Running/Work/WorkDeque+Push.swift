@testable import DependencyScheduling

extension WorkDeque.Ends {
  /// Adds one unit where thieves find it.
  func push(_ unit: UInt32) {
    stage(unit, at: end)
    publish(upTo: end + 1)
  }
}
