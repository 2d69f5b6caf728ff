internal import DependencyScheduling

/// Concatenate: y is the operands one after another along `axis`.   Each operand's gradient is its slice of ȳ.
package struct Concatenate: AxisGate, LinearGate, SampledGate {
  package static let name = "concatenate"
  /// Counted from the front, in a graph.
  package let axis: Int
  package init(axis: Int) { self.axis = axis }

  package var axes: [Int] { [axis] }
  package func along(_ axes: [Int]) -> Self { Self(axis: axes[0]) }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    guard let first = inputs.first else { throw ShapeError("concatenate needs at least one operand") }
    let axis = try first.normalized(axis: axis)
    var dimensions = first.dimensions
    for other in inputs.dropFirst() {
      var rest = other.dimensions
      if rest.count == dimensions.count { rest[axis] = dimensions[axis] }
      guard rest == dimensions else {
        throw ShapeError("shapes \(first) and \(other) differ outside axis \(axis)")
      }
      dimensions[axis] = (Extent(dimensions[axis]) + Extent(other[axis])).value
    }
    return Shape(dimensions)
  }

  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try sharedType(inputs) }
  package var kernel: Kernel { Kernel(.concatenate(axis: axis)) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType) { index in
      var source = index
      for input in inputs {
        if source[axis] < input.shape[axis] { return input[source] }
        source[axis] -= input.shape[axis]
      }
      preconditionFailure("the operands fill the result")
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    var start = 0
    return node.inputs.enumerated().map { position, input in
      let extent = input.shape[axis]
      defer { start += extent }
      return node.needsGradient(position) ? upstream.sliced(start..<start + extent, axis: axis) : nil
    }
  }

  package static let samples = [
    GateSample(Concatenate(axis: 1), .uniform([2, 3]), .uniform([2, 1]), .uniform([2, 2])),
    GateSample(Concatenate(axis: 0), .uniform([2, 3]), .uniform([1, 3])),
  ]
}

extension Concatenate: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(Concatenate(axis: axis + 1), to: operands.repeated)
  }
}

/// The nodes, at least one and equal in shape outside `axis`, one after another along it; a negative axis counts from
/// the end.
public func concatenate(
  _ nodes: [Node], axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  demand(!nodes.isEmpty, "Concatenating needs at least one node")
  return nodes[0].graph.apply(Concatenate(axis: axis), to: nodes, fileID: fileID, line: line)
}
