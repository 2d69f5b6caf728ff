internal import Adjoint

/// The largest of some magnitudes; 1 where that is 0 or not finite, so that others can be divided by it.
///
/// Where gradients are clipped by it, a magnitude that is not finite is an error of the run.
struct LargestMagnitude: Gate {
  static let name = "largestMagnitude"
  /// What each is the magnitude of, for the error; `nil` lets all pass.
  private let names: [ExactName]?

  /// One that lets all pass.
  init() { names = nil }
  init(refusing names: [String]) { self.names = names.map { ExactName($0) } }

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { .scalar }

  var kernel: Kernel {
    .custom { [self] arguments in
      if try arguments.inputType(0).isDouble {
        try arguments.output(as: Double.self)[0] = largest(arguments.input(0, as: Double.self))
      } else {
        try arguments.output(as: Float.self)[0] = largest(arguments.input(0, as: Float.self))
      }
    }
  }

  private func largest<T: BinaryFloatingPoint>(_ magnitudes: UnsafeBufferPointer<T>) throws(TrainingError) -> T {
    var largest: T = 0
    for (position, magnitude) in magnitudes.enumerated() {
      if magnitude < .infinity {
        largest = max(largest, magnitude)
      } else if let names {
        throw .gradientNotFinite(names[position].text)
      } else {
        return 1
      }
    }
    return largest == 0 ? 1 : largest
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
}
