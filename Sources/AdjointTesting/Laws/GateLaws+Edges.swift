internal import Adjoint

/// An elementwise gate at every combination of the numbers that arithmetic treats in a special way.
struct EdgeLaw {
  func reasons(_ sample: GateSample) throws -> [String] {
    guard sample.gate is any ElementwiseGate else { return [] }
    return try ElementType.ofArithmetic.flatMap { type -> [String] in
      let columns = combinations(of: edges(of: type), count: sample.operands.count)
      return try [
        tensorReason(sample.gate, columns, type).map { "\(type), as a tensor: \($0)" },
        scalarReason(sample.gate, columns, type).map { "\(type), as scalars: \($0)" },
      ].compactMap { $0 }
    }
  }

  private func edges(of type: ElementType) -> [Double] {
    let (huge, tiny) = (type.greatestFiniteMagnitude, type.leastNonzeroMagnitude)
    return [0, -0.0, 1, -1, 0.5, -2.5, .infinity, -.infinity, .nan, huge, -huge, tiny, -tiny]
  }

  /// All combinations of one edge an operand, as a column for each operand.
  private func combinations(of edges: [Double], count: Int) -> [[Double]] {
    let rows = (0..<count).reduce([[]]) { prefixes, _ in prefixes.flatMap { prefix in edges.map { prefix + [$0] } } }
    return (0..<count).map { operand in rows.map { $0[operand] } }
  }

  private func tensorReason(_ gate: any Gate, _ columns: [[Double]], _ type: ElementType) throws -> String? {
    let operands = columns.map { GateSample.Operand.values([$0.count], $0) }
    let applied = SampleGraph(GateSample(gate, operands: operands), type)
    return try difference(applied.computed(), applied, gate)
  }

  /// The same rows as single scalars: the machine that scalar graphs run on.
  private func scalarReason(_ gate: any Gate, _ columns: [[Double]], _ type: ElementType) throws -> String? {
    let graph = Graph()
    let rows = columns[0].indices.map { row in
      columns.indices.map { graph.input("operand\($0) of row \(row)", [], type) }
    }
    let results = rows.map { graph.applying(gate, $0) }
    let session = try Program(results).makeSession()
    for (row, operands) in rows.enumerated() {
      for (column, operand) in operands.enumerated() {
        try session.write(ReferenceTensor([], type, [columns[column][row]]), to: operand)
      }
    }
    try session.forward()
    let computed = try results.map { try session.referenceValue(of: $0).values[0] }
    let operands = columns.map { GateSample.Operand.values([$0.count], $0) }
    let applied = SampleGraph(GateSample(gate, operands: operands), type)
    return try difference(ReferenceTensor([computed.count], type, computed), applied, gate)
  }

  private func difference(_ computed: ReferenceTensor, _ applied: SampleGraph, _ gate: any Gate) throws -> String? {
    guard let defined = try applied.defined() else { return "the definition gives no value" }
    let operands = applied.operands.compactMap { applied.values[$0] }
    guard let reason = KernelBound(gate.kernel, operands).firstViolation(computed, defined, magnitude: 0) else {
      return nil
    }
    let position = computed.values.indices.first { row in
      let (value, expected) = (computed.values[row], defined.values[row])
      return value.bitPattern != expected.bitPattern && !(value.isNaN && expected.isNaN)
    }
    let row = position.map { row in operands.map { "\($0.values[row])" }.joined(separator: ", ") } ?? ""
    return "\(reason); the first that differs is of (\(row))"
  }
}

extension GateSample.Operand {
  /// An operand of another shape, its values drawn in the same way; given values repeat.
  func reshaped(_ shape: Shape) -> GateSample.Operand {
    switch source {
    case .uniform(let range): .uniform(shape, in: range)
    case .distinct(let step): .distinct(shape, step: step)
    case .integers(let bound): .integers(shape, below: bound)
    case .values(let values): .values(shape, (0..<shape.elementCount).map { values[$0 % values.count] })
    }
  }
}
