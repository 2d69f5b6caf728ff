/// Running sums along an axis: yₖ = x₀ + … + xₖ, added one after the other.   x̄ₖ = ȳₖ + … + ȳₙ₋₁: the same from the other
/// end.
public struct CumulativeSum: LinearGate {
  public static let name = "cumulativeSum"
  /// Counted from the front.
  public let axis: Int
  public let fromTheEnd: Bool

  public init(axis: Int, fromTheEnd: Bool = false) {
    self.axis = axis
    self.fromTheEnd = fromTheEnd
  }

  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    _ = try inputs[0].normalized(axes: [axis])
    return inputs[0]
  }

  public var kernel: Kernel { Kernel(.cumulativeSum(axis: axis, fromTheEnd: fromTheEnd)) }

  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let x = inputs[0]
    return ReferenceTensor(shape, x.elementType) { index in
      let places = fromTheEnd ? Array((index[axis]..<shape[axis]).reversed()) : Array(0...index[axis])
      func element(_ place: Int) -> Double {
        var index = index
        index[axis] = place
        return x[index]
      }
      return places.dropFirst().reduce(element(places[0])) { x.elementType.rounded($0 + element($1)) }
    }
  }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(CumulativeSum(axis: axis, fromTheEnd: !fromTheEnd), to: [upstream])]
  }

  public static let samples = [
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
  /// - Complexity: O(elements). The rounding error grows with the length of the axis, as that of any sum one after the
  ///   other.
  public func cumulativeSum(
    axis: Int = -1, fromTheEnd: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let front = (try? shape.normalized(axis: axis)) ?? axis
    return graph.apply(CumulativeSum(axis: front, fromTheEnd: fromTheEnd), to: [self], fileID: fileID, line: line)
  }
}
