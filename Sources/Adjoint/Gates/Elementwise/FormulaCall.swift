internal import Kernels

/// The formula of an elementwise gate, for one block of elements after the other.
final class FormulaCall: KernelCall {
  static let name = "formula"
  let extent: Int
  private let gate: any ElementwiseGate
  private let shapes: CallShapes
  /// How each operand lies over the result; `nil` for one of its shape.
  private let plans: [BroadcastPlan?]
  /// What is wrong with the gate's own shape rule.
  private let fault: KernelFault?

  /// The most elements of a block: what operands and results take as doubles stays in a first-level cache.
  static let blockCount = 256  // Decisions/Units-and-division.md
  /// What an element is taken to cost if the gate does not say.
  private static let nanoseconds: Float = 1  // Decisions/Units-and-division.md

  init(_ gate: any ElementwiseGate, _ shapes: CallShapes) {
    (self.gate, self.shapes) = (gate, shapes)
    let result = shapes.result.shape
    extent = result.elementCount
    let wrong = shapes.operands.first { (try? Shape.broadcast($0.shape, result)) != result }
    fault = wrong.map {
      KernelFault(
        "operands of an elementwise gate broadcast to its result's shape, and the gate's own shape rule says \(result) "
          + "of an operand of shape \($0.shape)")
    }
    plans = shapes.operands.map { operand in
      if wrong != nil || operand.shape == result { return nil }
      return BroadcastPlan(output: result.dimensions, operands: [operand.shape.dimensions])
    }
  }

  func cutStep(for count: inout Int, grain: Int) -> Int { grain }

  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    if fault != nil { return nil }
    return plans[position].map { $0.elementsRead(of: 0, for: range) } ?? range
  }

  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { fault == nil }

  func cost(at speeds: CostModel) -> Float {
    speeds.cost(ofTraffic: shapes.traffic) + Self.nanoseconds * Float(shapes.writtenCount)
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    if let fault { throw fault }
    let room = min(range.count, Self.blockCount)
    // Each operand as doubles, the results as doubles, and an operand that is repeated before it is converted.
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: room * (inputs.count + 2)) { doubles in
      try withUnsafeTemporaryAllocation(of: UnsafePointer<Double>.self, capacity: inputs.count) { operands in
        for start in stride(from: range.lowerBound, to: range.upperBound, by: room) {
          let block = start..<min(start + room, range.upperBound)
          for position in inputs.indices {
            let own = doubles.baseAddress! + position * room
            let repeated = UnsafeMutableRawPointer(doubles.baseAddress! + (inputs.count + 1) * room)
            operands.initializeElement(at: position, to: read(inputs[position], position, block, own, repeated))
          }
          let results = doubles.baseAddress! + inputs.count * room
          try write(block, at: outputs[0], by: results) {
            gate.values(ElementBlock(operands: UnsafeBufferPointer(operands), results: $0))
          }
        }
      }
    }
  }

  /// The elements of operand `position` that a block reads, as doubles: where they lie, or in `room`.
  private func read(
    _ base: UnsafeRawPointer, _ position: Int, _ block: Range<Int>, _ room: UnsafeMutablePointer<Double>,
    _ repeated: UnsafeMutableRawPointer
  ) -> UnsafePointer<Double> {
    let type = shapes.operands[position].elementType
    let size = type.byteCount
    var elements = base + block.lowerBound * size
    if let plan = plans[position] {
      let target = type == .float64 ? UnsafeMutableRawPointer(room) : repeated
      runBroadcast(
        elementSize: size, plan: plan, input: base, output: target - block.lowerBound * size, range: block)
      elements = UnsafeRawPointer(target)
    }
    if type == .float64 { return elements.assumingMemoryBound(to: Double.self) }
    runCast(type.kernelType, to: .float64, input: elements, output: room, range: 0..<block.count)
    return UnsafePointer(room)
  }

  /// Has `compute` write the results of a block: where they go, or into `room` before they are converted.
  ///
  /// - Throws: ``ValueError`` for a NaN, or a number out of range, in a result of integers.
  private func write(
    _ block: Range<Int>, at base: UnsafeMutableRawPointer, by room: UnsafeMutablePointer<Double>,
    _ compute: (UnsafeMutableBufferPointer<Double>) -> Void
  ) throws {
    let type = shapes.result.elementType
    let target = base + block.lowerBound * type.byteCount
    if type == .float64 {
      compute(UnsafeMutableBufferPointer(start: target.assumingMemoryBound(to: Double.self), count: block.count))
      return
    }
    let results = UnsafeMutableBufferPointer(start: room, count: block.count)
    compute(results)
    if !type.isDifferentiable, let wrong = type.firstOutOfRange(Array(results)) {
      throw ValueError(description: "the result holds \(type), and \(wrong) is none")
    }
    type.write(UnsafeBufferPointer(results), to: target)
  }
}
