package import Adjoint

/// A row of the result depends on its own row alone, to the last bit, however many rows there are beside it.
///
/// A sample has rows where some of its operands may have any number of them along their first axis, and the result then
/// has as many; by the gate's definition, each row of the result is what its own row gives by itself.
package struct RowLaw {
  /// The most rows: more than a tile or a few vectors hold, and no multiple of either.
  package static let mostRows = 70

  package init() {}

  func reasons(_ sample: GateSample) throws -> [String] {
    // Which of several NaNs an operation gives depends on where its vectors begin.
    guard sample.isFinite else { return [] }
    return try ElementType.ofArithmetic.flatMap { type in
      try Self.batches(of: sample, type).flatMap { try reasons($0, type) }
    }
  }

  /// All ways in which rows can be added to operands of a sample, where each row of the result is that of its own row.
  package static func batches(of sample: GateSample, _ type: ElementType) -> [RowBatch] {
    candidates(of: sample, type).filter(\.hasIndependentRows)
  }

  /// All ways in which rows can be added to operands of a sample, whether the gate takes them or not.
  package static func candidates(of sample: GateSample, _ type: ElementType) -> [RowBatch] {
    let count = sample.operands.count
    guard (1...4).contains(count) else { return [] }
    return (1..<1 << count).map { set in
      RowBatch(sample, stacked: (0..<count).map { set >> $0 & 1 == 1 }, type)
    }
  }

  private func reasons(_ batch: RowBatch, _ type: ElementType) throws -> [String] {
    let counts = batch.hasOwnKernel ? Array(2...Self.mostRows) : [2, 3, 17, Self.mostRows]
    let alone = try (0..<Self.mostRows).map { try batch.computed(rows: $0..<$0 + 1) }
    for count in counts {
      let together = try batch.computed(rows: 0..<count)
      let width = together.count / count
      for row in 0..<count where together[row * width..<(row + 1) * width] != alone[row][...] {
        return ["\(type): row \(row) of \(count), \(batch), has other bits than by itself"]
      }
    }
    return []
  }
}

/// A sample some of whose operands have any number of rows along their first axis.
package struct RowBatch: CustomStringConvertible {
  private let sample: GateSample
  private let type: ElementType
  /// For each operand whether it has a row for each row of the result.
  package let stacked: [Bool]
  /// Of the largest batch.
  private let values: [ReferenceTensor]

  init(_ sample: GateSample, stacked: [Bool], _ type: ElementType) {
    (self.sample, self.stacked, self.type) = (sample, stacked, type)
    values = sample.operands.enumerated().map { position, operand in
      let shape = stacked[position] ? operand.shape.withRows(RowLaw.mostRows) : nil
      return operand.reshaped(shape ?? operand.shape).values(seed: 1 &+ UInt64(position) &* 0x9E37, type: type)
    }
  }

  package var description: String {
    "operands \(stacked.indices.filter { stacked[$0] }) of \(sample) having rows"
  }

  /// The gate as so many rows have it, with what it is applied to; `nil` if it does not take them.
  package func application(
    rowCount: Int
  ) -> (gate: any Gate, operands: [Signature], result: Signature)? {
    let operands = operands(0..<rowCount)
    for (operand, isStacked) in zip(operands, stacked) where isStacked && operand.shape.rank == 0 { return nil }
    let signatures = operands.map { Signature(elementType: $0.elementType, shape: $0.shape) }
    guard let gate = try? sample.gate.countingAxesFromTheFront(in: operands.map(\.shape)),
      case .success(let result) = gate.applied(to: signatures).result
    else { return nil }
    return (gate, signatures, result)
  }

  /// Whether the gate takes such operands, and by its definition each row of the result is that of its own row.
  package var hasIndependentRows: Bool {
    // Shapes that go together by accident do so for one number of rows.
    for count in [3, 4] {
      guard let together = defined(rows: 0..<count), together.shape.dimensions.first == count else { return false }
      let width = together.values.count / count
      for row in 0..<count {
        guard let alone = defined(rows: row..<row + 1), alone.shape == together.shape.withRows(1),
          alone.values.elementsEqual(
            together.values[row * width..<(row + 1) * width], by: { $0.bitPattern == $1.bitPattern })
        else { return false }
      }
    }
    return true
  }

  /// The gate's definition on some rows; `nil` if the gate does not take them.
  private func defined(rows: Range<Int>) -> ReferenceTensor? {
    let operands = operands(rows)
    for (operand, isStacked) in zip(operands, stacked) where isStacked && operand.shape.rank == 0 { return nil }
    guard let gate = try? sample.gate.countingAxesFromTheFront(in: operands.map(\.shape)),
      let shape = try? gate.shape(operands.map(\.shape))
    else { return nil }
    return try? gate.definition(operands, shape: shape)
  }

  private func operands(_ rows: Range<Int>) -> [ReferenceTensor] {
    zip(values, stacked).map { value, isStacked in
      guard isStacked, let shape = value.shape.withRows(rows.count) else { return value }
      let width = value.values.count / RowLaw.mostRows
      return ReferenceTensor(
        shape, value.elementType, Array(value.values[rows.lowerBound * width..<rows.upperBound * width]))
    }
  }

  private func call(_ operands: [ReferenceTensor]) -> (call: any KernelCall, operands: [Signature], result: Signature)?
  {
    let signatures = operands.map { Signature(elementType: $0.elementType, shape: $0.shape) }
    guard case .success(let result) = sample.gate.applied(to: signatures).result else { return nil }
    return sample.gate.kernelCall(on: signatures, result: result).map { ($0, signatures, result) }
  }

  /// Whether the gate's own kernel computes it, and no others' calls.
  var hasOwnKernel: Bool { call(operands(0..<1)) != nil }

  /// The bytes of the result for some rows: by the gate's kernel, or by a program if other calls make it up.
  package func computed(rows: Range<Int>) throws -> [UInt8] {
    let operands = operands(rows)
    if let (call, signatures, result) = call(operands) {
      return try CallHarness(call, operands: signatures, results: [result], values: operands.map(\.values)).whole()[0]
    }
    let graph = Graph()
    let inputs = operands.indices.map { graph.input("operand\($0)", operands[$0].shape, operands[$0].elementType) }
    let output = graph.applying(sample.gate, inputs)
    let session = try Program(output).makeSession()
    for (input, operand) in zip(inputs, operands) { try session.write(operand, to: input) }
    try session.forward()
    return try session.referenceValue(of: output).values.withUnsafeBytes { Array($0) }
  }
}

extension Shape {
  /// The same shape with `count` along its first axis; `nil` if it has none.
  fileprivate func withRows(_ count: Int) -> Shape? {
    rank == 0 ? nil : Shape([count] + dimensions.dropFirst())
  }
}
