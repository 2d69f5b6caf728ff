extension Node {
  /// The variance over `axes` (all, if `nil`): Σ(x − μ)² / (n − `correction`), n elements of mean μ. A negative axis
  /// counts from the end.
  ///
  /// It divides by n unless asked otherwise, as NumPy and layer normalisation do: the variance of these elements, not
  /// an estimate of one that they are drawn from, for which PyTorch has a `correction` of 1. The correction is at least
  /// 0 and less than n; another is an error when compiling.
  ///
  /// Elements are centred twice, and scaled where squares would overflow: what is far from 0 and close together is
  /// right to its own rounding, and a constant gives exactly 0.
  public func variance(
    axes: [Int]? = nil, correction: Int = 0, keepsAxes: Bool = false, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Node {
    let spread = Spread(Term(self, fileID, line), axes: axes ?? allAxes)
    let square = spread.centred.values.applying(ScaledMeanSquare(axes: spread.axes))
    // Powers of two.
    let scale = square.scaleOfMeanSquare() * spread.centred.scale
    let mean = square.applying(Absolute()) / scale / scale
    let unbiased = correction == 0 ? mean : mean * (Double(spread.count) / spread.divisor(correction))
    return spread.result(unbiased, correction: correction, keepsAxes: keepsAxes)
  }

  /// The standard deviation over `axes` (all, if `nil`), the root of
  /// ``variance(axes:correction:keepsAxes:fileID:line:)``. Of a constant it is 0, and its gradient is 0 there too.
  public func standardDeviation(
    axes: [Int]? = nil, correction: Int = 0, keepsAxes: Bool = false, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Node {
    let spread = Spread(Term(self, fileID, line), axes: axes ?? allAxes)
    // A length, which has a gradient where a root of 0 has none.
    let length = spread.centred.values.applying(EuclideanNorm(axes: spread.axes, keepsAxes: true))
    let root = spread.divisor(correction).squareRoot()
    return spread.result(
      length / spread.centred.scale / length.literal(root), correction: correction, keepsAxes: keepsAxes)
  }
}

/// Elements less their mean over axes.
private struct Spread {
  let axes: [Int]
  let centred: CentredTerm
  /// How many elements one of the result is of.
  let count: Int
  private let reduced: Shape

  init(_ x: Term, axes: [Int]) {
    self.axes = axes
    centred = CentredTerm(x) { $0.applying(Mean(axes: axes, keepsAxes: true)) }
    // Axes that do not exist are the mean's to refuse.
    let front = (try? x.node.shape.normalized(axes: axes)) ?? []
    count = front.reduce(1) { $0 * x.node.shape[$1] }
    reduced = x.node.shape.reduced(over: front, keepingAxes: false)
  }

  /// What a sum of squares is divided by; 1 for a correction that makes no sense.
  func divisor(_ correction: Int) -> Double { (0..<count).contains(correction) ? Double(count - correction) : 1 }

  /// `value`, whose axes are there with extent 1, in the shape that was asked for.
  func result(_ value: Term, correction: Int, keepsAxes: Bool) -> Node {
    let term = keepsAxes || value.node.isRefused ? value : value.reshaped(reduced)
    return term.refused(
      unless: (0..<count).contains(correction),
      "a correction is at least 0 and less than the number of elements, \(count), got \(correction)"
    ).node
  }
}
