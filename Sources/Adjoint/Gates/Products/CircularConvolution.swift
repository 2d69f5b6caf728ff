/// Circular convolution of rows along the last axis: yᵢ = Σⱼ bⱼ · aᵢ₋₍ⱼ₋ₒ₎, indices modulo the length of a, o the tap that
/// moves nothing.   ā is the convolution of ȳ with the taps read the other way round, b̄ the ``CircularCorrelation`` of a
/// and ȳ.
///
/// `[…, n]` and `[…, taps]` with equal axes in front give `[…, n]`. The shift of a Neural Turing Machine (Graves, Wayne,
/// Danihelka 2014, equation 8) is the one of three taps around origin 1.
package struct CircularConvolution: Gate, SampledGate {
  package static let name = "circularConvolution"
  package let origin: Int
  /// Whether tap j reads aᵢ₊₍ⱼ₋ₒ₎ instead.
  package let isReversed: Bool

  package init(origin: Int = 0, isReversed: Bool = false) {
    self.origin = origin
    self.isReversed = isReversed
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    let (a, b) = (inputs[0], inputs[1])
    guard a.rank >= 1, a.rank == b.rank, a.dimensions.dropLast() == b.dimensions.dropLast() else {
      throw ShapeError("a circle of shape \(a) and taps of shape \(b) differ in front of their last axis")
    }
    try checkTaps(b[b.rank - 1], origin: origin, around: a[a.rank - 1])
    return a
  }

  package var kernel: Kernel {
    .structured(.sums) {
      CircularConvolutionCall(origin: origin, isReversed: isReversed, isCorrelation: false, $0)
    }
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let (a, b) = (inputs[0], inputs[1])
    let (n, row) = (shape[shape.rank - 1], shape.rank - 1)
    return ReferenceTensor(shape, a.elementType) { index in
      (0..<b.shape[row]).reduce(0) { sum, j in
        let place = turned(index[row], by: isReversed ? j - origin : origin - j, modulo: n)
        return sum + b[index[..<row] + [j]] * a[index[..<row] + [place]]
      }
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (a, b) = (node.inputs[0], node.inputs[1])
    let back = CircularConvolution(origin: origin, isReversed: !isReversed)
    let taps = CircularCorrelation(taps: b.shape[b.shape.rank - 1], origin: origin, isReversed: isReversed)
    return [
      node.needsGradient(0) ? upstream.graph.apply(back, to: [upstream, b]) : nil,
      node.needsGradient(1) ? upstream.graph.apply(taps, to: [a, upstream]) : nil,
    ]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { bilinear(tangents, node) }

  package static let samples = [
    GateSample(CircularConvolution(), .uniform([5]), .uniform([5])),
    GateSample(CircularConvolution(origin: 1), .uniform([2, 4]), .uniform([2, 3])),
    GateSample(CircularConvolution(origin: 1, isReversed: true), .uniform([2, 1, 3]), .uniform([2, 1, 2])),
  ]
}

/// Circular correlation of rows, what a ``CircularConvolution`` sends back to its taps: yⱼ = Σᵢ uᵢ · aᵢ₋₍ⱼ₋ₒ₎.   ū is the
/// convolution of a with ȳ as taps, ā that of u with the taps read the other way round: second derivatives stay within
/// the two gates.
package struct CircularCorrelation: Gate, SampledGate {
  package static let name = "circularCorrelation"
  package let taps: Int, origin: Int, isReversed: Bool

  package init(taps: Int, origin: Int = 0, isReversed: Bool = false) {
    self.taps = taps
    self.origin = origin
    self.isReversed = isReversed
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    guard inputs[0] == inputs[1], inputs[0].rank >= 1 else {
      throw ShapeError("circles of shapes \(inputs[0]) and \(inputs[1]) cannot be correlated row by row")
    }
    try checkTaps(taps, origin: origin, around: inputs[0][inputs[0].rank - 1])
    return Shape(inputs[0].dimensions.dropLast() + [taps])
  }

  package var kernel: Kernel {
    .structured(.sums) {
      CircularConvolutionCall(origin: origin, isReversed: isReversed, isCorrelation: true, $0)
    }
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let (a, u) = (inputs[0], inputs[1])
    let row = shape.rank - 1
    let n = a.shape[row]
    return ReferenceTensor(shape, a.elementType) { index in
      (0..<n).reduce(0) { sum, i in
        let place = turned(i, by: isReversed ? index[row] - origin : origin - index[row], modulo: n)
        return sum + u[index[..<row] + [i]] * a[index[..<row] + [place]]
      }
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (a, u) = (node.inputs[0], node.inputs[1])
    func convolution(_ circle: Node, isReversed: Bool) -> Node {
      upstream.graph.apply(CircularConvolution(origin: origin, isReversed: isReversed), to: [circle, upstream])
    }
    return [
      node.needsGradient(0) ? convolution(u, isReversed: !isReversed) : nil,
      node.needsGradient(1) ? convolution(a, isReversed: isReversed) : nil,
    ]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { bilinear(tangents, node) }

  package static let samples = [
    GateSample(CircularCorrelation(taps: 4), .uniform([4]), .uniform([4])),
    GateSample(CircularCorrelation(taps: 3, origin: 1), .uniform([2, 5]), .uniform([2, 5])),
    GateSample(CircularCorrelation(taps: 2, origin: 1, isReversed: true), .uniform([3]), .uniform([3])),
  ]
}

extension CircularConvolution: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.repeated) }
}

extension CircularCorrelation: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.repeated) }
}

private func turned(_ place: Int, by shift: Int, modulo n: Int) -> Int { ((place + shift) % n + n) % n }

private func checkTaps(_ taps: Int, origin: Int, around length: Int) throws(ShapeError) {
  guard taps >= 1, taps <= length else {
    throw ShapeError("a circle of \(length) elements has room for 1 to \(length) taps, got \(taps)")
  }
  guard (0..<taps).contains(origin) else { throw ShapeError("the origin \(origin) is none of the \(taps) taps") }
}

/// The circular convolution of `circle` `[…, n]` and `taps` `[…, m]`, m ≤ n, along the last axis; axes in front
/// broadcast. Tap `origin` moves nothing, the tap after it moves every element one place on.
///
/// - Complexity: O(elements of the result · m).
public func circularConvolution(
  _ circle: Node, _ taps: Node, origin: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let (a, b) = (circle.shape.dimensions, taps.shape.dimensions)
  let front = try? Shape.broadcast(Shape(Array(a.dropLast())), Shape(Array(b.dropLast()))).dimensions
  func stretched(_ node: Node) -> Node {
    guard let front, let length = node.shape.dimensions.last else { return node }  // for the shape rule to refuse
    return node.broadcast(to: Shape(front + [length]), fileID: fileID, line: line)
  }
  return circle.graph.apply(
    CircularConvolution(origin: origin), to: [stretched(circle), stretched(taps)], fileID: fileID, line: line)
}
