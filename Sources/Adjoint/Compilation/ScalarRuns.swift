internal import Kernels

/// One scalar gate of a step under construction.
struct ScalarGate: BitwiseCopyable {
  let operation: UInt8
  let arity: UInt8
  /// How many gates of this step must come before it, one after the other.
  let depth: UInt32
  /// Slots, or gates of this step, marked.
  private let operands: (UInt32, UInt32, UInt32)

  static let mark: UInt32 = 1 << 31

  init(_ operation: ElementwiseOperation, arity: Int, depth: UInt32, _ operands: (UInt32, UInt32, UInt32)) {
    self.operation = UInt8(truncatingIfNeeded: operation.rawValue)
    self.arity = UInt8(truncatingIfNeeded: arity)
    self.depth = depth
    self.operands = operands
  }

  @inline(__always)
  subscript(operand: Int) -> UInt32 { operand == 0 ? operands.0 : operand == 1 ? operands.1 : operands.2 }
}

/// Turns scalar gates, as they come in the order of the nodes, into code for the machine that runs them, and gathers
/// those that follow one another in a unit, on the slab of one element type, into one step.
///
/// A slot is written once a run of the program, so a gate depends on nothing but its operands, and the gates of a step
/// may be put in any order in which operands come first. They are sorted by level and operation, so that most make up
/// runs of one operation, and their slots follow that order, so that a run's results lie next to one another.
///
/// It knows no unit and no other step: who adds one of those closes the run before it.
struct ScalarRuns: ~Copyable {
  private(set) var code: [UInt32] = []
  private let expectedWords: Int

  /// The gates that no step holds yet, and the nodes that they compute, in the order of the nodes.
  private var gates = Column<ScalarGate>()
  private var nodes = Column<NodeID>()
  private var type = ElementType.float32
  private var sorting = LevelOrder()
  private var fetches = FarReads()

  /// - Parameter expectedWords: about how long the code will be, so that it need not move when it grows.
  init(expectedWords: Int) { self.expectedWords = expectedWords }

  /// What the machine for scalars does for a gate of this kernel, if it can do it.
  static func operation(of kernel: Kernel) -> ElementwiseOperation? {
    switch kernel.form {
    case .elementwise(let operation): operation
    case .accumulate: .add
    case .broadcast: .copy
    default: nil
    }
  }

  /// Whether the gates of the step being made are of another slab than one of `type`.
  func mustClose(before type: ElementType) -> Bool { gates.count > 0 && self.type != type }

  /// Adds a scalar gate of `type`, that of `node`, to those before it, which are of the same slab.
  mutating func add(
    _ operation: ElementwiseOperation, _ operands: borrowing Column<Placement.Place>, for node: NodeID,
    _ type: ElementType
  ) {
    self.type = type
    nodes.append(node)
    let first = Self.operand(operands[0])
    if operation == .add && operands.count != 2 {
      // An accumulate node of one or of more than two contributions, added in order.
      if operands.count == 1 { append(.copy, 1, first) }
      var sum = first
      for position in 1..<operands.count {
        append(.add, 2, sum, Self.operand(operands[position]))
        sum = UInt32(lastGate) | ScalarGate.mark
      }
    } else {
      append(
        operation, operands.count, first, operands.count > 1 ? Self.operand(operands[1]) : 0,
        operands.count > 2 ? Self.operand(operands[2]) : 0)
    }
  }

  /// The gate added last, by its number in the step being made.
  var lastGate: Int { gates.count - 1 }

  @inline(__always)
  private static func operand(_ place: Placement.Place) -> UInt32 {
    place.isAwaited ? UInt32(place.index) | ScalarGate.mark : UInt32(place.index)
  }

  @inline(__always)
  private mutating func append(
    _ operation: ElementwiseOperation, _ arity: Int, _ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0
  ) {
    let depth = max(depth(behind: a), depth(behind: b), depth(behind: c))
    gates.append(ScalarGate(operation, arity: arity, depth: depth, (a, b, c)))
  }

  @inline(__always)
  private func depth(behind operand: UInt32) -> UInt32 {
    operand & ScalarGate.mark == 0 ? 0 : gates[Int(operand & ~ScalarGate.mark)].depth + 1
  }

  /// Makes a step of the gates added since the last one, if there are any, and gives them their slots.
  mutating func close(_ placement: inout Placement) -> Step? {
    if gates.count == 0 { return nil }
    let base = placement.takeSlots(gates.count, type)
    if code.isEmpty { code.reserveCapacity(expectedWords) }
    let start = code.count
    sorting.sort(gates)
    fetches.find(gates, sorting.order, base: base, type, writingTo: &code)
    write(base: UInt32(base))
    for index in 0..<nodes.count {
      let gate = placement.places[nodes[index].int].index
      placement.settle(nodes[index], at: base + Int(sorting.positions[gate]), type)
    }
    let (first, count) = (nodes[0], gates.count)
    gates.removeAll()
    nodes.removeAll()
    return Step(
      work: .scalars(ScalarRun(type: type, words: start..<code.count, slots: base..<base + count)),
      node: first, operands: 0..<0, results: 0..<0)
  }

  // MARK: code

  private mutating func write(base: UInt32) {
    var begin = 0
    var singles = Singles()
    while begin < gates.count {
      let operation = gates[Int(sorting.order[begin])].operation
      let limit = min(sorting.endOfLevel(at: begin), begin + ScalarCode.longestRun)
      var end = begin + 1
      while end < limit, gates[Int(sorting.order[end])].operation == operation { end += 1 }
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
  private func slot(_ operand: UInt32, _ base: UInt32) -> UInt32 {
    operand & ScalarGate.mark == 0 ? operand : base + sorting.positions[Int(operand & ~ScalarGate.mark)]
  }
}
