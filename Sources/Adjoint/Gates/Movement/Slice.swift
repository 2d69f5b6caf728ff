/// Slice: y is the block of x that begins at `starts` and has shape `extents`.   x̄ is ȳ in its place and 0 around it.
public struct Slice: LinearGate {
  public static let name = "slice"
  public let starts: [Int], extents: [Int]

  public init(starts: [Int], extents: [Int]) {
    self.starts = starts
    self.extents = extents
  }

  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    let x = inputs[0]
    guard starts.count == x.rank, extents.count == x.rank else {
      throw ShapeError(
        "a slice of a value of shape \(x) needs \(x.rank) starts and extents, got \(starts) and \(extents)")
    }
    for axis in 0..<x.rank {
      let end = (Extent(starts[axis]) + Extent(extents[axis])).value
      if starts[axis] < 0 || extents[axis] < 1 || end > x[axis] {
        throw ShapeError("\(starts[axis])..<\(end) is not within axis \(axis) of shape \(x)")
      }
    }
    return Shape(extents)
  }

  public func elementType(_ inputs: [ElementType]) -> ElementType { inputs.first ?? .float32 }
  public var kernel: Kernel { Kernel(.slice(starts: starts)) }
  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType) { index in inputs[0][zip(index, starts).map(+)] }
  }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(Pad(starts: starts, result: node.inputs[0].shape), to: [upstream])]
  }

  public static let samples = [
    GateSample(Slice(starts: [1, 0], extents: [2, 2]), .uniform([3, 4])),
    GateSample(Slice(starts: [0, 1, 2], extents: [2, 1, 2]), .uniform([2, 3, 4])),
  ]
}

/// Pad: y is x at `starts` within a value of shape `result`, 0 around it.   x̄ is that block of ȳ: the slice's mirror.
public struct Pad: LinearGate {
  public static let name = "pad"
  public let starts: [Int], result: Shape

  public init(starts: [Int], result: Shape) {
    self.starts = starts
    self.result = result
  }

  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    _ = try Slice(starts: starts, extents: inputs[0].dimensions).shape([result])
    return result
  }

  public func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try sharedType(inputs) }
  public var kernel: Kernel { Kernel(.pad(starts: starts)) }
  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let x = inputs[0]
    return ReferenceTensor(shape, x.elementType) { index in
      let source = zip(index, starts).map(-)
      return source.indices.allSatisfy { (0..<x.shape[$0]).contains(source[$0]) } ? x[source] : 0
    }
  }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(Slice(starts: starts, extents: node.inputs[0].shape.dimensions), to: [upstream])]
  }

  public static let samples = [
    GateSample(Pad(starts: [1, 0], result: [3, 4]), .uniform([2, 2])),
    GateSample(Pad(starts: [0, 1, 2], result: [2, 3, 4]), .uniform([2, 1, 2])),
  ]
}

extension Slice: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(Slice(starts: [0] + starts, extents: [operands.count] + extents), to: operands.values)
  }
}

extension Pad: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    let gate = Pad(starts: [0] + starts, result: Shape([operands.count] + result.dimensions))
    return operands.graph.apply(gate, to: operands.values)
  }
}

extension Node {
  /// The elements `range` of one axis, whole along the others. A negative axis counts from the end.
  public func sliced(_ range: Range<Int>, axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    let shape = shape
    let block: Slice
    do throws(ShapeError) {
      let front = try shape.normalized(axis: axis)
      var starts = [Int](repeating: 0, count: shape.rank)
      var extents = shape.dimensions
      starts[front] = range.lowerBound
      extents[front] = (Extent(range.upperBound) - Extent(range.lowerBound)).value
      block = Slice(starts: starts, extents: extents)
    } catch {
      return graph.refused(Slice(starts: [], extents: []), [self], error.description, fileID: fileID, line: line)
    }
    return graph.apply(block, to: [self], fileID: fileID, line: line)
  }
}
