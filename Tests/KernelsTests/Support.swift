import DependencyScheduling
import Kernels
import LibC
import Testing

/// The floats the kernels compute with.
protocol KernelFloat: BinaryFloatingPoint, Sendable {
  static var elementType: ElementType { get }
  /// Bits in the order of the numbers: neighbours differ by 1, and -0 equals +0.
  var rank: Int64 { get }
  var bits: UInt64 { get }
}

extension Float: KernelFloat {
  static var elementType: ElementType { .float32 }
  var bits: UInt64 { UInt64(bitPattern) }
  var rank: Int64 { sign == .minus ? -Int64(bitPattern & 0x7FFF_FFFF) : Int64(bitPattern) }
}

extension Double: KernelFloat {
  static var elementType: ElementType { .float64 }
  var bits: UInt64 { bitPattern }
  var rank: Int64 { sign == .minus ? -Int64(bitPattern & 0x7FFF_FFFF_FFFF_FFFF) : Int64(bitPattern) }
}

/// Representable numbers between two values; 0 for two NaN. `Int64.max` for one NaN, or if there are more than that.
func steps<T: KernelFloat>(between a: T, and b: T) -> Int64 {
  if a.isNaN || b.isNaN { return a.isNaN && b.isNaN ? 0 : .max }
  let (difference, overflow) = a.rank.subtractingReportingOverflow(b.rank)
  return overflow ? .max : abs(difference)
}

/// The same bits, any NaN being as good as another.
func same<T: KernelFloat>(_ a: T, _ b: T) -> Bool { a.bits == b.bits || (a.isNaN && b.isNaN) }

func same<T: KernelFloat>(_ a: [T], _ b: [T]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { same($0, $1) }
}

func randomValues<T: KernelFloat>(_ count: Int, _ numbers: inout SeededGenerator) -> [T] {
  (0..<count).map { _ in T(Double.random(in: -2...2, using: &numbers)) }
}

func elementCount(_ shape: [Int]) -> Int { shape.reduce(1, *) }

/// All coordinates of a shape, in row-major order.
func coordinates(of shape: [Int]) -> [[Int]] {
  shape.reduce([[]]) { all, size in all.flatMap { prefix in (0..<size).map { prefix + [$0] } } }
}

func flatIndex(_ coordinate: [Int], in shape: [Int]) -> Int {
  zip(coordinate, shape).reduce(0) { $0 * $1.1 + $1.0 }
}

/// The element of an operand that NumPy's rule puts under an output coordinate.
func broadcastIndex(_ coordinate: [Int], operand: [Int]) -> Int {
  let aligned = coordinate.suffix(operand.count)
  return flatIndex(zip(aligned, operand).map { $1 == 1 ? 0 : $0 }, in: operand)
}

/// Every shape of `rank` axes with sizes 1, 2 and 3.
func shapes(rank: Int) -> [[Int]] {
  (0..<rank).reduce([[]]) { all, _ in all.flatMap { shape in [1, 2, 3].map { shape + [$0] } } }
}

/// Every shape that broadcasts to `output`: leading axes left out, any axis 1.
func operandShapes(under output: [Int]) -> [[Int]] {
  var all: Set<[Int]> = []
  for missing in 0...output.count {
    let full = Array(output[missing...])
    for mask in 0..<(1 << full.count) {
      all.insert(full.indices.map { mask >> $0 & 1 == 0 ? full[$0] : 1 })
    }
  }
  return all.sorted { $0.lexicographicallyPrecedes($1) }
}

/// Cuts of 0..<count into odd pieces.
func oddCuts(_ count: Int, _ numbers: inout SeededGenerator) -> [Range<Int>] {
  var cuts: [Range<Int>] = []
  var start = 0
  while start < count {
    let end = min(count, start + Int.random(in: 1...37, using: &numbers))
    cuts.append(start..<end)
    start = end
  }
  return cuts
}

/// Runs an elementwise operation on arrays.
func elementwise<T: KernelFloat>(
  _ operation: ElementwiseOperation, output shape: [Int], _ operands: [([Int], [T])], cuts: [Range<Int>]? = nil
) -> [T] {
  let plan = BroadcastPlan(output: shape, operands: operands.map(\.0))
  var output = [T](repeating: 99, count: elementCount(shape))
  withPointers(to: operands.map(\.1)) { inputs in
    output.withUnsafeMutableBytes { bytes in
      for range in cuts ?? [0..<plan.count] {
        runElementwise(
          operation, T.elementType, plan: plan, inputs: inputs, output: bytes.baseAddress!, range: range)
      }
    }
  }
  return output
}

/// The arrays' first elements, alive during `body`.
func withPointers<T, Result>(
  to arrays: [[T]], _ body: (UnsafePointer<UnsafeRawPointer>) throws -> Result
) rethrows -> Result {
  let copies = arrays.map { array in
    let copy = UnsafeMutableBufferPointer<T>.allocate(capacity: max(array.count, 1))
    _ = copy.initialize(from: array)
    return copy
  }
  defer { for copy in copies { copy.deallocate() } }
  return try copies.map { UnsafeRawPointer($0.baseAddress!) }.withUnsafeBufferPointer {
    try body($0.baseAddress!)
  }
}

/// A zero with the sign of a product of two numbers.
private func zero<T: KernelFloat>(_ a: T, _ b: T) -> T { a.sign == b.sign || a.isNaN || b.isNaN ? 0 : -0.0 }

/// a / (a² + b²) by the longer of both, so that no square overflows.
private func circleInversion(_ a: Double, _ b: Double) -> Double {
  let longer = max(abs(a), abs(b))
  if a.isNaN || b.isNaN { return .nan }
  if longer == 0 || longer == .infinity { return 0 }
  let (p, q) = (a / longer, b / longer)
  // A coordinate that would lose digits below the normal numbers is far shorter than the other.
  if abs(a) < longer * 0x1p-700 { return a * 0x1p600 / longer / longer * 0x1p-600 }
  return p / (p * p + q * q) / longer
}

/// The slow and obvious definition of an operation, computed in double precision where that matters.
func definition<T: KernelFloat>(_ operation: ElementwiseOperation, _ a: T, _ b: T, _ c: T) -> T {
  let x = Double(a)
  let y = Double(b)
  return switch operation {
  case .copy: a
  case .negate: -a
  case .square: a * a
  case .squareRoot: a.squareRoot()
  case .exponential: T(exp(x))
  case .logarithm: T(log(x))
  case .sine: T(sin(x))
  case .cosine: T(cos(x))
  case .tanh: T(tanh(x))
  case .sigmoid: T(sigmoid(x))
  case .relu: a.isNaN ? a : (a > 0 ? a : 0)
  case .absolute: abs(a)
  case .sign: a > 0 ? 1 : (a < 0 ? -1 : a)
  case .add: a + b
  case .subtract: a - b
  case .multiply: a * b
  case .divide: a / b
  case .power: T(pow(x, y))
  case .maximum: a.isNaN || b.isNaN ? .nan : (a == b ? (a.sign == .minus ? b : a) : (a > b ? a : b))
  case .minimum: a.isNaN || b.isNaN ? .nan : (a == b ? (a.sign == .minus ? a : b) : (a < b ? a : b))
  case .greater: a > b ? 1 : 0
  case .equal: a == b ? 1 : 0
  case .select: a != 0 ? b : c
  case .route: b > c ? a : (b == c ? a / 2 : 0)
  case .errorFunction: T(erf(x))
  case .exponentialMinusOne: T(expm1(x))
  case .softplus: T(max(x, 0) + log1p(exp(-abs(x))))
  case .sigmoidSlope: T(sigmoidSlope(x))
  case .bell: T(bell(x))
  case .normalDistribution: T(normalDistribution(x))
  case .tanhNormalDistribution: T(tanhNormalDistribution(x))
  case .downstream: a == 0 ? zero(a, b) : a * b
  case .mutualProduct: a == 0 || b == 0 ? zero(a, b) : a * b
  case .downstreamQuotient: a == 0 ? zero(a, b) : a / b
  case .shiftedPower: T(shiftedPower(x, y, Double(c)))
  case .hypotenuse: x.isNaN || y.isNaN ? .nan : T(hypot(x, y))
  case .atan2: T(atan2(x, y))
  case .circleInversion: T(circleInversion(x, y))
  case .logarithmOfOnePlus: T(log1p(x))
  case .floor: a.rounded(.down)
  case .ceiling: a.rounded(.up)
  case .round: a.rounded(.toNearestOrEven)
  }
}

extension ElementwiseOperation {
  /// Whether IEEE 754 leaves no choice of the result.
  var isExact: Bool { ulps == 0 }
}
