import AdjointTesting
import Testing

@testable import Adjoint

/// Every gate on every type: it works, or it is a mistake that says what to do.
@Suite(.timeLimit(.minutes(20))) struct AnyTypeTests {
  /// The operands of a sample as elements of other types.
  private func operands(_ sample: GateSample, _ type: ElementType, _ index: ElementType) -> [ReferenceTensor] {
    sample.operands.enumerated().map { position, operand in
      let values = operand.values(seed: UInt64(position), type: .float64)
      let own = operand.isDifferentiable ? type : index
      return ReferenceTensor(values.shape, own, values.values.map { own.nearest(to: $0) })
    }
  }

  /// A refusal has the shapes and the line, and says what to do if it is the type that is refused; other gates want an
  /// index, or operands of one type.
  private func check(_ error: GraphError, _ inputs: [Node], _ type: ElementType, _ line: UInt) {
    let text = error.description
    #expect(error.kind == .shapeMismatch && "\(error.location)".hasSuffix(":\(line)"))
    #expect(inputs.allSatisfy { text.contains("\($0.name) \($0.shape) \($0.elementType)") }, "\(error)")
    let isTold = text.contains("has no kernel for \(type): cast it to float32 or float64 first")
    let isOther = ["int32", "integers are added", "element types differ"].contains { text.contains($0) }
    #expect(isTold || isOther, "\(error)")
  }

  @Test(arguments: GateCatalog.all) func `a gate works on a type, or says why not, with shapes and the line`(
    gate: any SampledGate.Type
  ) throws {
    for sample in gate.samples where !sample.operands.isEmpty {
      for type in ElementType.allCases {
        for index in ElementType.allCases where !type.hasArithmetic || index != .int32 {
          let graph = Graph(), values = operands(sample, type, index)
          let inputs = values.enumerated().map { graph.input("operand\($0)", $1.shape, $1.elementType) }
          let line: UInt = #line + 1
          let y = graph.applying(sample.gate, inputs, line: line)
          guard let program = try? Program(y) else {
            try check(#require(#expect(throws: GraphError.self) { try Program(y) }), inputs, type, line)
            continue
          }
          let session = program.makeSession()
          for (node, value) in zip(inputs, values) { try session.write(value, to: node) }
          // An index out of range is an error of the run, and of the definition.
          let feed = Dictionary(uniqueKeysWithValues: zip(inputs, values))
          let defined = try? ReferenceEngine(graph).run(feeding: feed)[y]
          guard let expected = defined else {
            #expect(throws: SessionError.self) { try session.forward() }
            continue
          }
          try session.forward()
          if !type.hasArithmetic || !y.elementType.isDifferentiable {
            #expect(try session.referenceValue(of: y).firstDifference(from: expected) == nil, "\(sample) of \(type)")
          }
        }
      }
    }
  }
}

extension Graph {
  fileprivate func applying(_ gate: any Gate, _ operands: [Node], line: UInt) -> Node {
    func apply(_ gate: some Gate) -> Node { self.apply(gate, to: operands, line: line) }
    return apply(gate)
  }
}
