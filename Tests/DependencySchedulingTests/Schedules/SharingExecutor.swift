import Dispatch

@testable import DependencyScheduling

extension GraphExecutor {
  /// An executor that shares every run out. One made in the ordinary way soon learns that the small units of a test are
  /// best left to one worker.
  static func sharing(width: Int) -> GraphExecutor {
    try! try GraphExecutor(width: width, sharing: .always, label: "sharing")
  }
}
