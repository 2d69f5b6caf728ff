internal import Adjoint
internal import DependencyScheduling

/// How many operands a sweep tries.
package enum AccuracyDensity: Sendable {
  /// A few thousand a gate: within a second for all of its roads.
  case test
  /// Every exponent, several mantissas each.
  case soak
}

/// Operands all over the range of a type: every exponent or a share of them, both signs, what arithmetic treats in a
/// special way, and densely where functions bend. Seeded: the same ones each time.
struct AccuracyPoints {
  let type: ElementType
  let density: AccuracyDensity

  /// Rows of operands, as a column for each operand.
  func columns(for formula: ExactFormula) -> [[Double]] {
    let free = formula.arity - (formula.last == nil ? 0 : 1)
    let columns: [[Double]]
    switch free {
    case 1: columns = [unary(landmarks: formula.landmarks)]
    case 2: columns = combinations(axis + signed(formula.landmarks), count: 2)
    default: columns = combinations(few, count: free)
    }
    guard let last = formula.last else { return columns }
    let repeated = columns.map { column in last.flatMap { _ in column } }
    return repeated + [last.flatMap { [Double](repeating: $0, count: columns[0].count) }]
  }

  private var exponents: ClosedRange<Int> { type.leastExponent...type.greatestExponent }

  /// Where eˣ leaves the type, below.
  private var farthest: Double { type.isDouble ? 760 : 110 }

  private var specials: [Double] {
    let (largest, normal) = (type.greatestFiniteMagnitude, type.leastNormalMagnitude)
    let tiny = type.leastNonzeroMagnitude
    return signed([0, .infinity, largest, normal, normal - tiny, tiny, 1]) + [.nan]
  }

  /// For functions of three operands.
  private var few: [Double] { specials.filter { $0 >= -1 || $0.isInfinite || $0.isNaN || $0 == 0 } + [2.5, -0.3] }

  private func unary(landmarks: [Double]) -> [Double] {
    var random = SeededGenerator(seed: 16)
    let (mantissas, stride) = density == .soak ? (8, 1) : (1, type.isDouble ? 5 : 2)
    var points = specials + signed(landmarks)
    for exponent in exponents where exponent % stride == 0 || (-60...12).contains(exponent) {
      for _ in 0..<mantissas { points += signed([power(exponent, random.unit())]) }
    }
    let dense = density == .soak ? 8_000 : 160
    for reach in [20, farthest] {
      points += (0..<dense).map { reach * (2 * (Double($0) + random.unit()) / Double(dense) - 1) }
    }
    return points.map(type.rounded)
  }

  /// Some exponents over the range with a seeded mantissa each, whole and simple numbers, and the special ones.
  private var axis: [Double] {
    let count = density == .soak ? 60 : 8
    var random = SeededGenerator(seed: 61)
    let width = exponents.upperBound - exponents.lowerBound
    let spread = (0...count).map { exponents.lowerBound + width * $0 / count } + [-9, -1, 0, 4]
    let points = specials + signed(spread.map { power($0, random.unit()) } + [0.5, 2, 3])
    return points.map(type.rounded)
  }

  private func power(_ exponent: Int, _ fraction: Double) -> Double {
    type.rounded(Double(sign: .plus, exponent: exponent, significand: 1 + 0.999 * fraction))
  }

  private func signed(_ points: [Double]) -> [Double] { points + points.map { -$0 } }

  private func combinations(_ axis: [Double], count: Int) -> [[Double]] {
    let rows = (0..<count).reduce([[]]) { prefixes, _ in prefixes.flatMap { prefix in axis.map { prefix + [$0] } } }
    return (0..<count).map { operand in rows.map { $0[operand] } }
  }
}
