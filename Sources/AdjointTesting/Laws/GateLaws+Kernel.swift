package import Adjoint

/// What a program computes against what the definition says, in both float types and for several seeds.
struct KernelLaw {
  func reasons(_ sample: GateSample) throws -> [String] {
    var reasons: [String] = []
    for type in ElementType.ofArithmetic {
      for seed in 1...5 as ClosedRange<UInt64> {
        if let reason = try reason(SampleGraph(sample, type, seed: seed), sample.gate) {
          reasons.append("\(type), seed \(seed): \(reason)")
        }
      }
    }
    return reasons
  }

  func reason(_ applied: SampleGraph, _ gate: any Gate) throws -> String? {
    let computed = try applied.computed()
    guard let defined = try applied.defined() else { return "the definition gives no value" }
    let operands = applied.operands.compactMap { applied.values[$0] }
    return KernelBound(gate.kernel, operands)
      .firstViolation(computed, defined, magnitude: try termMagnitude(applied, gate, operands))
  }

  /// The largest sum of the terms' magnitudes: what the definition gives for the operands' magnitudes, or the largest
  /// operand if that is more.
  private func termMagnitude(_ applied: SampleGraph, _ gate: any Gate, _ operands: [ReferenceTensor]) throws -> Double {
    let magnitudes = operands.map { ReferenceTensor($0.shape, $0.elementType, $0.values.map(\.magnitude)) }
    let terms = try gate.definition(magnitudes, shape: applied.output.shape).values
    return (terms + operands.flatMap(\.values)).map(\.magnitude).filter(\.isFinite).max() ?? 0
  }
}

/// Every way in which the operands of an elementwise gate can stretch to two axes, value and gradients.
struct LayoutLaw {
  /// The shapes that stretch to `[2, 3]`.
  private static let layouts: [Shape] = [[2, 3], [1, 3], [2, 1], [1, 1], [3], [1], []]

  func reasons(_ sample: GateSample) throws -> [String] {
    guard sample.gate is any ElementwiseGate else { return [] }
    var reasons: [String] = []
    for layout in combinations(count: sample.operands.count) {
      let applied = SampleGraph(sample.gate, sample.operands, layout)
      if let reason = try KernelLaw().reason(applied, sample.gate) { reasons.append("as \(layout): \(reason)") }
      reasons += try gradientReasons(applied).map { "as \(layout): \($0)" }
    }
    return reasons
  }

  private func combinations(count: Int) -> [[Shape]] {
    (0..<count).reduce([[]]) { prefixes, position in
      // With a third operand all layouts of all of them would be 343: the third has three.
      let layouts = position < 2 ? Self.layouts : [[2, 3], [3], []]
      return prefixes.flatMap { prefix in layouts.map { prefix + [$0] } }
    }
  }

  /// Gradients of the program against the reference's, up to the order in which a broadcast operand's are added.
  private func gradientReasons(_ applied: SampleGraph) throws -> [String] {
    let upstream = applied.upstreamValue()
    let gradients = try ReferenceEngine(applied.graph).gradients(
      of: [applied.output], withRespectTo: applied.operands, upstream: [upstream], feeding: applied.values)
    let variables = zip(applied.operands, gradients).filter { $1 != nil }
    guard !variables.isEmpty else { return [] }
    let session = try Program(applied.output, gradientsFor: variables.map(\.0)).makeSession()
    for (node, value) in applied.values {
      do { try session.write(value, to: node) } catch SessionError.notInProgram {}
    }
    try session.writeUpstream(upstream, of: applied.output)
    try session.step()
    return try variables.compactMap { variable, expected in
      guard let expected else { return nil }
      let gradient = try session.referenceGradient(of: variable)
      // Up to six terms of a few gates each, in float64.
      let scale = max(1, expected.values.map(\.magnitude).max() ?? 0)
      return KernelBound.absolute(ulps: 64).firstViolation(gradient, expected, magnitude: scale)
        .map { "gradient of \(variable.name): \($0)" }
    }
  }
}

extension SampleGraph {
  /// The gate on operands of other shapes, drawn as the sample's are.
  init(_ gate: any Gate, _ operands: [GateSample.Operand], _ shapes: [Shape]) {
    self.init(GateSample(gate, operands: zip(operands, shapes).map { $0.reshaped($1) }), .float64)
  }

  /// An upstream gradient, all of whose elements are different.
  package func upstreamValue() -> ReferenceTensor {
    let count = output.shape.elementCount
    return ReferenceTensor(output.shape, output.elementType, (0..<count).map { 0.5 + Double($0) / Double(count) })
  }
}
