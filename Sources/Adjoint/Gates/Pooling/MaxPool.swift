internal import Kernels

/// Maximum of each window, NaN if it holds one.   Router: ȳ goes to the window's largest element; equal ones share it
/// evenly, as in ``Maximum``. An element in several windows gets the sum.
package struct MaxPool: Gate, SampledGate {
  package static let name = "maxPool"
  package let window: PoolingWindow
  package init(_ window: PoolingWindow) { self.window = window }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    return try window.result(of: inputs[0])
  }

  package var kernel: Kernel { .structured(.sums) { PoolCall(.maximum, window.pooled, $0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let x = inputs[0]
    var result = [Double](repeating: 0, count: shape.elementCount)
    window.forEachWindow(x.shape) { place, elements in
      let values = elements.map { x.values[$0] }
      result[place] = values.contains { $0.isNaN } ? .nan : values.max() ?? -.infinity
    }
    return ReferenceTensor(shape, x.elementType, result)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(MaxPoolGradient(window), to: [upstream, node.inputs[0]])]
  }

  /// The tangents of the largest elements.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { $0.graph.apply(MaxPoolSelection(window), to: [$0, node.inputs[0]]) }
  }

  package static let samples = [
    GateSample(Self(.init(2, stride: 2)), .distinct([2, 2, 4, 5])),
    GateSample(Self(.init(3, stride: 2, padding: 1)), .distinct([1, 2, 5, 4])),
    GateSample(Self(.init(Extents2D(2, 3), stride: Extents2D(1, 4))), .distinct([1, 1, 3, 7])),
  ]
}

extension MaxPool: RowwiseGate {
  /// Images are pooled one by one.
  package func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
}

/// A maximum pooling's gradient: each ū goes to the largest element of its window in x, shared by equal ones.   Linear
/// in u, whose v̄ is the mean of v over those elements; x decides only where it goes, and gets none.
package struct MaxPoolGradient: Gate, SampledGate {
  package static let name = "maxPoolGradient"
  package let window: PoolingWindow
  package init(_ window: PoolingWindow) { self.window = window }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    try window.check(upstream: inputs[0], of: inputs[1])
    return inputs[1]
  }

  package var kernel: Kernel { .structured(.sums) { PoolCall(.maximumGradient, window.pooled, $0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let (upstream, x) = (inputs[0], inputs[1])
    var result = [Double](repeating: 0, count: shape.elementCount)
    window.forEachLargest(in: x) { place, largest in
      for element in largest { result[element] += upstream.values[place] / Double(largest.count) }
    }
    return ReferenceTensor(shape, x.elementType, result)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(MaxPoolSelection(window), to: [upstream, node.inputs[1]]), nil]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { $0.graph.apply(self, to: [$0, node.inputs[1]]) }
  }

  package static let samples = [
    GateSample(Self(.init(2, stride: 2)), .uniform([2, 2, 2, 2]), .distinct([2, 2, 4, 5])),
    GateSample(Self(.init(3, stride: 2, padding: 1)), .uniform([1, 2, 3, 2]), .distinct([1, 2, 5, 4])),
  ]
}

/// What each window of v holds where x is largest; the mean of several if elements tie.   Linear in v, whose gradient is
/// a ``MaxPoolGradient``; x decides only which are read, and gets none.
package struct MaxPoolSelection: Gate, SampledGate {
  package static let name = "maxPoolSelection"
  package let window: PoolingWindow
  package init(_ window: PoolingWindow) { self.window = window }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    guard inputs[0] == inputs[1] else {
      throw ShapeError("values of shape \(inputs[0]) are selected by others of shape \(inputs[1])")
    }
    return try window.result(of: inputs[1])
  }

  package var kernel: Kernel { .structured(.sums) { PoolCall(.maximumSelection, window.pooled, $0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let (v, x) = (inputs[0], inputs[1])
    var result = [Double](repeating: 0, count: shape.elementCount)
    window.forEachLargest(in: x) { place, largest in
      if largest.isEmpty { return }
      result[place] = largest.reduce(0) { $0 + v.values[$1] } / Double(largest.count)
    }
    return ReferenceTensor(shape, x.elementType, result)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(MaxPoolGradient(window), to: [upstream, node.inputs[1]]), nil]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { $0.graph.apply(self, to: [$0, node.inputs[1]]) }
  }

  package static let samples = [
    GateSample(Self(.init(2, stride: 2)), .uniform([2, 2, 4, 5]), .distinct([2, 2, 4, 5])),
    GateSample(Self(.init(3, stride: 2, padding: 1)), .uniform([1, 2, 5, 4]), .distinct([1, 2, 5, 4])),
  ]
}

// Each image is pooled by itself: lanes are more images.
extension MaxPool: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.applyWithLanesInBatch(self) }
}
extension MaxPoolGradient: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.applyWithLanesInBatch(self) }
}
extension MaxPoolSelection: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.applyWithLanesInBatch(self) }
}

extension PoolingWindow {
  /// The places of each window's largest elements; none if it holds a NaN.
  fileprivate func forEachLargest(in x: ReferenceTensor, _ body: (_ result: Int, _ largest: [Int]) -> Void) {
    forEachWindow(x.shape) { place, elements in
      let values = elements.map { x.values[$0] }
      let largest = values.contains { $0.isNaN } ? .nan : values.max() ?? .nan
      body(place, elements.filter { x.values[$0] == largest })
    }
  }
}

/// The largest element of each window of images `[batch, channels, height, width]`; NaN if it holds one.
///
/// Ties split the gradient evenly. What lies in the padding is never the largest.
/// Windows lie `stride` pixels from one another, their own extents if `nil`, so that they do not overlap; they reach
/// `padding` pixels over the edge, less than their extents.
public func maxPool(
  _ images: Node, window: Extents2D, stride: Extents2D? = nil, padding: Extents2D = 0,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let window = PoolingWindow(window, stride: stride ?? window, padding: padding)
  return images.graph.apply(MaxPool(window), to: [images], fileID: fileID, line: line)
}
