extension Node {
  /// log Σ e^x over `axes` (all, if `nil`), which stay with extent 1 if `keepsAxes`; a negative axis counts from the end.
  /// The gradient is the softmax, e^(x − y).
  ///
  /// ```swift
  /// let evidence = (logWeights + logLikelihoods).logSumExp(axes: [-1])   // [n, k] to [n]
  /// ```
  /// The largest x is taken out of the sum, so that no exponential overflows: log Σ e^(x − a) + a. The value does not
  /// depend on a, so no gradient flows through it.
  ///
  /// Where every x is −∞ the value is −∞, and the gradient 0. Where one is ∞ the value is ∞; the gradient is 0 for the
  /// others, and NaN for it: ∞ − ∞ has no value. A NaN gives a NaN.
  ///
  /// An axis that does not exist, or is named twice, is an error of the program that names this node and the line of the
  /// call.
  ///
  /// - Complexity: O(elements), in two passes over them. Bits are the same at every width.
  ///
  /// Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", 2021.
  public func logSumExp(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let x = Term(self, fileID, line)
    let largest = x.applying(MaximumOverAxes(axes: frontAxes(axes), keepsAxes: true)).applying(StopGradient())
    // Finite, so that −∞ less −∞ does not come up.
    let shift = largest.applying(Maximum(), x.literal(-bound)).applying(Minimum(), x.literal(bound))
    let sum = (x - shift).applying(Exponential()).applying(Sum(axes: frontAxes(axes), keepsAxes: true))
    // The sum is at least 1 but where every x is −∞: there the bound keeps the gradient from being 0 / 0.
    let result = sum.applying(Maximum(), x.literal(0.5)).applying(Logarithm()) + largest
    return keepsAxes ? result.node : result.reshaped(shape.reduced(over: frontAxes(axes), keepingAxes: false)).node
  }

  /// The largest finite number of the element type.
  private var bound: Double {
    elementType == .float32 ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude
  }
}
