internal import Kernels

/// What running a node costs, estimated in nanoseconds from its sizes: enough to tell a unit worth a worker's while from
/// one that is not. It never decides an order of additions, so a wrong estimate costs time and not bits.
///
/// The three speeds are measured once a process (see ``measured``), and a program keeps those it was compiled with.
struct CostModel: Sendable, Hashable {
  /// The work a unit should hold: well above what starting one costs (tens of nanoseconds), and little enough that the
  /// steps of a recurrent network, of some ten microseconds each, leave work for a second worker.
  static let unit: Float = 2_000
  /// How many times that a run of scalar gates holds: the longer it is, the more gates of one level it finds.
  static let scalarUnits: Float = 6

  /// The most parts a node is divided into: more cores than that find work in other nodes.
  static let mostParts = 16

  /// The most nanoseconds that a gate or a scan counts for, some eleven days: so the sums of many stay finite.
  static let longest: Float = 1e15

  private static let call: Float = 60

  /// How fast operands and results that lie in the second-level cache pass by.
  var bytesPerNanosecond: Float
  /// Multiplications and additions of a float32 matrix product.
  var operationsPerNanosecond: Float
  /// An exponential or its like, of one element.
  var transcendental: Float

  /// Those of a server's core with 512-bit vectors: the same units on every machine.
  static let nominal = CostModel(bytesPerNanosecond: 64, operationsPerNanosecond: 200, transcendental: 0.25)

  static func scalarGate(_ kernel: Kernel) -> Float { isTranscendental(kernel) ? 4 : 1.5 }

  /// - Parameters:
  ///   - result: the node's type and shape.
  ///   - operands: those of its inputs.
  func cost(of kernel: Kernel, result: Signature, operands: some Collection<Signature>) -> Float {
    let written = result.shape.elementCount
    let read = operands.reduce(0) { $0 + $1.shape.elementCount }
    let traffic = Float((written + read) * result.elementType.byteCount) / bytesPerNanosecond
    switch kernel.form {
    case .source, .alias: return 0
    case .elementwise:
      return Self.call + traffic + (Self.isTranscendental(kernel) ? transcendental * Float(written) : 0)
    case .rows(let operation), .rowEntry(let operation, _):
      let speed = operation.isTranscendental ? transcendental : 0.05
      return Self.call + traffic + 2 * speed * Float(read)
    case .matmul(let transposeA, _), .accumulateProduct(let transposeA, _):
      let a = operands.dropLast().last!.shape
      let inner = transposeA ? a[a.rank - 2] : a[a.rank - 1]
      let speed = result.elementType == .float64 ? operationsPerNanosecond / 2 : operationsPerNanosecond
      return 3 * Self.call + 2 * Float(written) * Float(inner) / speed
    case .dropout: return Self.call + traffic + transcendental * Float(written)
    case .circularConvolution, .circularCorrelation:
      // Each element of a circle meets each of its taps.
      let circles = Float(operands.first!.shape.elementCount)
      let taps = operands.first!.shape == result.shape ? operands.dropFirst().first!.shape : result.shape
      return Self.call + traffic + 0.1 * circles * Float(taps.dimensions.last ?? 1)
    case .convolution(let part, let geometry) where part.multiplies:
      let speed = result.elementType == .float64 ? operationsPerNanosecond / 2 : operationsPerNanosecond
      return 3 * Self.call + 2 * Float(geometry.products) / speed
    case .pool(_, let window): return Self.call + traffic + Float(read) * Float(window.height * window.width) / 8
    case .channelWindowSum(let radius): return Self.call + traffic * Float(radius + 1)
    case .convolution, .transpose, .gatherRows, .scatterAddRows: return Self.call + 2 * traffic
    case .custom: return Self.call + 4 * Float(written + read)
    default: return Self.call + traffic
    }
  }

  /// What moving the operands and results of a chain of elementwise gates takes; the gates come on top.
  func cost(of chain: ElementwiseChain, elementSize: Int) -> Float {
    let traffic = (chain.operandCount + chain.outputCount) * chain.count * elementSize
    return Self.call + Float(traffic) / bytesPerNanosecond
  }

  /// What one gate of a chain takes.
  func arithmetic(of kernel: Kernel, count: Int) -> Float {
    (Self.isTranscendental(kernel) ? transcendental : 0.05) * Float(count)
  }

  private static func isTranscendental(_ kernel: Kernel) -> Bool {
    guard case .elementwise(let operation) = kernel.form else { return false }
    switch operation {
    case .exponential, .logarithm, .sine, .cosine, .tanh, .sigmoid, .power, .errorFunction, .exponentialMinusOne,
      .softplus, .sigmoidSlope, .bell, .normalDistribution, .tanhNormalDistribution, .shiftedPower:
      return true
    default: return false
    }
  }
}
