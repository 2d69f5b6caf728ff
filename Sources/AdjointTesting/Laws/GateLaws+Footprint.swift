package import Adjoint

/// What a kernel call says of its parts against what they do, on the gate's samples, however it is divided.
struct FootprintLaw {
  func reasons(_ sample: GateSample) throws -> [String] {
    // Which of several NaNs an operation gives depends on where its vectors begin.
    guard sample.isFinite else { return [] }
    var reasons: [String] = []
    for type in ElementType.ofArithmetic {
      let applied = SampleGraph(sample, type, seed: 1)
      let operands = applied.operands.map { Signature(elementType: $0.elementType, shape: $0.shape) }
      let result = Signature(elementType: applied.output.elementType, shape: applied.output.shape)
      guard let call = sample.gate.kernelCall(on: operands, result: result) else { continue }
      let values = applied.operands.map { applied.values[$0]?.values ?? [] }
      let harness = CallHarness(call, operands: operands, results: [result], values: values)
      if let reason = try harness.violation() ?? harness.violationInPlace() { reasons.append("\(type): \(reason)") }
    }
    return reasons
  }
}

extension Gate {
  /// The gate's own kernel call on such operands; `nil` if others' calls compute it.
  func kernelCall(on operands: [Signature], result: Signature) -> (any KernelCall)? {
    let (gate, _) = applied(to: operands)
    switch gate.kernel.form {
    case .source, .alias, .composed, .scan: return nil
    default: return gate.kernel.call(CallShapes(result: result, operands: operands))
    }
  }
}

extension GateSample {
  /// Whether all operands are finite, for the first seed.
  package var isFinite: Bool {
    operands.allSatisfy { $0.values(seed: 1, type: .float64).values.allSatisfy(\.isFinite) }
  }
}
