internal import Kernels

/// What running a node costs, estimated in nanoseconds from its sizes: enough to tell a unit worth a worker's while
/// from one that is not. It never decides an order of additions, so a wrong estimate costs time and not bits.
///
/// The three speeds are measured once a process, and a program keeps those it was compiled with.
public struct CostModel: Sendable, Hashable {
  /// The work a unit should hold: well above what starting one costs (tens of nanoseconds), and little enough that the
  /// steps of a recurrent network, of some ten microseconds each, leave work for a second worker.
  static let unit: Float = 2_000  // Decisions/Units-and-division.md
  /// How many times that a run of scalar gates holds: the longer it is, the more gates of one level it finds.
  static let scalarUnits: Float = 6  // Decisions/Units-and-division.md

  /// The most parts a node is divided into: more cores than that find work in other nodes.
  static let mostParts = 16  // Decisions/Units-and-division.md

  /// The most nanoseconds that a gate or a scan counts for, some eleven days: so the sums of many stay finite.
  static let longest: Float = 1e15  // Decisions/Limits.md

  private static let call: Float = 60  // Decisions/Units-and-division.md

  /// How fast operands and results that lie in the second-level cache pass by.
  public internal(set) var bytesPerNanosecond: Float
  /// Multiplications and additions of a float32 matrix product.
  public internal(set) var operationsPerNanosecond: Float
  /// An exponential or its like, of one element, in nanoseconds.
  public internal(set) var transcendental: Float

  /// Those of a server's core with 512-bit vectors: the same units on every machine. Decisions/Units-and-division.md
  static let nominal = CostModel(bytesPerNanosecond: 64, operationsPerNanosecond: 200, transcendental: 0.25)

  static func scalarGate(_ kernel: Kernel) -> Float {
    // Decisions/Units-and-division.md
    if case .elementwise(let operation) = kernel.form, operation.isTranscendental { 4 } else { 1.5 }
  }

  /// An addition or its like, of one element of a vector.
  static let arithmetic: Float = 0.05  // Decisions/Units-and-division.md

  /// A call that moves so many bytes: ``CallShapes/traffic``.
  public func cost(ofTraffic bytes: Float) -> Float { Self.call + bytes / bytesPerNanosecond }

  /// A call of so many multiplications and additions, in blocks that are laid out first. If it moves so many bytes for
  /// them that these take longer, as a row times a matrix does, that is what it takes.
  func cost(ofProducts operations: Float, moving bytes: Float = 0, _ type: Kernels.ElementType) -> Float {
    let speed = type.isDouble ? operationsPerNanosecond / 2 : operationsPerNanosecond
    return 3 * Self.call + max(operations / speed, bytes / bytesPerNanosecond)
  }
}
