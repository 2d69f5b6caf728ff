import Adjoint
import DependencyScheduling

extension GraphExecutor {
  /// An executor that shares every run out, however little it is expected to gain, so that small programs meet several
  /// workers too.
  static func eager(width: Int) -> GraphExecutor {
    try! GraphExecutor(width: width, sharing: .always)
  }
}

extension Program.Options {
  /// Every node a unit of its own.
  static func fine(_ accumulation: Accumulation = .graphOrder, reusesBuffers: Bool = true) -> Program.Options {
    var options = Program.Options(accumulation: accumulation, reusesBuffers: reusesBuffers)
    options.unitWork = 0
    return options
  }

  /// Every call in as many parts as it can be divided into, up to sixteen, each a unit of its own.
  static func divided(reusesBuffers: Bool = true) -> Program.Options {
    var options = fine(reusesBuffers: reusesBuffers)
    options.division = .finest
    return options
  }
}
