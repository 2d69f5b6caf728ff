/// Running sums along an axis: yₖ = x₀ + … + xₖ, each rounded once.   x̄ₖ = ȳₖ + … + ȳₙ₋₁: the same from the other
/// end.
package struct CumulativeSum: AxisGate, LinearGate, SampledGate {
  package static let name = "cumulativeSum"
  /// Counted from the front, in a graph.
  package let axis: Int
  package let fromTheEnd: Bool

  package init(axis: Int, fromTheEnd: Bool = false) {
    self.axis = axis
    self.fromTheEnd = fromTheEnd
  }

  package var axes: [Int] { [axis] }
  package func along(_ axes: [Int]) -> Self { Self(axis: axes[0], fromTheEnd: fromTheEnd) }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    _ = try inputs[0].normalized(axes: [axis])
    return inputs[0]
  }

  package var kernel: Kernel {
    .structured(.rounded) { CumulativeSumCall(axis: axis, fromTheEnd: fromTheEnd, $0) }
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let x = inputs[0]
    return ReferenceTensor(shape, x.elementType) { index in
      let places = fromTheEnd ? Array((index[axis]..<shape[axis]).reversed()) : Array(0...index[axis])
      func element(_ place: Int) -> Double {
        var index = index
        index[axis] = place
        return x[index]
      }
      return places.count == 1 ? element(places[0]) : places.map(element).carefulSum
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(CumulativeSum(axis: axis, fromTheEnd: !fromTheEnd), to: [upstream])]
  }

  package static let samples = [
    GateSample(CumulativeSum(axis: 0), .uniform([5])),
    GateSample(CumulativeSum(axis: 1), .uniform([2, 4])),
    GateSample(CumulativeSum(axis: 0, fromTheEnd: true), .uniform([3, 2])),
    GateSample(CumulativeSum(axis: 1, fromTheEnd: true), .uniform([2, 3, 2])),
  ]
}

extension CumulativeSum: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(CumulativeSum(axis: axis + 1, fromTheEnd: fromTheEnd), to: operands.values)
  }
}

extension Node {
  /// The sums of the elements up to each one along `axis`, itself among them; from the last element back if `fromTheEnd`.
  /// A negative axis counts from the end.
  ///
  /// Sums of floats are kept as doubles, and sums of doubles with what rounding takes from them: each result is off by
  /// its own rounding, however long the axis.
  ///
  /// - Complexity: O(elements).
  public func cumulativeSum(
    axis: Int = -1, fromTheEnd: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    graph.apply(CumulativeSum(axis: axis, fromTheEnd: fromTheEnd), to: [self], fileID: fileID, line: line)
  }
}
