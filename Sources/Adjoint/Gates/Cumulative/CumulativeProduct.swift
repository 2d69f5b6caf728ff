/// Running products along an axis: yₖ = x₀ · … · xₖ, each rounded once if the elements are floats.
/// x̄ₖ = yₖ₋₁ · sₖ with sₖ = ȳₖ + xₖ₊₁ · sₖ₊₁, the product of all before times what the products behind send back.
///
/// Nothing is divided by an element, as in ȳₖ yₖ / xₖ: where one element is 0, or several are, the gradient is as right
/// as elsewhere. It takes as many steps as there are elements. A slope is lost where yₖ₋₁ is beyond the range of the
/// elements' type.
package struct CumulativeProduct: AxisGate, SampledGate {
  package static let name = "cumulativeProduct"
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
    .structured(.exact) { CumulativeProductCall(axis: axis, fromTheEnd: fromTheEnd, $0) }
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType) { index in
      shape.places(upTo: index, along: axis, fromTheEnd: fromTheEnd).reduce(1) { $0 * inputs[0][$1] }
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let sums = upstream.graph.apply(
      LinearRecurrence(axis: axis, fromTheEnd: !fromTheEnd, factorsBehind: true), to: [node.inputs[0], upstream])
    return [downstream(sums, node.output.delayed(axis: axis, fromTheEnd: fromTheEnd, first: 1))]
  }

  /// ẏₖ = ẋₖ · yₖ₋₁ + xₖ · ẏₖ₋₁.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { tangent in
      let before = node.output.delayed(axis: axis, fromTheEnd: fromTheEnd, first: 1)
      return tangent.graph.apply(
        LinearRecurrence(axis: axis, fromTheEnd: fromTheEnd, factorsBehind: false),
        to: [node.inputs[0], mutualProduct(tangent, before)])
    }
  }

  package static let samples = [
    GateSample(CumulativeProduct(axis: 0), .uniform([5])),
    GateSample(CumulativeProduct(axis: 1), .values([3, 4], [0.5, 0, -2, 1.5, 0, -1, 0, 2, 0, 0.5, -1.5, 3])),
    GateSample(CumulativeProduct(axis: 0, fromTheEnd: true), .values([3, 2], [2, 0, 0, -1, 0.5, 0])),
    GateSample(CumulativeProduct(axis: 1, fromTheEnd: true), .uniform([2, 3, 2])),
  ]
}

extension CumulativeProduct: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(CumulativeProduct(axis: axis + 1, fromTheEnd: fromTheEnd), to: operands.values)
  }
}

/// First-order recurrence along an axis, of factors a and terms b: rₖ = bₖ + aₖ · rₖ₋₁, or with `factorsBehind`
/// rₖ = bₖ + aₖ₋₁ · rₖ₋₁, beginning with the first term; k − 1 is the element before in the direction of running. A
/// zero is strong: where rₖ₋₁ is 0, rₖ is bₖ, whatever the factor is.
///
/// b̄ is the recurrence of r̄ in the other direction, seen from which each factor stands at the other end of its link.
/// ā is the product of what stands at the two ends: āₖ = b̄ₖ · rₖ₋₁, or with `factorsBehind` āₖ = b̄ₖ₊₁ · rₖ.
///
/// What products send back: the rule of ``CumulativeProduct``.
struct LinearRecurrence: AxisGate, SampledGate {
  static let name = "linearRecurrence"
  /// Counted from the front, in a graph.
  let axis: Int
  let fromTheEnd: Bool
  let factorsBehind: Bool

  var axes: [Int] { [axis] }
  func along(_ axes: [Int]) -> Self { Self(axis: axes[0], fromTheEnd: fromTheEnd, factorsBehind: factorsBehind) }

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    _ = try inputs[0].normalized(axes: [axis])
    guard inputs[0] == inputs[1] else {
      throw ShapeError("a recurrence needs a factor for each term, got \(inputs[0]) and \(inputs[1])")
    }
    return inputs[0]
  }

  var kernel: Kernel { .structured(.exact) { LinearRecurrenceCall(self, $0) } }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let (a, b) = (inputs[0], inputs[1])
    return ReferenceTensor(shape, b.elementType) { index in
      let places = shape.places(upTo: index, along: axis, fromTheEnd: fromTheEnd)
      return places.indices.reduce(0) { sum, k in
        let factor = a[places[factorsBehind ? max(k - 1, 0) : k]]
        return sum == 0 ? b[places[k]] : b[places[k]] + factor * sum
      }
    }
  }

  /// The recurrence that sends back to the terms.
  private var transposed: LinearRecurrence {
    LinearRecurrence(axis: axis, fromTheEnd: !fromTheEnd, factorsBehind: !factorsBehind)
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (factors, result) = (node.inputs[0], node.output)
    let toTerms = upstream.graph.apply(transposed, to: [factors, upstream])
    // Both ends of a factor's link: the one where it stands, and the one before that in the direction in which it does
    // not stand behind.
    let (here, other) = factorsBehind ? (result, toTerms) : (toTerms, result)
    let direction = factorsBehind ? !fromTheEnd : fromTheEnd
    return [
      node.needsGradient(0)
        ? mutualProduct(here, other.delayed(axis: axis, fromTheEnd: direction, first: 0)) : nil,
      node.needsGradient(1) ? toTerms : nil,
    ]
  }

  /// ṙₖ = (ḃₖ + ȧₖ · rₖ₋₁) + aₖ · ṙₖ₋₁, or with the factors behind.
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    func delayed(_ node: Node) -> Node { node.delayed(axis: axis, fromTheEnd: fromTheEnd, first: 0) }
    let result = node.output
    let ofFactors = tangents[0].map {
      factorsBehind ? delayed(mutualProduct($0, result)) : mutualProduct($0, delayed(result))
    }
    return sum(tangents[1], ofFactors).map { result.graph.apply(self, to: [node.inputs[0], $0]) }
  }

  static let samples = [
    sample([5], axis: 0, fromTheEnd: false, factorsBehind: false),
    sample([2, 4], axis: 1, fromTheEnd: true, factorsBehind: true),
    sample([3, 2], axis: 0, fromTheEnd: false, factorsBehind: true),
    sample([1, 3, 2], axis: 1, fromTheEnd: true, factorsBehind: false),
  ]

  private static func sample(_ shape: Shape, axis: Int, fromTheEnd: Bool, factorsBehind: Bool) -> GateSample {
    let gate = LinearRecurrence(axis: axis, fromTheEnd: fromTheEnd, factorsBehind: factorsBehind)
    return GateSample(gate, .uniform(shape), .uniform(shape))
  }
}

extension LinearRecurrence: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(along([axis + 1]), to: operands.repeated)
  }
}

extension Node {
  /// The elements each one place further on along `axis`, in the direction of running, after a `first` one.
  fileprivate func delayed(axis: Int, fromTheEnd: Bool, first: Double) -> Node {
    let count = shape[axis]
    var border = shape.dimensions
    border[axis] = 1
    let filler = literal(first).broadcast(to: Shape(border))
    if count == 1 { return filler }
    return fromTheEnd
      ? concatenate([sliced(1..<count, axis: axis), filler], axis: axis)
      : concatenate([filler, sliced(0..<count - 1, axis: axis)], axis: axis)
  }

  /// The products of the elements up to each one along `axis`, itself among them; from the last element back if
  /// `fromTheEnd`. A negative axis counts from the end.
  ///
  /// Products are kept as doubles: those of floats are off by their own rounding, and a product that is too small or too
  /// large for a float on the way is none in the end. The gradient divides by no element, and so is right where
  /// elements are 0.
  ///
  /// - Complexity: O(elements), its gradient too.
  public func cumulativeProduct(
    axis: Int = -1, fromTheEnd: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    graph.apply(CumulativeProduct(axis: axis, fromTheEnd: fromTheEnd), to: [self], fileID: fileID, line: line)
  }
}

extension Shape {
  /// The places along `axis` from where running begins up to that of `index`, in order.
  fileprivate func places(upTo index: [Int], along axis: Int, fromTheEnd: Bool) -> [[Int]] {
    let places = fromTheEnd ? Array((index[axis]..<self[axis]).reversed()) : Array(0...index[axis])
    return places.map { place in
      var index = index
      index[axis] = place
      return index
    }
  }
}
