import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// Outputs, variables and values, and what the reference engine says of them.
struct StressedProgram: Sendable {
  let outputs: [Node]
  let variables: [Node]
  let values: [Node: ReferenceTensor]
  let expectedOutputs: [ReferenceTensor]
  let expectedGradients: [ReferenceTensor]

  init(_ outputs: [Node], _ variables: [Node], _ values: [Node: ReferenceTensor]) throws {
    self.outputs = outputs
    self.variables = variables
    self.values = values
    let engine = ReferenceEngine(outputs[0].graph)
    let results = try engine.run(feeding: values)
    expectedOutputs = try outputs.map { try #require(results[$0]) }
    expectedGradients = try engine.gradients(of: outputs, withRespectTo: variables, feeding: values)
      .map { try #require($0) }
  }

  init(_ sample: RandomGraphs.Sample) throws {
    // An input that chance gave no consumer has no gradient.
    let reached = try sample.graph.copy().gradients(of: [sample.output], onCopyWithRespectTo: sample.inputs)
    let variables = zip(sample.inputs, reached).filter { $1 }.map(\.0)
    try self.init([sample.output], variables, sample.values)
  }

  func program(_ options: Program.Options) throws -> Program {
    try Program(outputs, gradientsFor: variables, options: options)
  }

  func session(_ program: Program, on executor: any ScheduleExecutor, memoryLimit: Int? = nil) throws -> Session {
    let session = program.makeSession(on: executor, memoryLimit: memoryLimit)
    try feed(session)
    return session
  }

  func feed(_ session: Session) throws {
    for (node, value) in values {
      do { try session.write(value, to: node) } catch SessionError.notInProgram {}
    }
    for output in outputs where output.shape != .scalar {
      let ones = [Double](repeating: 1, count: output.shape.elementCount)
      try session.writeUpstream(ReferenceTensor(output.shape, output.elementType, ones), of: output)
    }
  }

  /// The first bit in which the session's results differ from the reference's, in words.
  ///
  /// - Parameter exactly: whether +0 and -0 are apart. A sum in arrival order starts at +0, so it is never -0.
  func difference(of session: Session, exactly: Bool = true) throws -> String? {
    for (node, expected) in zip(outputs, expectedOutputs) {
      if let difference = try difference(session.referenceValue(of: node), expected, exactly) {
        return "\(node.name): \(difference)"
      }
    }
    for (node, expected) in zip(variables, expectedGradients) {
      if let difference = try difference(session.referenceGradient(of: node), expected, exactly) {
        return "gradient of \(node.name): \(difference)"
      }
    }
    return nil
  }

  private func difference(_ value: ReferenceTensor, _ expected: ReferenceTensor, _ exactly: Bool) -> String? {
    !exactly && value.values == expected.values ? nil : value.firstDifference(from: expected)
  }
}

extension Graph {
  /// Of a copy of the nodes' graph: whether each variable has a gradient.
  fileprivate func gradients(of outputs: [Node], onCopyWithRespectTo variables: [Node]) throws -> [Bool] {
    try gradients(of: outputs.map(counterpart), withRespectTo: variables.map(counterpart)).map { $0 != nil }
  }
}
