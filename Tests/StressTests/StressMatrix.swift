import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// What must not change a program's results, in all combinations: the order in which contributions are accumulated,
/// whether buffers are reused, how many workers there are.
///
/// In graph order the bits are the reference's, hence those of one worker with buffers reused. In arrival order a sum
/// may take its terms in any order: the values are for the caller to choose such that this makes no difference.
enum StressMatrix {
  static let widths = 1...8

  /// Both accumulations, with buffers reused and not; every node a unit of its own.
  static let options = [Accumulation.graphOrder, .arrivalOrder].flatMap { accumulation in
    [true, false].map { Program.Options.fine(accumulation, reusesBuffers: $0) }
  }

  /// Requires the reference's results of a step, with all `options` at all `widths`, and of a forward and a backward
  /// pass.
  ///
  /// - Parameter isExact: whether sums are exact in any order, so that arrival order too has the reference's bits.
  static func requireReference(
    _ stressed: StressedProgram, _ graph: String, options: [Program.Options] = options,
    widths: some Sequence<Int> = widths, twoPasses: Bool = false, isExact: Bool = false
  ) throws {
    for options in options {
      let program = try stressed.program(options)
      for width in widths {
        let session = try stressed.session(program, on: GraphExecutor.eager(width: width))
        try session.step()
        let stepped = try stressed.difference(of: session, exactly: isExact || options.accumulation == .graphOrder)
        try #require(stepped == nil, "\(graph), \(options), width \(width)")
        guard twoPasses else { continue }
        try session.forward()
        try session.backward()
        let passed = try stressed.difference(of: session, exactly: isExact || options.accumulation == .graphOrder)
        try #require(passed == nil, "\(graph), \(options), width \(width), two passes")
      }
    }
  }
}
