internal import Kernels

/// A chain of elementwise gates as one kernel call: what it reads, what it writes, and what it does to one element.
struct ChainCall {
  let chain: ElementwiseChain
  /// The chain with the reduction that ends it, if one does; its result is the last.
  let reduction: ChainReduction?
  let type: ElementType
  /// The nodes whose memory the chain reads, and those that it writes.
  let operands: [NodeID]
  let results: [NodeID]
  /// The node that each operation of the chain belongs to.
  let nodes: [NodeID]
  /// The gates whose rows the chain gathers, by the operand that is their table.
  private(set) var gathers: [Int: NodeID] = [:]

  func call(_ work: ChainWork) -> any KernelCall {
    let type = type.kernelType
    return reduction.map { ChainReductionCall($0, type, work) } ?? ElementwiseChainCall(chain, type, work)
  }

  /// - Parameters:
  ///   - gates: the nodes of the chain in order.
  ///   - fused: says which values are read by the chain alone, and which it gathers.
  init(_ gates: [NodeID], in storage: GraphStorage, _ fused: FuseElementwise) {
    let signature = storage.signature(of: gates[0])
    let shape = signature.shape.dimensions
    var reads: [(node: NodeID, view: ElementwiseChain.View)] = []
    var values: [NodeID: Int] = [:]
    func read(_ node: NodeID, _ view: ElementwiseChain.View) -> Int {
      let node = storage.original(of: node)
      if let known = reads.firstIndex(where: { $0.node == node && $0.view == view }) { return known }
      reads.append((node, view))
      return reads.count - 1
    }
    var applications: [(node: NodeID, work: Work, inputs: [NodeID])] = []
    // Where spliced values of other shapes are read.
    var spliced: [NodeID: Int] = [:]
    let tail = FuseElementwise.rowLength(of: gates.last!, in: storage)
    let reduced = tail == nil ? nil : storage.inputs(of: gates.last!).first!
    for gate in gates.dropLast(tail == nil ? 0 : 1) {
      let kernel = storage.traits(of: gate).kernel
      let inputs = Array(storage.inputs(of: gate))
      guard let operation = FuseElementwise.operation(of: kernel) else {
        if case .spliceRows(let pieces) = kernel.form {
          for input in inputs {
            if storage.signature(of: input) != signature {
              spliced[input] = read(input, .rows(of: shape))
            } else if values[input] == nil {
              values[input] = read(input, .whole(shape))
            }
          }
          let length = shape.dropFirst().reduce(1, *)
          values[gate] = -1
          applications.append(
            (gate, .splice(pieces.map { .init(rows: $0.rows, start: $0.start, length: length) }), inputs))
        } else {
          values[gate] = read(
            inputs[0], Self.view(kernel, of: storage.signature(of: inputs[0]).shape.dimensions, shape))
          // A reduction, too, reads what an operation has written.
          if !fused.isInner(gate) || gate == reduced { applications.append((gate, .operation(.copy), [gate])) }
        }
        continue
      }
      for input in inputs where values[input] == nil {
        if fused.gathers[input] != nil {
          let (table, named) = (storage.inputs(of: input).first!, storage.inputs(of: input).last!)
          let rows = storage.signature(of: table).shape
          let indices = read(named, .indices(under: shape))
          let gathered = read(
            table, .gathered(shape, rows: rows[0], columns: rows.elementCount / rows[0], by: indices))
          values[input] = gathered
          if gathers[gathered] == nil { gathers[gathered] = input }
          continue
        }
        let operand = storage.signature(of: input).shape.dimensions
        values[input] = read(input, operand == shape ? .whole(shape) : .broadcast(operand, to: shape))
      }
      values[gate] = -1  // computed by this chain, not read
      applications.append((gate, .operation(operation), inputs))
    }

    var builder = ElementwiseChain.Builder(shape: shape)
    for read in reads { _ = builder.operand(read.view) }
    var results: [(node: NodeID, value: Int)] = []
    var nodes: [NodeID] = []
    var made: [Application: Int] = [:]
    var reducedValue: Int?
    /// The number of the result: an earlier one, unless it is to be this node's own.
    func make(_ work: Work, _ operands: [Int], isOwn: Bool) -> Int {
      let application = Application(work: work, operands: operands)
      if !isOwn, let known = made[application] { return known }
      let value =
        switch work {
        case .operation(let operation): builder.apply(operation, operands)
        case .splice(let pieces): builder.splice(zip(operands, pieces).map { (value: $0, piece: $1) })
        }
      made[application] = value
      return value
    }
    for (node, work, inputs) in applications {
      let isOwn = !fused.isInner(node)
      let operands =
        if case .splice = work { inputs.map { spliced[$0] ?? values[$0]! } } else { inputs.map { values[$0]! } }
      var value = operands[0]
      if case .operation(.add) = work {
        // An accumulate gate of any number of contributions, added in order.
        for (position, operand) in operands.enumerated().dropFirst() {
          value = make(work, [value, operand], isOwn: isOwn && position == operands.count - 1)
        }
        if operands.count == 1 { value = make(.operation(.copy), operands, isOwn: isOwn) }
      } else {
        value = make(work, operands, isOwn: isOwn)
      }
      if inputs != [node] { values[node] = value }
      if node == reduced { reducedValue = value }
      if !fused.isInner(node) { results.append((node, value)) }
      while reads.count + nodes.count <= value { nodes.append(node) }
    }
    assert(
      builder.demand.isWithin(fused.demand(of: fused.chain(of: gates[0]))),
      "A chain takes \(builder.demand), more than was counted when it grew")
    self.nodes = nodes
    type = signature.elementType
    operands = reads.map(\.node)
    guard let tail, let reduced, let reducedValue else {
      chain = builder.finish(outputs: results.map(\.value))
      reduction = nil
      self.results = results.map(\.node)
      return
    }
    let isStored = !fused.isInner(reduced)
    if !isStored { results.append((reduced, reducedValue)) }
    let source = results.firstIndex { $0.node == reduced }!
    chain = builder.finish(outputs: results.map(\.value))
    reduction = ChainReduction(chain, tail.operation, columns: tail.columns, source: source, isStored: isStored)
    self.results = results.map(\.node).filter { isStored || $0 != reduced } + [gates.last!]
  }

  private enum Work: Hashable {
    case operation(ElementwiseOperation)
    case splice([ElementwiseChain.Builder.Piece])
  }

  /// An operation on values of the chain: done once, however many gates ask for it.
  private struct Application: Hashable {
    let work: Work
    let operands: [Int]
  }

  /// How a gate that only shows its operand differently lays it out.
  private static func view(_ kernel: Kernel, of operand: [Int], _ shape: [Int]) -> ElementwiseChain.View {
    switch kernel.form {
    case .broadcast: .broadcast(operand, to: shape)
    case .slice(let starts): .slice(operand, starts: starts)
    case .transpose(let permutation): .transpose(operand, permutation: permutation)
    default: preconditionFailure("a gate of a chain computes elementwise or is a view")
    }
  }
}
