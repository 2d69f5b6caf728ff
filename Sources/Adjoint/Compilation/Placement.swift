/// Where every value of a program lives in a session.
///
/// One-element floating-point values lie side by side in a slab, one slab an element type, so that a scalar graph needs
/// no buffer a gate. Everything else has a buffer: one of its own where the user reaches it, otherwise one that shares
/// its memory with others (see ``BufferReuse``). A reshaped value lives where the original does.
struct Placement: Sendable {
  /// A slot of a slab or a buffer, in 32 bits.
  struct Place: Hashable, Sendable {
    let bits: UInt32
    private static let bufferFlag: UInt32 = 1 << 31
    private static let doubleFlag: UInt32 = 1 << 30

    static func slot(_ slot: Int, _ type: ElementType) -> Place {
      Place(bits: UInt32(slot) | (type == .float64 ? doubleFlag : 0))
    }
    static func buffer(_ index: Int) -> Place { Place(bits: UInt32(index) | bufferFlag) }
    /// Nowhere: a value that lives within a chain.
    static let none = Place(bits: .max)

    var isBuffer: Bool { bits & Self.bufferFlag != 0 }
    /// The index among buffers, or within the slab of its type.
    var index: Int { Int(bits & ~(Self.bufferFlag | Self.doubleFlag)) }
    var isDoubleSlot: Bool { !isBuffer && bits & Self.doubleFlag != 0 }
  }

  /// Who decides how long a buffer lives.
  enum Lifetime: Hashable, Sendable {
    case input, constant, result
    case parameter
    case transient
  }

  struct BufferPlan: Sendable {
    let signature: Signature
    var lifetime: Lifetime
    /// Which of the program's slots a transient buffer shares with others; -1 for none.
    var slot = -1
    /// The first node that lives here.
    let node: NodeID
    var byteCount: Int { signature.shape.elementCount * signature.elementType.byteCount }
  }

  private(set) var places: [Place] = []
  var buffers: [BufferPlan] = []
  /// The number of slots of each slab.
  private(set) var float32Slots = 0, float64Slots = 0
  /// Scalar constants and where they lie.
  private(set) var scalarConstants: [(place: Place, value: Double)] = []
  /// Larger constants, by buffer.
  private(set) var constants: [(buffer: Int, values: TensorValues)] = []

  /// - Parameter isInner: whether a value never reaches memory.
  init(_ graph: IntermediateGraph, isInner: [Bool]) {
    let storage = graph.storage
    places.reserveCapacity(storage.count)
    for index in 0..<storage.count {
      let node = NodeID(index)
      let traits = storage.traits(of: node)
      if case .alias = traits.kernel.form {
        places.append(places[storage.inputs(of: node).first!.int])
      } else if isInner[index] {
        places.append(.none)
      } else {
        places.append(newPlace(for: node, traits, storage))
      }
    }
    for root in graph.roots where places[root.int].isBuffer {
      let buffer = places[root.int].index
      if buffers[buffer].lifetime == .transient { buffers[buffer].lifetime = .result }
    }
  }

  /// Whether a value lives only within a run.
  func isTransient(_ place: Place) -> Bool {
    place.isBuffer && place != .none && buffers[place.index].lifetime == .transient
  }

  private mutating func newPlace(for node: NodeID, _ traits: GateTraits, _ storage: GraphStorage) -> Place {
    let signatureID = storage.signatureColumn[node.int]
    let signature = storage.signatures[Int(signatureID.index)]
    if signature.elementType.isDifferentiable, signatureID.isScalar || signature.shape.elementCount == 1 {
      let place: Place
      if signature.elementType == .float64 {
        place = .slot(float64Slots, .float64)
        float64Slots += 1
      } else {
        place = .slot(float32Slots, .float32)
        float32Slots += 1
      }
      if traits.source == .constant {
        scalarConstants.append((place, storage.constants[node]!.doubles(count: 1)[0]))
      }
      return place
    }
    let lifetime: Lifetime =
      switch traits.source {
      case .input: .input
      case .parameter: .parameter
      case .constant: .constant
      case nil: .transient
      }
    if let values = storage.constants[node] { constants.append((buffers.count, values)) }
    buffers.append(BufferPlan(signature: signature, lifetime: lifetime, node: node))
    return .buffer(buffers.count - 1)
  }
}
