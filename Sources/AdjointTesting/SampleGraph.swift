package import Adjoint

/// One sample of a gate as a graph: its operands as inputs, seeded values for them, the gate applied.
package struct SampleGraph {
  package let graph = Graph()
  package let operands: [Node]
  package let output: Node
  package let values: [Node: ReferenceTensor]
  /// The positions of operands that hold no integers.
  package let differentiable: [Int]

  package init(_ sample: GateSample, _ type: ElementType, seed: UInt64 = 1) {
    var values: [Node: ReferenceTensor] = [:]
    var operands: [Node] = []
    for (position, operand) in sample.operands.enumerated() {
      let value = operand.values(seed: seed &+ UInt64(position) &* 0x9E37, type: type)
      operands.append(graph.input("operand\(position)", value.shape, value.elementType))
      values[operands[position]] = value
    }
    self.operands = operands
    self.values = values
    differentiable = sample.operands.indices.filter { sample.operands[$0].isDifferentiable }
    output = graph.applying(sample.gate, operands)
  }

  /// Whether anything is differentiated: floats in and floats out.
  package var hasGradients: Bool { output.elementType.isDifferentiable && !differentiable.isEmpty }

  /// The value that a program computes of `output`.
  package func computed() throws -> ReferenceTensor {
    let session = try Program(output).makeSession()
    for (node, value) in values { try session.write(value, to: node) }
    try session.forward()
    return try session.referenceValue(of: output)
  }

  /// The value that the gate's definition says.
  func defined() throws -> ReferenceTensor? { try ReferenceEngine(graph).run(feeding: values)[output] }

  /// Constants for an upstream gradient, all different.
  func upstream() -> Node {
    let count = output.shape.elementCount
    let weights = (0..<count).map { 0.5 + Double($0 * 7 % count) / Double(count) }
    return graph.constant(doubles: weights, output.shape, output.elementType)
  }
}

extension Graph {
  package func applying(_ gate: any Gate, _ operands: [Node]) -> Node {
    func apply(_ gate: some Gate) -> Node { self.apply(gate, to: operands) }
    return apply(gate)
  }
}
