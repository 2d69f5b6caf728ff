internal import Kernels

/// From gates to kernel calls: chains of elementwise gates, loops with all their results, and every other gate by the
/// kernel that it has.
///
/// - Complexity: O(nodes + edges), and what the kernels' own plans cost.
struct LowerToCalls {
  private let storage: GraphStorage
  private let fused: FuseElementwise
  private let scans: ScanResults
  private let options: Program.Options
  private let costs: CostModel
  private var calls: CallGraph
  private var operandSignatures: [Signature] = []
  /// Whether values may lie among others in one buffer.
  private let sharesMemory: Bool
  /// The nodes whose memory results and gradients show.
  private let shown: Set<NodeID>

  /// - Parameters:
  ///   - sharesMemory: whether values may lie among others in one buffer. Those of a loop's body have places of their
  ///     own in each step.
  ///   - loop: the loop that the graph is the body of.
  static func apply(
    to graph: IntermediateGraph, _ options: Program.Options, sharesMemory: Bool = true, loop: LoopOfCalls? = nil
  ) -> CallGraph {
    var lowering = LowerToCalls(graph, options, sharesMemory, loop)
    for node in lowering.calls.order { lowering.add(node) }
    for pass in CallPasses.all where CompilerPass(rawValue: pass.name).map(options.runs) ?? true {
      pass.apply(to: &lowering.calls, for: options)
      lowering.calls._checkInvariants()
    }
    return lowering.calls
  }

  private init(
    _ graph: IntermediateGraph, _ options: Program.Options, _ sharesMemory: Bool, _ loop: LoopOfCalls?
  ) {
    let order = RunOrder(graph)
    storage = graph.storage
    fused = FuseElementwise(graph, order: order, options: options)
    scans = ScanResults(graph.storage, order: order, roots: graph.roots.all, sharesStates: sharesMemory)
    self.sharesMemory = sharesMemory
    shown = Set(graph.roots.all.map { [storage] in storage.original(of: $0) })
    self.options = options
    costs = options.costs
    calls = CallGraph(graph, order: order, loop: loop)
  }

  private mutating func add(_ node: NodeID) {
    if storage.isScalarGate(node) || storage.brief(of: node).source != nil { return }
    let chain = fused.chain(of: node)
    if chain != FuseElementwise.none {
      if fused.isInner(node) { calls.keepFromMemory(node) }
      let gates = fused.chains[Int(chain)]
      if gates.last == node { addChain(gates) }
      return
    }
    let kernel = storage.traits(of: node).kernel
    switch kernel.form {
    case .alias: break
    case .accumulate where options.accumulation == .arrivalOrder: break
    case .scan(let gate):
      if let scan = gate as? Scan { addScan(node, scan) }
    case .gatherRows where fused.gathers[node] != nil: calls.keepFromMemory(node)
    case .slice(let starts) where isWithinInput(node, starts): break
    default:
      if !scans.isResult(node, in: storage) { addKernel(node, kernel) }
    }
  }

  /// Whether a slice is rows of an input, which are read where they lie. What is shown is copied: an input is written
  /// between runs.
  private mutating func isWithinInput(_ node: NodeID, _ starts: [Int]) -> Bool {
    guard sharesMemory, let operand = storage.inputs(of: node).first, let front = starts.first else { return false }
    let input = storage.original(of: operand), signature = storage.signature(of: node)
    guard storage.brief(of: input).source == .input, !shown.contains(node), !storage.isOneNumber(node),
      !storage.isOneNumber(input),
      signature.shape.dimensions.dropFirst() == storage.signature(of: operand).shape.dimensions.dropFirst()
    else { return false }
    let start = front * (signature.byteCount / signature.shape[0])
    calls.place(node, as: BufferPiece(owner: input, whole: nil, start: start))
    return true
  }

  private mutating func addKernel(_ node: NodeID, _ kernel: Kernel) {
    let operands = Array(storage.inputs(of: node))
    operandSignatures.removeAll(keepingCapacity: true)
    for operand in operands { operandSignatures.append(storage.signature(of: operand)) }
    let result = storage.signature(of: node)
    let call = kernel.checkedCall(CallShapes(result: result, operands: operandSignatures))
    let overwritable = operands.indices.filter {
      operandSignatures[$0] == result && call.mayOverwrite(operand: $0, by: 0)
    }
    calls.append(
      CallGraph.Call(
        call: call, cost: storage.statedCost(of: node, kernel) ?? min(call.cost(at: costs), CostModel.longest),
        node: node, operands: operands, results: [node], overwritable: [overwritable.map { operands[$0] }]),
      computing: [node])
  }

  private mutating func addChain(_ gates: [NodeID]) {
    let made = ChainCall(gates, in: storage, fused)
    let call = made.call(ChainWork(gates.map { storage.traits(of: $0).kernel }))
    calls.append(
      CallGraph.Call(
        call: call, cost: call.cost(at: costs), node: gates.last!, operands: made.operands, results: made.results,
        overwritable: call.overwritable(of: made.operands, by: made.results.count), chainNodes: made.nodes,
        gathers: made.gathers),
      computing: gates)
  }

  /// One call that writes all results that are wanted of a scan. It reads the constants of its body as operands.
  private mutating func addScan(_ node: NodeID, _ scan: Scan) {
    assert(scan.isLoop, "Scans are split before they are lowered")
    let operands = Array(storage.inputs(of: node))
    let results = scans.partsOf[node]!, places = ScanPlaces(scan)
    calls.keepFromMemory(node)
    let loop = LoopPlan(
      scan, results: results.map { places.number(of: (storage.gate(of: $0) as? ScanPart)!) },
      statesBefore: Set(results.indices.filter { scans.statesBefore.contains(results[$0]) }), options: options)
    assert(operands.count == scan.body.sources.count)
    for result in results {
      if let piece = scans.pieces[result] { calls.place(result, as: piece) }
    }
    calls.append(
      CallGraph.Call(
        call: loop, cost: loop.cost(at: costs), node: node, operands: operands, results: results,
        overwritable: loop.overwritable(of: operands, by: results.count),
        constants: loop.plan.placement.constants.map { constant in
          (constant.values, Signature(elementType: constant.elementType, shape: [constant.elementCount]))
        }, scratchByteCount: loop.layout.scratchBytes * loop.parts.count, packed: loop.panels),
      computing: [node])
  }
}
