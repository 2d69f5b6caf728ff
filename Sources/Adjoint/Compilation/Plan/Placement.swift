internal import DependencyScheduling

/// Where every value of a program lives in a session.
///
/// One-element values of a type with arithmetic lie side by side in a slab, one slab an element type, so that a scalar
/// graph needs no buffer a gate. Everything else has a buffer: one of its own where the user reaches it, otherwise one
/// that shares its memory with others (see ``BufferReuse``). A reshaped value lies where the original does, and a slice
/// of an input along its first axis lies within the input. Constants of more than one element lie in memory of the
/// program, which its sessions share (see ``ConstantMemory``).
struct Placement: Sendable {
  /// A slot of a slab or a buffer, in 32 bits; or, until its step is complete, a gate of the step that will hold a slot.
  struct Place: Hashable, Sendable, BitwiseCopyable {
    let bits: UInt32
    private static let bufferFlag: UInt32 = 1 << 31
    private static let doubleFlag: UInt32 = 1 << 30
    private static let awaitedFlag: UInt32 = 1 << 29

    static func slot(_ slot: Int, _ type: ElementType) -> Place {
      Place(bits: UInt32(slot) | (type.isDouble ? doubleFlag : 0))
    }
    static func buffer(_ index: Int) -> Place { Place(bits: UInt32(index) | bufferFlag) }
    static func awaited(gate: Int, _ type: ElementType) -> Place {
      Place(bits: UInt32(gate) | awaitedFlag | (type.isDouble ? doubleFlag : 0))
    }
    /// Nowhere: a value that lives within a chain.
    static let none = Place(bits: .max)

    var isBuffer: Bool { bits & Self.bufferFlag != 0 }
    /// Whether it will be known when the step is complete.
    var isAwaited: Bool { !isBuffer && bits & Self.awaitedFlag != 0 }
    /// The index among buffers, within the slab of its type, or among the gates of the step being made.
    var index: Int { Int(bits & ~(Self.bufferFlag | Self.doubleFlag | Self.awaitedFlag)) }
    var isDoubleSlot: Bool { !isBuffer && bits & Self.doubleFlag != 0 }
  }

  /// Who decides how long a buffer lives.
  enum Lifetime: Hashable, Sendable {
    case input, result
    /// The program's, read by all its sessions and written by none.
    case constant
    /// Lent by the parameter store: a parameter, or the spare memory that its next value is computed into.
    case parameter, next
    /// The session's: made once for each version of the parameters, and read by every run of it.
    case kept
    case transient
  }

  struct BufferPlan: Sendable {
    let signature: Signature
    var lifetime: Lifetime
    /// Which of the program's slots a transient buffer shares with others; -1 for none.
    var slot = -1
    /// Where in the slot it begins, in bytes.
    var offset = 0
    /// Which of the program's constants it is the first elements of; -1 for none.
    var constant = -1
    /// The buffer that it is a piece of, which may have others, and where in it it begins, in bytes; -1 for none.
    var whole = -1
    var start = 0
    /// Whether it is memory of a call's own, which holds no value of the graph.
    var isScratch = false
    /// The first node that lives here.
    let node: NodeID
    var byteCount: Int { signature.shape.elementCount * signature.elementType.byteCount }
  }

  /// Memory of the program that holds a constant, or all constants that repeat one value: each is the first elements of
  /// the largest of them.
  struct ConstantPlan: Sendable {
    let elementType: ElementType
    let values: TensorValues
    /// The elements of the largest of them.
    var elementCount: Int
    /// The first node that lies here.
    let node: NodeID
    var byteCount: Int { elementCount * elementType.byteCount }
  }

  var buffers: [BufferPlan] = []
  /// The number of slots of each slab.
  private(set) var float32Slots = 0, float64Slots = 0
  /// Scalar constants and where they lie.
  private(set) var scalarConstants: [(place: Place, value: Double)] = []
  /// The memory of larger constants.
  var constants: [ConstantPlan] = []
  /// Which of them repeats a value.
  private var repeatedConstants: [RepeatedValue: Int] = [:]
  /// The buffers that have pieces, by one of the nodes whose values these are.
  private var wholes: [NodeID: Int] = [:]

  /// Finds a place for each node of a graph, except that scalars only wait for their slots.
  ///
  /// - Parameters:
  ///   - values: empty yet.
  ///   - pieces: the values that lie in memory which others have to do with.
  ///   - kept: those that are not made again in each run.
  ///   - isInner: whether a value never reaches memory.
  init(
    _ graph: IntermediateGraph, _ values: inout Column<PlacedValue>, pieces: [NodeID: BufferPiece],
    kept: Set<NodeID>, isInner: (NodeID) -> Bool
  ) {
    let storage = graph.storage
    let dropped = storage.gates.number(of: Dropped.self)
    let briefs = storage.gates.briefs
    for index in 0..<storage.count {
      let node = NodeID(index)
      let signature = storage.rows[index].signature
      if signature.isArithmeticScalar, briefs[Int(storage.rows[index].gate.index)].scalarOperation != nil {
        values.append(
          PlacedValue(signature == .scalar(.float64) ? .awaited(gate: 0, .float64) : .awaited(gate: 0, .float32)))
        continue
      }
      let traits = storage.traits(of: node)
      if case .alias = traits.kernel.form {
        values.append(PlacedValue(values[storage.inputs(of: node).first!.int].place))
      } else if storage.rows[index].gate == dropped || isInner(node) {
        values.append(PlacedValue(.none))
      } else if !pieces.isEmpty, let piece = pieces[node] {
        if piece.whole == nil { wholes[piece.owner] = values[piece.owner.int].place.index }
        values.append(PlacedValue(addPiece(piece, storage.signature(of: node), for: node)))
      } else {
        values.append(PlacedValue(newPlace(for: node, traits, storage)))
        if kept.contains(node) { buffers[buffers.count - 1].lifetime = .kept }
      }
    }
    for root in graph.roots.all where values[root.int].place.isBuffer {
      let buffer = whole(of: values[root.int].place.index)
      if buffers[buffer].lifetime == .transient { buffers[buffer].lifetime = .result }
    }
    if pieces.isEmpty { return }
    for index in buffers.indices { buffers[index].lifetime = buffers[whole(of: index)].lifetime }
  }

  /// The buffer that one is a piece of, or itself.
  func whole(of buffer: Int) -> Int { buffers[buffer].whole < 0 ? buffer : buffers[buffer].whole }

  /// For each buffer that has pieces these.
  ///
  /// - Complexity: O(buffers).
  var pieces: [Int: [Int]] {
    Dictionary(grouping: buffers.indices.filter { buffers[$0].whole >= 0 }) { buffers[$0].whole }
  }

  /// A place for a value within memory that others have to do with.
  private mutating func addPiece(_ piece: BufferPiece, _ signature: Signature, for node: NodeID) -> Place {
    let whole = wholes[piece.owner] ?? buffers.count
    if whole == buffers.count, let signature = piece.whole {
      buffers.append(BufferPlan(signature: signature, lifetime: .transient, node: node))
      wholes[piece.owner] = whole
    }
    buffers.append(
      BufferPlan(signature: signature, lifetime: .transient, whole: whole, start: piece.start, node: node))
    return .buffer(buffers.count - 1)
  }

  /// Whether a value lives only within a run.
  func isTransient(_ place: Place) -> Bool {
    place.isBuffer && place != .none && buffers[place.index].lifetime == .transient
  }

  private mutating func newPlace(for node: NodeID, _ traits: GateTraits, _ storage: GraphStorage) -> Place {
    let signature = storage.signature(of: node)
    if storage.isOneNumber(node) {
      if storage.isScalarGate(node) { return .awaited(gate: 0, signature.elementType) }
      let place = Place.slot(takeSlots(1, signature.elementType), signature.elementType)
      if traits.source == .constant {
        scalarConstants.append((place, storage.constants[node]!.doubles(count: 1)[0]))
      }
      return place
    }
    let lifetime: Lifetime
    switch traits.source {
    case .input: lifetime = .input
    case .parameter: lifetime = .parameter
    case .constant: return addConstant(storage.constants[node]!, signature, for: node)
    case nil: lifetime = .transient
    }
    buffers.append(BufferPlan(signature: signature, lifetime: lifetime, node: node))
    return .buffer(buffers.count - 1)
  }

  /// A place for a constant of more than one element, in the memory of another that repeats the same value if there is
  /// one.
  mutating func addConstant(_ values: TensorValues, _ signature: Signature, for node: NodeID) -> Place {
    let repeated = RepeatedValue(values, signature.elementType), count = signature.shape.elementCount
    let number = repeated.flatMap { repeatedConstants[$0] } ?? constants.count
    if number < constants.count {
      constants[number].elementCount = max(count, constants[number].elementCount)
    } else {
      constants.append(
        ConstantPlan(elementType: signature.elementType, values: values, elementCount: count, node: node))
      if let repeated { repeatedConstants[repeated] = number }
    }
    buffers.append(BufferPlan(signature: signature, lifetime: .constant, constant: number, node: node))
    return .buffer(buffers.count - 1)
  }

  /// Memory within a run for the call that computes `node`.
  mutating func addScratch(byteCount: Int, for node: NodeID) -> Place {
    let signature = Signature(elementType: .float32, shape: [max(1, (byteCount + 3) / 4)])
    buffers.append(BufferPlan(signature: signature, lifetime: .transient, isScratch: true, node: node))
    return .buffer(buffers.count - 1)
  }

  // MARK: scalars computed in steps

  /// The first of `count` new slots next to one another.
  mutating func takeSlots(_ count: Int, _ type: ElementType) -> Int {
    let first = type.isDouble ? float64Slots : float32Slots
    demand(first + count <= 1 << 29, "A program holds at most 2^29 scalars of one type")
    if type.isDouble { float64Slots += count } else { float32Slots += count }
    return first
  }
}

extension GraphStorage {
  /// Whether a node's value is one floating-point number, which lies in a slab.
  func isOneNumber(_ node: NodeID) -> Bool {
    let signatureID = rows[node.int].signature
    if signatureID.isArithmeticScalar { return true }
    let signature = signatures[Int(signatureID.index)]
    return signature.elementType.hasArithmetic && signature.shape.elementCount == 1
  }

  /// Whether a node is computed by the machine for scalars.
  func isScalarGate(_ node: NodeID) -> Bool {
    brief(of: node).scalarOperation != nil && isOneNumber(node)
  }
}

/// A value that is some of the elements of a buffer, among which other values lie, too.
struct BufferPiece: Sendable {
  /// The input whose elements these are; or one of the values of a buffer of their own, by which they are told from
  /// those of other buffers.
  let owner: NodeID
  /// What all of the buffer is; `nil` for an input's.
  let whole: Signature?
  /// Where the value begins, in bytes.
  let start: Int
}

/// A value that all elements of a constant are, by its bits in the constant's type.
struct RepeatedValue: Hashable, Sendable {
  let type: ElementType
  let bits: UInt64

  init?(_ values: TensorValues, _ type: ElementType) {
    guard case .repeated(let value) = values else { return nil }
    self.type = type
    bits = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1) { element in
      element.initialize(repeating: 0)
      TensorValues.repeated(value).write(to: element.baseAddress!, count: 1, as: type)
      return element[0]
    }
  }
}

/// Where a node's value lies, and which unit makes it: looked up together for each operand.
struct PlacedValue: BitwiseCopyable {
  var place: Placement.Place
  var unit = noUnit
  /// In place of a unit, for what is there before a run.
  static let noUnit = UInt32.max

  init(_ place: Placement.Place) { self.place = place }
}
