/// A Swift number that may stand beside a node in a formula: `Double`, `Float` and `Int`.
///
/// ```swift
/// let count = 12, rate: Float = 0.5
/// let y = maximum(x * rate / count, 0)
/// ```
/// The number becomes a constant of the node's element type, one for all uses of one value in a graph, and repeated
/// over the node's shape. It passes through a double: an `Int` beyond 2^53 is rounded, and so is what the type cannot
/// hold.
public protocol NumberOperand: Sendable {
  // Operators have overloads for `Double` beside the generic ones, which are disfavoured: a literal is a `Double`, `x *
  // .pi` finds its type, and a compiler that meets ten literals in an expression has two candidates for each, not six.
  // With overloads for `Float` and `Int` in their place, `-0.5 * x * x - 2 * n + 0.9 + x * (1 - n) / (1 + n) - 1e-5`
  // took 100 ms to type-check instead of 7.

  /// This number as a double, the nearest one if there is no equal one.
  var asDouble: Double { get }
}

extension Double: NumberOperand {}
extension Float: NumberOperand {}

extension Int: NumberOperand {
  public var asDouble: Double { Double(self) }
}
