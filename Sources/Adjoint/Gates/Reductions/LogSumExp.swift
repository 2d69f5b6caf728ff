internal import Kernels

/// Log-sum-exp over the last axis: y = log Σⱼ e^xⱼ.   x̄ = ȳ · softmax(x), and 0 in a row of −∞.
package struct LogSumExp: Gate, SampledGate {
  package static let name = "logSumExp"
  package init() {}
  package var kernel: Kernel { .structured(.exponentials) { RowCall(.logSumExp, $0) } }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    guard inputs[0].rank >= 1 else { throw ShapeError("\(Self.name) runs over the last axis, and a scalar has none") }
    return Shape(Array(inputs[0].dimensions.dropLast()))
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(
      shape, inputs[0].elementType,
      inputs[0].rows.map { x in
        let row = LogitRow(x)
        return row.greatest.isInfinite ? row.greatest : row.greatest + Libm.log1p(row.others)
      })
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream.asColumn, weights(node))]
  }

  /// ẏ = Σⱼ ẋⱼ pⱼ.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { downstream($0.broadcast(to: node.inputs[0].shape), weights(node)).sum(axes: [-1]) }
  }

  /// softmax(x), and 0 in a row of −∞.
  private func weights(_ node: GateApplication) -> Node {
    let isBottom = equal(node.output.asColumn, node.output.literal(-.infinity))
    return select(isBottom, node.output.literal(0), softmax(node.inputs[0]))
  }

  package static let samples = [
    GateSample(LogSumExp(), .uniform([2, 4])), GateSample(LogSumExp(), .uniform([5])),
    GateSample(LogSumExp(), .values([2, 3], [3, -1, 0.5, -2, 1, 1])),
  ]
}

extension LogSumExp: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.values) }
}

extension Node {
  /// log Σ e^x over `axes` (all, if `nil`), which stay with extent 1 if `keepsAxes`; a negative axis counts from the
  /// end. The gradient is the softmax.
  ///
  /// ```swift
  /// let evidence = (logWeights + logLikelihoods).logSumExp(axes: [-1])   // [n, k] to [n]
  /// ```
  /// The largest x is taken out of the sum, so that no exponential overflows and that the others are not lost beside
  /// it: log(1 + Σ e^(x − a)) + a, over all x but the one that is a. Of `[0, −20]` it is 2.06 · 10⁻⁹, also in float32,
  /// and second derivatives p · (1 − p) are as accurate where p is next to 1.
  ///
  /// Rows of more than 4,096 elements are summed in parts, which workers share, the largest element among the others:
  /// there what is lost beside a probability next to 1 is lost, in the value and in second derivatives.
  ///
  /// Take logarithms of probabilities from ``logSoftmax(_:fileID:line:)`` and
  /// ``crossEntropy(logits:labels:fileID:line:)``, not as differences `x[k] − log Σ e^x`: next to a probability of 1
  /// the difference of two rounded numbers is 0. Over a last axis of 4,096 elements at most the difference is
  /// recognised where the entry is a slice of x, and `x − log Σ e^x` of whole rows, and `log Σ e^x − entry` with a sum
  /// of x times
  /// ``oneHot(_:classes:_:fileID:line:)`` or an element gathered from a vector: it is computed and differentiated as
  /// what it is.
  ///
  /// Where every x is −∞ the value is −∞, and the gradient 0. Where one is ∞ the value is ∞; the gradient is 0 for the
  /// others, and NaN for it: ∞ − ∞ has no value. A NaN gives a NaN. Where no gradient comes in, none goes out, whatever
  /// x is.
  ///
  /// An axis that does not exist, or is named twice, is an error of the program that names this node and the line of
  /// the call.
  ///
  /// - Complexity: O(elements), in two passes over them, and one more to move them where `axes` are not the last. Bits
  ///   are the same at every width.
  ///
  /// Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", 2021.
  public func logSumExp(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let x = Term(self, fileID, line)
    let folded: [Int]
    do throws(ShapeError) { folded = try shape.normalized(axes: axes) } catch {
      return x.applying(LogSumExp()).refused(error.description, operands: [self]).node
    }
    let kept = (0..<shape.rank).filter { !folded.contains($0) }
    let order = kept + folded.sorted()
    let moved = order == Array(0..<shape.rank) ? x : x.applying(Transpose(order))
    let length = folded.reduce(1) { $0 * shape[$1] }
    if length > Self.longestRow { return x.logSumExpInParts(folded, keepsAxes: keepsAxes).node }
    let rows = moved.reshaped(Shape(kept.map { shape[$0] } + [length]))
    return rows.applying(LogSumExp()).reshaped(shape.reduced(over: folded, keepingAxes: keepsAxes)).node
  }

  /// The longest row that is one worker's.
  private static let longestRow = 4_096  // Decisions/Sums.md
}

extension Term {
  /// log Σ e^(x − a) + a with the largest x for a, in gates whose reductions the compiler divides. The value does not
  /// depend on a, so no gradient flows through it.
  fileprivate func logSumExpInParts(_ axes: [Int], keepsAxes: Bool) -> Term {
    let bound = node.elementType.computed.greatestFiniteMagnitude
    let largest = applying(MaximumOverAxes(axes: axes, keepsAxes: true)).applying(StopGradient())
    // Finite, so that −∞ less −∞ does not come up.
    let shift = largest.applying(Maximum(), literal(-bound)).applying(Minimum(), literal(bound))
    let sum = (self - shift).applying(Exponential()).applying(Sum(axes: axes, keepsAxes: true))
    // The sum is at least 1 but where every x is −∞: there the bound keeps the gradient from being 0 / 0.
    let result = sum.applying(Maximum(), literal(0.5)).applying(Logarithm()) + largest
    return keepsAxes ? result : result.reshaped(node.shape.reduced(over: axes, keepingAxes: false))
  }
}
