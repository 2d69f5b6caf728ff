internal import Kernels

/// Finds what a step reads that was written so long before that no near cache holds it any more, as when the backward pass
/// comes to values of a long forward pass.
///
/// The step's code begins with the lines of the slab where these lie: asked for together, they arrive while one another
/// is waited for. A graph whose slab is short has none.
struct FarReads: ~Copyable {
  /// For each line of a slab the step that was the last to ask for it.
  private var askedBy = Column<UInt32>()
  private var step: UInt32 = 0
  private var lines = Column<UInt32>()

  /// What was written so many bytes before the step's own results is not near: half of a second-level cache.
  static let far = 512 * 1024  // Decisions/Scalars.md

  /// Writes the lines that gates in `order` read, of a step of `type` whose results begin at slot `base`.
  ///
  /// - Complexity: O(gates).
  mutating func find(
    _ gates: borrowing Column<ScalarGate>, _ order: borrowing Column<UInt32>, base: Int, _ type: ElementType,
    writingTo code: inout Column<UInt32>
  ) {
    let near = base - Self.far / type.byteCount
    if near <= 0 { return }
    let slotsPerLine = ScalarCode.lineByteCount / type.byteCount
    step += 1
    lines.removeAll()
    while askedBy.count <= near / slotsPerLine { askedBy.append(0) }
    for position in 0..<order.count {
      let gate = gates[Int(order[position])]
      for operand in 0..<Int(gate.arity) where !gate[operand].isOfStep && gate[operand].index < near {
        let line = gate[operand].index / slotsPerLine
        if askedBy[line] == step || lines.count == ScalarCode.longestRun { continue }
        askedBy[line] = step
        lines.append(UInt32(line))
      }
    }
    if lines.count == 0 { return }
    code.append(ScalarCode.fetch(count: lines.count))
    for position in 0..<lines.count { code.append(lines[position]) }
  }
}
