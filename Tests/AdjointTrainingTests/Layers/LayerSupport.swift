import Adjoint
import AdjointTesting
import Foundation
import Testing

/// Numbers between −1 and 1 that differ, as float64.
func wave(_ shape: Shape, phase: Double = 0.3) -> ReferenceTensor {
  ReferenceTensor(shape, .float64, (0..<shape.elementCount).map { sin(Double($0) * 1.7 + phase) })
}

/// What float64 nodes are when inputs and parameters have the values given.
func values(of nodes: [Node], at given: [Node: ReferenceTensor]) throws -> [[Double]] {
  let session = try Program(nodes).makeSession()
  for (node, value) in given { try session.write(value.values, to: node) }
  try session.forward()
  return try nodes.map { try session.read($0, as: Double.self) }
}

/// All parameters of a graph at numbers of their own, so that no bias is 0 and no gain 1.
func spreadParameters(of graph: Graph) -> [Node: ReferenceTensor] {
  var result: [Node: ReferenceTensor] = [:]
  for (number, parameter) in graph.parameters.enumerated() where parameter.elementType == .float64 {
    result[parameter] = wave(parameter.shape, phase: Double(number) + 0.7)
  }
  return result
}

/// The gradients of `output` with respect to `variables` agree with finite differences.
func checkGradients(
  _ output: Node, withRespectTo variables: [Node], at values: [Node: ReferenceTensor],
  _ location: Testing.SourceLocation = #_sourceLocation
) throws {
  for verdict in try GradientChecker().check(output, withRespectTo: variables, at: values) {
    #expect(verdict.isCorrect, "\(verdict)", sourceLocation: location)
  }
}

func expectEqual(
  _ actual: [Double], _ wanted: [Double], within tolerance: Double,
  _ location: Testing.SourceLocation = #_sourceLocation
) {
  #expect(actual.count == wanted.count, sourceLocation: location)
  for (place, (value, wanted)) in zip(actual, wanted).enumerated() {
    #expect(abs(value - wanted) <= tolerance, "element \(place): \(value), wanted \(wanted)", sourceLocation: location)
  }
}

/// A program of `node` is refused with a message that names a line of `file`.
func expectRefusal(
  _ node: Node, _ message: String, _ line: Int = #line, _ location: Testing.SourceLocation = #_sourceLocation
) {
  let error = #expect(throws: GraphError.self, sourceLocation: location) { try Program(node) }
  let text = error?.description ?? ""
  let isNamed = text.contains(message) && text.contains("\(location.fileName):\(line)")
  #expect(isNamed, "\(text)", sourceLocation: location)
}
