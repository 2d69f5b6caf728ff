internal import Kernels

/// Turns scalar gates, as they come in the order of the nodes, into code for the machine that runs them, and gathers
/// those that follow one another in a unit, on the slab of one element type, into one step.
///
/// A slot is written once a run of the program, so a gate depends on nothing but its operands, and the gates of a step
/// may be put in any order in which operands come first. They are sorted by level and operation, so that most make up
/// runs of one operation, and their slots follow that order, so that a run's results lie next to one another.
///
/// It knows no unit and no other step: who adds one of those closes the run before it.
struct ScalarRuns: ~Copyable {
  private var code = Column<UInt32>()
  private let expectedWords: Int

  /// The gates that no step holds yet, and the nodes that they compute, in the order of the nodes.
  private var gates = Column<ScalarGate>()
  private var nodes = Column<NodeID>()
  private var type = ElementType.float32
  private var sorting = LevelOrder()
  private var fetches = FarReads()

  /// - Parameter expectedWords: about how long the code will be, so that it need not move when it grows.
  init(expectedWords: Int) { self.expectedWords = expectedWords }

  /// Whether the gates of the step being made are of another slab than one of `type`.
  func mustClose(before type: ElementType) -> Bool { gates.count > 0 && self.type != type }

  /// Adds a gate to those before it; ``end(_:_:)`` then says which node it is for.
  @inline(__always)
  mutating func add(
    _ operation: ScalarOperation, _ a: ScalarOperand, _ b: ScalarOperand = .none, _ c: ScalarOperand = .none
  ) {
    let depth = max(depth(behind: a), depth(behind: b), depth(behind: c))
    gates.append(ScalarGate(operation, depth: depth, (a, b, c)))
  }

  /// Says that the gate added last computes `node`, of `type`, as do those before it; gives its number in the step.
  @inline(__always)
  mutating func end(_ node: NodeID, _ type: ElementType) -> Int {
    self.type = type
    nodes.append(node)
    return gates.count - 1
  }

  /// The result of the gate added last.
  var lastResult: ScalarOperand { ScalarOperand(gate: gates.count - 1) }

  @inline(__always)
  private func depth(behind operand: ScalarOperand) -> UInt32 {
    operand.isOfStep ? gates[operand.index].depth + 1 : 0
  }

  /// Makes a step of the gates added since the last one, if there are any, and gives them their slots.
  mutating func close(_ placement: inout Placement, _ values: inout Column<PlacedValue>) -> Step? {
    if gates.count == 0 { return nil }
    let base = placement.takeSlots(gates.count, type)
    if code.count == 0 { code.reserve(expectedWords) }
    let start = code.count
    sorting.sort(gates)
    fetches.find(gates, sorting.order, base: base, type, writingTo: &code)
    write(base: UInt32(base))
    for index in 0..<nodes.count {
      let gate = values[nodes[index].int].place.index
      values[nodes[index].int].place = .slot(base + Int(sorting.positions[gate]), type)
    }
    let (first, count) = (nodes[0], gates.count)
    gates.removeAll()
    nodes.removeAll()
    return Step(
      work: .scalars(ScalarRun(type: type, words: start..<code.count, slots: base..<base + count)),
      node: first, operands: 0..<0, results: 0..<0)
  }

  // MARK: code

  /// The code of all steps, which is complete.
  mutating func takeCode() -> FrozenColumn<UInt32> {
    var taken = Column<UInt32>(reserving: 1)
    swap(&code, &taken)
    return taken.frozen()
  }

  private mutating func write(base: UInt32) {
    var begin = 0
    var singles = Singles()
    while begin < gates.count {
      let operation = gates[Int(sorting.order[begin])].code
      let limit = min(sorting.endOfLevel(at: begin), begin + ScalarCode.longestRun)
      var end = begin + 1
      while end < limit, gates[Int(sorting.order[end])].code == operation { end += 1 }
      if end - begin < ScalarCode.shortestRun {
        for position in begin..<end {
          let gate = gates[Int(sorting.order[position])]
          singles.write(
            gate, at: base + UInt32(position), slot(gate[0], base), gate.arity > 1 ? slot(gate[1], base) : 0,
            gate.arity > 2 ? slot(gate[2], base) : 0, to: &code)
        }
      } else {
        writeRun(operation, begin..<end, base)
        singles.end()
      }
      begin = end
    }
  }

  private mutating func writeRun(_ operation: UInt8, _ range: Range<Int>, _ base: UInt32) {
    code.append(ScalarCode.head(operation, .run, count: range.count))
    for operand in 0..<Int(gates[Int(sorting.order[range.lowerBound])].arity) {
      for position in range { code.append(slot(gates[Int(sorting.order[position])][operand], base)) }
    }
  }

  @inline(__always)
  private func slot(_ operand: ScalarOperand, _ base: UInt32) -> UInt32 {
    operand.isOfStep ? base + sorting.positions[operand.index] : UInt32(truncatingIfNeeded: operand.index)
  }
}
