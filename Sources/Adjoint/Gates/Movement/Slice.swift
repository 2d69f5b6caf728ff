/// Slice: y is the block of x that begins at `starts` and has shape `extents`.   x̄ is ȳ in its place and 0 around it.
package struct Slice: LinearGate, SampledGate {
  package static let name = "slice"
  package let starts: [Int], extents: [Int]

  package init(starts: [Int], extents: [Int]) {
    self.starts = starts
    self.extents = extents
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
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

  package func elementType(_ inputs: [ElementType]) -> ElementType { inputs.first ?? .float32 }
  package var kernel: Kernel { Kernel(.slice(starts: starts)) }
  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType) { index in inputs[0][zip(index, starts).map(+)] }
  }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(Pad(starts: starts, result: node.inputs[0].shape), to: [upstream])]
  }

  package static let samples = [
    GateSample(Slice(starts: [1, 0], extents: [2, 2]), .uniform([3, 4])),
    GateSample(Slice(starts: [0, 1, 2], extents: [2, 1, 2]), .uniform([2, 3, 4])),
  ]
}

/// Pad: y is x at `starts` within a value of shape `result`, 0 around it.   x̄ is that block of ȳ: the slice's mirror.
package struct Pad: LinearGate, SampledGate {
  package static let name = "pad"
  package let starts: [Int], result: Shape

  package init(starts: [Int], result: Shape) {
    self.starts = starts
    self.result = result
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    _ = try Slice(starts: starts, extents: inputs[0].dimensions).shape([result])
    return result
  }

  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try sharedType(inputs) }
  package var kernel: Kernel { Kernel(.pad(starts: starts)) }
  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let x = inputs[0]
    return ReferenceTensor(shape, x.elementType) { index in
      let source = zip(index, starts).map(-)
      return source.indices.allSatisfy { (0..<x.shape[$0]).contains(source[$0]) } ? x[source] : 0
    }
  }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(Slice(starts: starts, extents: node.inputs[0].shape.dimensions), to: [upstream])]
  }

  package static let samples = [
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

  /// The same elements with zeros before and after them along one axis: the mirror of
  /// ``sliced(_:axis:fileID:line:)``, each of which gives back what the other's gradient needs.
  ///
  /// - Parameters:
  ///   - front: how many zeros come before, at least 0.
  ///   - back: how many come after, at least 0.
  ///   - axis: a negative one counts from the end.
  ///   - fileID: where it is called, for messages.
  ///   - line: where in that file.
  public func padded(
    front: Int, back: Int, axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let shape = shape
    let block: Pad
    do throws(ShapeError) {
      if front < 0 || back < 0 { throw ShapeError("zeros before and after are at least 0, got \(front) and \(back)") }
      let padded = try shape.normalized(axis: axis)
      var starts = [Int](repeating: 0, count: shape.rank)
      var extents = shape.dimensions
      starts[padded] = front
      extents[padded] = (Extent(front) + Extent(extents[padded]) + Extent(back)).value
      block = Pad(starts: starts, result: Shape(extents))
    } catch {
      return graph.refused(Pad(starts: [], result: shape), [self], error.description, fileID: fileID, line: line)
    }
    return graph.apply(block, to: [self], fileID: fileID, line: line)
  }
}
