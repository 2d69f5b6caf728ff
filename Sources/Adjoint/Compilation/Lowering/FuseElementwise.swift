internal import Kernels

/// Groups elementwise gates of one shape into chains, each of which runs as one kernel.
///
/// A gate joins the chain of an operand, and so joins chains to one another, as long as nothing outside has read them: a
/// chain runs where its last gate stands, so that a reader outside must come after that. A chain that has been read is
/// therefore closed, and no cycle can come about. Gates that only show their operand differently (broadcast, slice,
/// transpose) begin a chain: it reads the operand through that view, without a copy. A reduction of the last axes ends a
/// chain: what it reduces need not be stored. A splice of one dimension joins the chain of what it shifts by a few
/// elements, so that the steps of a recurrence along such a value need not be stored either.
/// A chain that grows too long is cut where little is read later: between two steps of a recurrence, rather than within one.
/// Rows of a table that nothing but chains reads are gathered by these, each for itself.
///
/// - Complexity: O(nodes + edges).
struct FuseElementwise {
  /// For each node the number of its chain, or ``none``; empty if no value is large enough for one.
  private var chainOf: [UInt32] = []
  /// The gates of each chain in the order in which they run; empty where a chain was joined to another or given up.
  private(set) var chains: [[NodeID]] = []
  /// For each node whether the value never reaches memory: nothing but the chain itself reads it, or chains gather it;
  /// empty if there is no chain.
  private var isInner: [Bool] = []
  /// The gates whose rows are gathered by the chains that read them; while chains grow, all that may be, and how many
  /// fences come before them.
  private(set) var gathers: [NodeID: Int] = [:]
  /// What has gone into each chain so far.
  private var states: [State] = []
  /// How many fences have been passed; a chain lies between two.
  private var passedFences = 0
  /// Who was the first to read each chain from outside, after which it takes in no gate; only if ``notesReaders``.
  private var readers: [UInt32: Reader] = [:]
  private let notesReaders: Bool
  static let none = UInt32.max

  /// A node that reads a chain, and how many fences come before it.
  private struct Reader {
    let node: NodeID
    let fences: Int
  }

  private struct State {
    let signature: SignatureID
    let isForward: Bool
    /// How many fences come before it in the order.
    let fences: Int
    var isOpen = true
    /// The operands from outside, each once for each way of reading it.
    var reads: [Read] = []
    /// Operations, at most: a view that is read outside is copied.
    var operations = 0
    /// Whether any gate computes, as opposed to showing its operand differently.
    var computes = false

    /// What the chain takes at most, but for its reach.
    var demand: ElementwiseChain.Demand { ElementwiseChain.Demand(operands: reads.count, operations: operations) }
  }

  /// A value that a chain reads: as an operand, through the view that it is, or spliced.
  private struct Read: Equatable {
    let node: NodeID
    var isSpliced = false
  }

  /// What a gate is to a chain.
  private enum Role { case computes, shifts(Int), views, gathers, reduces, neither }

  /// How far splices shift what goes into a value, along any path through its chain, in all; those that do.
  private var reaches: [NodeID: Int] = [:]
  /// Made when the first chain has grown too long.
  private var lastReaders: LastReaders?

  /// - Parameter notesReaders: whether ``end(of:in:order:options:)`` will be asked.
  init(_ graph: IntermediateGraph, order: RunOrder, options: Program.Options, notesReaders: Bool = false) {
    let storage = graph.storage
    self.notesReaders = notesReaders
    guard options.fusesElementwise, options.runs(.fuseElementwise),
      storage.signatures.contains(where: { $0.shape.elementCount > 1 })
    else { return }
    chainOf = [UInt32](repeating: Self.none, count: storage.count)
    for node in order {
      if graph.fences.contains(node) { passedFences += 1 }
      // What a scalar is computed from are scalars, which are in no chain.
      if storage.rows[node.int].signature.isArithmeticScalar, storage.brief(of: node).scalarOperation != nil {
        continue
      }
      switch Self.role(of: node, in: storage, options) {
      case .computes: join(node, storage, order)
      case .shifts(let shift): join(node, storage, order, shift: shift)
      case .views:
        close(storage.inputs(of: node), but: Self.none, for: node)
        start(node, storage, isForward: order.isForward(node))
      case .reduces:
        reduce(node, storage, isForward: order.isForward(node))
        close(storage.inputs(of: node), but: Self.none, for: node)
      case .gathers:
        gathers[node] = passedFences
        close(storage.inputs(of: node), but: Self.none, for: node)
      case .neither: close(storage.inputs(of: node), but: Self.none, for: node)
      }
    }
    if !gathers.isEmpty { findGathers(storage, order: order, roots: graph.roots.all) }
    // A single gate has a kernel of its own.
    for chain in chains.indices
    where !chains[chain].isEmpty && !(states[chain].computes && (chains[chain].count > 1 || gathers(chain))) {
      for node in chains[chain] { chainOf[node.int] = Self.none }
      chains[chain] = []
    }
    findInner(storage, order: order, roots: graph.roots.all)
  }

  /// Keeps of `gathers` those that nothing but chains reads, which run in the same pass and between the same fences, and
  /// in the shape that they have.
  private mutating func findGathers(
    _ storage: GraphStorage, order: RunOrder, roots: [NodeID]
  ) {
    for root in roots { gathers[root] = nil }
    var readers: [NodeID: UInt32] = [:]
    for node in order {
      for input in storage.inputs(of: node) {
        guard let fences = gathers[input] else { continue }
        let chain = chainOf[node.int]
        let table = storage.signature(of: storage.inputs(of: input).first!).shape
        let shape = storage.signature(of: input).shape
        // Out of a table that is small, several chains gather each for itself sooner than they read what one has stored.
        let isSmall = 2 * table.elementCount <= shape.elementCount  // Decisions/Rewriting.md
        let canGather =
          chain != Self.none && Self.operation(of: storage.traits(of: node).kernel) != nil
          && storage.signature(of: node).shape == shape && order.isForward(node) == order.isForward(input)
          && states[Int(chain)].fences == fences && (isSmall || readers[input, default: chain] == chain)
        if canGather { readers[input] = chain } else { gathers[input] = nil }
      }
    }
    gathers = gathers.filter { readers[$0.key] != nil }
  }

  private func gathers(_ chain: Int) -> Bool {
    !gathers.isEmpty && states[chain].reads.contains { gathers[$0.node] != nil }
  }

  /// The number of the chain that computes a node, or ``none``.
  func chain(of node: NodeID) -> UInt32 { chainOf.isEmpty ? Self.none : chainOf[node.int] }

  /// What a chain takes at most, as far as it has been counted.
  func demand(of chain: UInt32) -> ElementwiseChain.Demand { states[Int(chain)].demand }

  /// Whether nothing but its chain reads a value.
  func isInner(_ node: NodeID) -> Bool { !isInner.isEmpty && isInner[node.int] }

  private mutating func findInner(_ storage: GraphStorage, order: RunOrder, roots: [NodeID]) {
    if chains.isEmpty { return }
    isInner = [Bool](repeating: false, count: storage.count)
    for gather in gathers.keys { isInner[gather.int] = true }
    for chain in chains { for node in chain { isInner[node.int] = true } }
    for node in order {
      for operand in storage.inputs(of: node) {
        if chainOf[operand.int] != chainOf[node.int], gathers[operand] == nil { isInner[operand.int] = false }
      }
    }
    for root in roots { isInner[root.int] = false }
  }

  /// The operation that a chain does for a node that computes, done to its operands from left to right.
  static func operation(of kernel: Kernel) -> ElementwiseOperation? {
    switch kernel.form {
    case .elementwise(let operation): operation
    case .accumulate: .add
    default: nil
    }
  }

  /// The elements next to one another that each element of a reduction's result comes from, if they are: a row, or for a
  /// result of leaves the row that they are of.
  static func rowLength(of reduction: NodeID, in storage: GraphStorage) -> (operation: ReduceOperation, columns: Int)? {
    switch storage.traits(of: reduction).kernel.form {
    case .reduceLeaves(let operation, let plan): return (operation, plan.columns)
    case .reduce(let operation, let axes):
      let columns = storage.signature(of: storage.inputs(of: reduction).first!).shape.rowLength(axes: axes)
      guard let columns, columns > 1, columns <= ChainReduction.longestRow else { return nil }
      return (operation, columns)
    default: return nil
    }
  }

  private static func role(of node: NodeID, in storage: GraphStorage, _ options: Program.Options) -> Role {
    if rowLength(of: node, in: storage) != nil { return .reduces }
    let signatureID = storage.rows[node.int].signature
    if signatureID.isScalar { return .neither }
    let signature = storage.signatures[Int(signatureID.index)]
    guard signature.elementType.hasArithmetic, signature.shape.elementCount > 1 else { return .neither }
    switch storage.traits(of: node).kernel.form {
    case .elementwise: return .computes
    case .accumulate:
      let isFixed = options.accumulation == .graphOrder
      return isFixed && storage.inputCount(of: node) <= longestSum ? .computes : .neither
    case .spliceRows:
      let shift = shift(of: node, in: storage)
      return signature.shape.rank == 1 && ElementwiseChain.Demand(reach: shift).isAllowed ? .shifts(shift) : .views
    case .broadcast, .slice, .transpose: return .views
    case .gatherRows: return .gathers
    default: return .neither
    }
  }

  /// How far a splice shifts what it shows, at most; 0 of other gates.
  private static func shift(of node: NodeID, in storage: GraphStorage) -> Int {
    guard case .spliceRows(let pieces) = storage.traits(of: node).kernel.form else { return 0 }
    return zip(storage.inputs(of: node), pieces).reduce(0) { furthest, taken in
      let (input, piece) = taken
      // Values of other shapes are in no chain of this one.
      if storage.rows[input.int].signature != storage.rows[node.int].signature { return furthest }
      return max(furthest, abs(piece.start - piece.rows.lowerBound))
    }
  }

  /// Sums of more contributions come from many branches, which should not wait for one another in one chain.
  private static let longestSum = 4  // Decisions/Rewriting.md

  private mutating func join(_ node: NodeID, _ storage: GraphStorage, _ order: RunOrder, shift: Int = 0) {
    let inputs = storage.inputs(of: node), isForward = order.isForward(node)
    let chain = start(node, storage, isForward: isForward)
    for input in inputs {
      let operand = chainOf[input.int]
      guard operand != Self.none, operand != chain else { continue }
      let other = states[Int(operand)]
      guard other.isOpen, other.signature == storage.rows[node.int].signature, other.isForward == isForward,
        other.fences == passedFences
      else { continue }
      if !absorb(operand, into: chain, at: node, inputs, shift: shift), cut(operand, before: node, storage, order) {
        _ = absorb(chainOf[input.int], into: chain, at: node, inputs, shift: shift)
      }
    }
    close(inputs, but: chain, for: node)
  }

  /// Puts an operand's open chain before the gates of `chain`, unless together they are too long. Answers whether they are
  /// one now.
  private mutating func absorb(
    _ operand: UInt32, into chain: UInt32, at node: NodeID, _ inputs: GraphStorage.Inputs, shift: Int
  ) -> Bool {
    let other = states[Int(operand)], mine = states[Int(chain)]
    let outer = mine.reads.filter { chainOf[$0.node.int] != operand }
    let reads = other.reads + outer.filter { !other.reads.contains($0) }
    let reach = shift + furthestReach(of: operand, among: inputs)
    let demand = ElementwiseChain.Demand(
      operands: reads.count, operations: other.operations + mine.operations, reach: reach)
    guard other.isOpen, demand.isAllowed else { return false }
    for node in chains[Int(operand)] { chainOf[node.int] = chain }
    var merged = chains[Int(operand)] + chains[Int(chain)]
    merged.sort()
    chains[Int(chain)] = merged
    chains[Int(operand)] = []
    states[Int(chain)].reads = reads
    states[Int(chain)].operations += other.operations
    if other.computes { states[Int(chain)].computes = true }
    if reach > 0 { reaches[node] = max(reach, reaches[node] ?? 0) }
    return true
  }

  /// The furthest reach of the inputs that `chain` computes.
  private func furthestReach(of chain: UInt32, among inputs: GraphStorage.Inputs) -> Int {
    if reaches.isEmpty { return 0 }
    return inputs.reduce(0) { reach, input in
      chainOf[input.int] == chain ? max(reach, reaches[input] ?? 0) : reach
    }
  }

  /// Lets a reduction end the chain of its operand, if nothing has read that.
  private mutating func reduce(_ node: NodeID, _ storage: GraphStorage, isForward: Bool) {
    let chain = chainOf[storage.inputs(of: node).first!.int]
    guard chain != Self.none, states[Int(chain)].isOpen, states[Int(chain)].isForward == isForward,
      states[Int(chain)].fences == passedFences
    else { return }
    chains[Int(chain)].append(node)
    chainOf[node.int] = chain
    states[Int(chain)].computes = true
  }

  @discardableResult
  private mutating func start(_ node: NodeID, _ storage: GraphStorage, isForward: Bool) -> UInt32 {
    let chain = UInt32(chains.count)
    chains.append([node])
    states.append(state(of: node, storage, isForward: isForward))
    chainOf[node.int] = chain
    return chain
  }

  /// The state of a chain of one gate.
  private func state(of node: NodeID, _ storage: GraphStorage, isForward: Bool) -> State {
    let inputs = storage.inputs(of: node), signature = storage.rows[node.int].signature
    let kernel = storage.traits(of: node).kernel
    var state = State(signature: signature, isForward: isForward, fences: passedFences)
    state.operations = max(inputs.count - 1, 1)
    state.computes = Self.operation(of: kernel) != nil
    if case .spliceRows = kernel.form {
      state.reads = inputs.map { Read(node: $0, isSpliced: storage.rows[$0.int].signature != signature) }
    } else {
      state.reads = state.computes ? inputs.map { Read(node: $0) } : [Read(node: node)]
      // What is gathered comes with its indices.
      for input in inputs where gathers[input] != nil {
        let indices = Read(node: storage.inputs(of: input).last!)
        if !state.reads.contains(indices) { state.reads.append(indices) }
      }
    }
    return state
  }

  /// Cuts an open chain that is too long for `node` to join it where fewer of its values are read behind the cut than are
  /// from `node` on, if there is such a place in its second half: what lies behind is the chain that grows on, if it does
  /// not read more than a chain may. Of a recurrence's steps that is between two, where what is read later is its state.
  private mutating func cut(_ chain: UInt32, before node: NodeID, _ storage: GraphStorage, _ order: RunOrder) -> Bool {
    if lastReaders == nil { lastReaders = LastReaders(storage, order: order) }
    let gates = chains[Int(chain)]
    guard let place = lastReaders!.narrowestPlace(in: gates, before: node) else { return false }
    let rest = UInt32(chains.count)
    for gate in gates[place...] { chainOf[gate.int] = rest }
    chains.append(Array(gates[place...]))
    let isForward = states[Int(chain)].isForward
    let behind = joinedState(of: rest, storage, isForward: isForward)
    // What crosses the cut becomes an operand.
    guard behind.demand.isAllowed else {
      for gate in chains.removeLast() { chainOf[gate.int] = chain }
      return false
    }
    chains[Int(chain)] = Array(gates[..<place])
    states.append(behind)
    states[Int(chain)] = joinedState(of: chain, storage, isForward: isForward)
    states[Int(chain)].isOpen = false
    if notesReaders { readers[chain] = Reader(node: node, fences: passedFences) }
    for gate in chains[Int(rest)] where reaches[gate] != nil {
      let inputs = storage.inputs(of: gate)
      let isFirst = inputs.allSatisfy { chainOf[$0.int] != rest }
      reaches[gate] = isFirst ? nil : Self.shift(of: gate, in: storage) + furthestReach(of: rest, among: inputs)
    }
    return true
  }

  /// The state of an open chain of which only the gates are known.
  private func joinedState(of chain: UInt32, _ storage: GraphStorage, isForward: Bool) -> State {
    let gates = chains[Int(chain)]
    var joined = state(of: gates[0], storage, isForward: isForward)
    for gate in gates.dropFirst() {
      let next = state(of: gate, storage, isForward: isForward)
      for read in next.reads where chainOf[read.node.int] != chain || read.node == gate {
        if !joined.reads.contains(read) { joined.reads.append(read) }
      }
      joined.operations += next.operations
      joined.computes = joined.computes || next.computes
    }
    return joined
  }

  private mutating func close(_ inputs: GraphStorage.Inputs, but chain: UInt32, for reader: NodeID) {
    for input in inputs where chainOf[input.int] != Self.none && chainOf[input.int] != chain {
      if notesReaders, states[Int(chainOf[input.int])].isOpen {
        readers[chainOf[input.int]] = Reader(node: reader, fences: passedFences)
      }
      states[Int(chainOf[input.int])].isOpen = false
    }
  }

  /// Why a chain has taken in no more gates, and the node that was the first to read it from outside; `nil` if nothing
  /// does.
  func end(
    of chain: UInt32, in storage: GraphStorage, order: RunOrder, options: Program.Options
  ) -> (reason: ChainEnd, node: NodeID)? {
    guard let reader = readers[chain] else { return nil }
    let (node, state) = (reader.node, states[Int(chain)])
    if chainOf[node.int] == chain { return (.reduction, node) }
    switch Self.role(of: node, in: storage, options) {
    case .views: return (.layout, node)
    case .gathers: return (.gathering, node)
    case .neither: return (.noElementwiseGate, node)
    case .computes, .shifts, .reduces:
      if order.isForward(node) != state.isForward { return (.otherPass, node) }
      if reader.fences != state.fences { return (.fence, node) }
      return (storage.rows[node.int].signature == state.signature ? .limit : .otherShape, node)
    }
  }
}

/// Why a chain of elementwise gates has taken in no more of them.
enum ChainEnd: Hashable, Sendable {
  /// It ends in a reduction of its rows.
  case reduction
  /// With the next gate it would do more operations, read more operands or reach further than a chain may.
  case limit
  /// The next gate computes another shape or type.
  case otherShape
  /// The next gate belongs to the backward pass.
  case otherPass
  /// A fence lies between.
  case fence
  /// A gate that shows a value in another layout reads it: it begins a chain of its own.
  case layout
  /// Rows are taken out of it, or it says which.
  case gathering
  /// Something reads it that no chain takes in, such as a product.
  case noElementwiseGate
}
