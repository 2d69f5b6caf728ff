/// What has been sent back to each node so far, in order of arrival: nothing, one gradient, or a ring of them.
package struct Contributions: ~Copyable {
  private let region: NodeRegion
  /// By place in the region.
  private var sent: Column<Link>
  /// The gradients of nodes that have got several.
  private var ring: Column<Entry>

  /// What a node has got: nothing, a gradient, or the number of the last entry of its ring.
  struct Link: BitwiseCopyable, Equatable {
    private let bits: UInt32
    private static let ringBit: UInt32 = 1 << 31
    static let nothing = Link(bits: .max)

    private init(bits: UInt32) { self.bits = bits }
    init(_ gradient: NodeID) { bits = gradient.index }
    init(lastEntry: Int) { bits = UInt32(lastEntry) | Self.ringBit }
    var lastEntry: Int? { bits & Self.ringBit == 0 || self == .nothing ? nil : Int(bits & ~Self.ringBit) }
    var gradient: NodeID { NodeID(index: bits) }
  }

  struct Entry: BitwiseCopyable {
    let gradient: NodeID
    /// The entry that came after; after the last one comes the first.
    var next: UInt32
  }

  /// Room for the contributions of one node.
  private var terms: [NodeID] = []

  init(in region: NodeRegion) {
    self.region = region
    sent = Column(repeating: .nothing, count: region.count)
    ring = Column()
  }

  /// Adds to what `node`, one of the region, has got.
  mutating func add(_ gradient: NodeID, to node: NodeID) {
    let place = region.place(of: node)!
    let known = sent[place]
    if known == .nothing {
      sent[place] = Link(gradient)
    } else {
      let newest = ring.count
      if let last = known.lastEntry {
        ring.append(Entry(gradient: gradient, next: ring[last].next))
        ring[last].next = UInt32(newest)
        sent[place] = Link(lastEntry: newest)
      } else {
        ring.append(Entry(gradient: known.gradient, next: UInt32(newest + 1)))
        ring.append(Entry(gradient: gradient, next: UInt32(newest)))
        sent[place] = Link(lastEntry: newest + 1)
      }
    }
  }

  func hasAny(_ node: NodeID) -> Bool { region.place(of: node).map { sent[$0] != .nothing } ?? false }

  /// For each place of the region whether its node has any.
  func reached() -> [Bool] {
    var reached: [Bool] = []
    reached.reserveCapacity(sent.count)
    for index in 0..<sent.count { reached.append(sent[index] != .nothing) }
    return reached
  }

  /// The sum of a node's contributions in graph order, by one accumulate node; none is added up if there is but one.
  mutating func sum(of node: NodeID, _ state: inout GraphState) -> NodeID {
    let got = sent[region.place(of: node)!]
    guard let last = got.lastEntry else { return got.gradient }
    let first = ring[Int(ring[last].next)]
    if first.next == last { return state.accumulate(first.gradient, ring[last].gradient) }
    terms.removeAll(keepingCapacity: true)
    var entry = last
    repeat {
      entry = Int(ring[entry].next)
      terms.append(ring[entry].gradient)
    } while entry != last
    return state.accumulate(terms[...])
  }
}

extension Graph {
  /// The sum of at least two values of one floating-point type and shape, in their order.
  func accumulate(_ terms: [Node]) -> Node {
    withState { Node(graph: self, id: $0.accumulate(terms.map(\.id)[...])) }
  }
}

extension GraphState {
  /// The sum of contributions to one node, which share its signature.
  fileprivate mutating func accumulate(_ contributions: ArraySlice<NodeID>) -> NodeID {
    let type = storage.signature(of: contributions.first!).elementType
    if !type.hasArithmetic { return accumulateComputed(contributions, type) }
    if !poison.isEmpty { return apply(Accumulate(), to: Array(contributions), at: .unknown) }
    let signature = storage.rows[contributions.first!.int].signature
    return append(storage.intern(Accumulate()), signature, inputs: contributions)
  }

  fileprivate mutating func accumulate(_ first: NodeID, _ second: NodeID) -> NodeID {
    let signature = storage.rows[first.int].signature
    if !storage.hasArithmetic(signature) { return accumulate([first, second]) }
    if !poison.isEmpty { return apply(Accumulate(), to: [first, second], at: .unknown) }
    return append(storage.intern(Accumulate()), signature, first, second)
  }

  /// The sum of contributions of a type without arithmetic: of what they are cast to, rounded once.
  private mutating func accumulateComputed(_ contributions: ArraySlice<NodeID>, _ type: ElementType) -> NodeID {
    let terms = contributions.map { apply(Cast(to: type.computed), $0, nil, at: .unknown) }
    return apply(Cast(to: type), apply(Accumulate(), to: terms, at: .unknown), nil, at: .unknown)
  }

  /// The sum of two tangents of one node.
  mutating func sum(_ first: NodeID, _ second: NodeID) -> NodeID {
    storage.hasArithmetic(storage.rows[first.int].signature)
      ? apply(Add(), first, second, at: .unknown) : accumulate(first, second)
  }
}
