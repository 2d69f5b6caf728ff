internal import Adjoint
internal import Kernels

/// How far a kernel may be from its gate's definition, which is evaluated in double and then rounded.
enum KernelBound {
  /// Not at all.
  case exact
  /// |difference| ≤ ulps · ε · |value|.
  case relative(ulps: Double)
  /// |difference| ≤ factor · ε · `magnitude`, element by element: for sums, whose terms may cancel.
  case absolute(ulps: Double)

  init(_ kernel: Kernel, _ operands: [ReferenceTensor]) {
    switch kernel.form {
    case .elementwise(let operation): self = Self.bound(of: operation)
    case .source, .alias, .accumulate, .transpose, .broadcast, .slice, .pad, .concatenate, .sumOfPads, .spliceRows,
      .gatherRows,
      .scanPart, .reduce(.maximum, _), .reduceLeaves(.maximum, _), .structured(.exact, _):
      // Moved, compared, multiplied once, or added one after the other as the definition does.
      self = .exact
    case .structured(.rounded, _):
      // Exact to far below an ulp, then rounded, as the definition is.
      self = .absolute(ulps: 1)
    case .reduce, .reduceLeaves, .matmul, .composed, .structured(.sums, _):
      // A sum of n products in any order is within n · ε · Σ|terms| (N. Higham, Accuracy and Stability of Numerical
      // Algorithms, 2002, §3.1 and §4.2); n is at most the elements of an operand.
      self = .absolute(ulps: Double(operands.map(\.values.count).max() ?? 1))
    case .structured(.exponentials, _):
      // An exponential within 4 ulp for each term, their sum, a quotient or a logarithm within 4 ulp, a product and a
      // difference: bounded by the largest operand or result.
      self = .absolute(ulps: 16)
    case .scan:
      // A handful of gates a step, each within 4 ulp, whose errors go from step to step through a contraction.
      self = .absolute(ulps: 256)
    case .custom, .formula, .structured(.ofAuthor, _):
      // The author's arithmetic in the element type against the author's formula in double.
      self = .relative(ulps: 4)
    }
  }

  /// What the operation's own line claims.
  private static func bound(of operation: ElementwiseOperation) -> KernelBound {
    // IEEE 754 rounds exact operations, and rounding a double's result to float is the same rounding (§ double rounding
    // is innocuous where 53 ≥ 2 · 24 + 2).
    operation.ulps == 0 ? .exact : .relative(ulps: Double(operation.ulps))
  }

  /// The first element in which `computed` is further from `defined` than this allows, in words.
  func firstViolation(_ computed: ReferenceTensor, _ defined: ReferenceTensor, magnitude: Double) -> String? {
    guard case .exact = self else {
      let type = defined.elementType
      for (position, (value, expected)) in zip(computed.values, defined.values).enumerated() {
        if value == expected || (value.isNaN && expected.isNaN) { continue }
        // Where rounding ends at an infinity, the largest number may be as near as the bound says.
        let nearest = min(max(expected, -type.greatestFiniteMagnitude), type.greatestFiniteMagnitude)
        let allowed =
          switch self {
          case .relative(let ulps): ulps * type.ulpOfOne * max(nearest.magnitude, type.leastNormalMagnitude)
          case .absolute(let ulps): ulps * type.ulpOfOne * max(magnitude, nearest.magnitude)
          case .exact: 0.0
          }
        if !((value - nearest).magnitude <= allowed) {
          return "element \(position) is \(value), the definition says \(expected), \(allowed) apart at most"
        }
      }
      return nil
    }
    return computed.firstDifference(from: defined)
  }
}
