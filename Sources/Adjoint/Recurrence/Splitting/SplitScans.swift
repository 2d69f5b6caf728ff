/// Puts other gates in the place of each scan: what has to go step by step as a scan for each loop of the state, the
/// rest as gates that do all steps at once, both chunk by chunk where that lets loops run side by side. See
/// ``SplitScan`` and ``ChunkedScan``.
///
/// What is left has no sums: they have become products of longer matrices, sums of all steps' values, or states.
///
/// - Complexity: O(nodes + edges), also of the scans' bodies; nothing if the graph has no scan.
enum SplitScans: GraphPass {
  static let name = "splitScans"

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    guard graph.storage.gates.hasAny(Scan.self) else { return graph }
    let isUsed = DropUnused.usedNodes(of: graph.storage, roots: graph.roots.all)
    var splitting = ScanSplitting(graph, isUsed)
    for index in isUsed.indices where isUsed[index] { splitting.visit(NodeID(index)) }
    return Simplify.apply(to: splitting.finish(graph.roots), purpose.options)
  }
}

private struct ScanSplitting {
  private let storage: GraphStorage
  private var rewriter: GraphRewriter
  /// For each scan the results that are read, by number, with the node that takes each out, and the scans whose results
  /// are all read as they are packed.
  private var wanted: [NodeID: [Int: NodeID]] = [:]
  private var isReadWhole: Set<NodeID> = []
  private var places: [NodeID: ScanPlaces] = [:]
  /// The nodes of the new graph that have taken the places of a scan's results, by number.
  private var results: [NodeID: [Int: NodeID]] = [:]
  /// The pieces, one for each chunk, that a node of the new graph is put together from.
  private var pieces: [NodeID: (ranges: [Range<Int>], nodes: [NodeID])] = [:]

  init(_ graph: IntermediateGraph, _ isUsed: [Bool]) {
    storage = graph.storage
    rewriter = GraphRewriter(graph)
    for index in isUsed.indices where isUsed[index] {
      let node = NodeID(index)
      if let scan = storage.gate(of: node) as? Scan, !scan.isLoop { places[node] = ScanPlaces(scan) }
      for input in storage.inputs(of: node) {
        guard let places = places[input] else { continue }
        if let part = storage.gate(of: node) as? ScanPart {
          if wanted[input, default: [:]][places.number(of: part)] == nil {
            wanted[input, default: [:]][places.number(of: part)] = node
          }
        } else {
          isReadWhole.insert(input)
        }
      }
    }
    isReadWhole.formUnion(graph.roots.all.filter { places[$0] != nil })
    for node in isReadWhole {
      for number in places[node]!.parts.indices where wanted[node]?[number] == nil {
        wanted[node, default: [:]][number] = node
      }
    }
  }

  mutating func visit(_ node: NodeID) {
    if let places = places[node] {
      split(node, places)
    } else if let part = storage.gate(of: node) as? ScanPart, let scan = storage.inputs(of: node).first,
      let places = places[scan]
    {
      rewriter.replace(node, by: results[scan]![places.number(of: part)]!)
    } else {
      rewriter.keep(node)
    }
  }

  consuming func finish(_ roots: Roots) -> IntermediateGraph { rewriter.finish(roots: roots) }

  private mutating func split(_ node: NodeID, _ places: ScanPlaces) {
    let whole = places.scan, firstSum = whole.body.state.count + whole.stacked.count
    let wanted = wanted[node]!, numbers = wanted.keys.filter { $0 >= whole.body.state.count }.sorted()
    let scan = Scan(
      body: whole.body, stacked: numbers.filter { $0 < firstSum }.map { whole.results[$0] },
      sums: numbers.filter { $0 >= firstSum }.map { whole.results[$0] })
    let operands = storage.inputs(of: node).map { rewriter.renamed[$0.int] }
    let expansion = ScanExpansion.of(scan, cutInto: operands.map { pieces[$0]?.ranges })
    // Messages about a result are about the node that takes it out, which may have a name.
    var speakers: [NodeID: NodeID] = [:]
    for (number, result) in expansion.state.enumerated() { speakers[result] = wanted[number] }
    for (number, results) in zip(numbers, expansion.stacked) {
      for result in results { speakers[result] = wanted[number] }
    }
    for (number, result) in zip(numbers.suffix(scan.sums.count), expansion.sums) { speakers[result] = wanted[number] }
    let made = splice(expansion, operands) { speakers[$0] ?? node }

    var all: [Int: NodeID] = [:]
    for (number, result) in expansion.state.enumerated() { all[number] = made[result.int] }
    for (number, results) in zip(numbers, expansion.stacked) {
      all[number] = join(
        results.map { made[$0.int] }, expansion.ranges, places.signatures[number], like: wanted[number]!)
    }
    for (number, result) in zip(numbers.suffix(scan.sums.count), expansion.sums) { all[number] = made[result.int] }
    if isReadWhole.contains(node) { rewriter.replace(node, by: pack(all, places, like: node)) }
    results[node] = all
  }

  /// Adds the nodes of an expansion, each speaking for a node of the old graph.
  ///
  /// - Returns: for each of them the node of the new graph.
  private mutating func splice(
    _ expansion: ScanExpansion, _ operands: [NodeID], like speaker: (NodeID) -> NodeID
  ) -> [NodeID] {
    var made = [NodeID?](repeating: nil, count: expansion.storage.count)
    for (sources, operand) in zip(expansion.sources, operands) {
      let parts = sources.count > 1 ? pieces[operand]!.nodes : [operand]
      for (source, part) in zip(sources, parts) { made[source.int] = part }
    }
    for index in made.indices where made[index] == nil {
      let inputs = expansion.storage.inputs(of: NodeID(index)).map { made[$0.int]! }
      let node = NodeID(index)
      made[index] = rewriter.copy(node, of: expansion.storage, like: speaker(node), inputs: inputs)
    }
    return made.map { $0! }
  }

  /// Pieces one after the other along the first axis.
  private mutating func join(
    _ nodes: [NodeID], _ ranges: [Range<Int>], _ result: Signature, like node: NodeID
  ) -> NodeID {
    if nodes.count == 1 { return nodes[0] }
    let joined = rewriter.add(
      Concatenate(axis: 0), result.elementType, result.shape, like: node, inputs: nodes)
    pieces[joined] = (ranges, nodes)
    return joined
  }

  /// All results in one, as the scan has them.
  private mutating func pack(_ results: [Int: NodeID], _ places: ScanPlaces, like node: NodeID) -> NodeID {
    let type = places.scan.packedType
    let flat = places.signatures.enumerated().map { number, part in
      let shape: Shape = [part.shape.elementCount]
      let row = rewriter.add(Reshape(shape), part.elementType, shape, like: node, inputs: [results[number]!])
      return part.elementType == type ? row : rewriter.add(Cast(to: type), type, shape, like: node, inputs: [row])
    }
    return flat.count == 1 ? flat[0] : rewriter.add(Concatenate(axis: 0), like: node, inputs: flat)
  }
}

/// What takes the place of a scan, as a graph of its own.
private struct ScanExpansion {
  let storage: GraphStorage
  /// What stands for each operand of the scan: one source, or one for each chunk.
  let sources: [[NodeID]]
  /// The results; the stacked ones as a piece for each chunk.
  let state: [NodeID], stacked: [[NodeID]], sums: [NodeID]
  /// The steps of the chunks.
  let ranges: [Range<Int>]
  private let isRefused: Bool

  /// - Parameter cuts: for each operand that is put together from pieces the steps of these.
  static func of(_ scan: Scan, cutInto cuts: [[Range<Int>]?]) -> ScanExpansion {
    let split = ScanExpansion(ChunkedScan(scan), of: scan, cutInto: cuts)
    // All steps of a value that nobody asked for may be more elements than a shape can have.
    return split.isRefused ? ScanExpansion(ChunkedScan(whole: scan), of: scan, cutInto: cuts) : split
  }

  private init(_ chunks: ChunkedScan, of scan: Scan, cutInto cuts: [[Range<Int>]?]) {
    let (graph, body) = (Graph(), scan.body)
    let sources = body.operands.enumerated().map { position, signature -> [Node] in
      let isSequence = position >= body.state.count && position < body.state.count + body.elements.count
      guard isSequence, chunks.ranges.count > 1, cuts[position] == chunks.ranges else {
        return [graph.source(signature)]
      }
      return chunks.ranges.map { range in
        let shape = Shape([range.count] + signature.shape.dimensions.dropFirst())
        return graph.source(Signature(elementType: signature.elementType, shape: shape))
      }
    }
    let results = chunks.apply(
      to: sources.prefix(body.state.count).map { $0[0] },
      elements: { number, chunk in
        let sequence = sources[body.state.count + number]
        if sequence.count > 1 { return sequence[chunk] }
        return chunks.ranges.count == 1 ? sequence[0] : sequence[0].sliced(chunks.ranges[chunk])
      }, invariants: sources.suffix(body.invariants.count).map { $0[0] }, in: graph)
    self.sources = sources.map { $0.map(\.id) }
    (state, sums) = (results.state.map(\.id), results.sums.map(\.id))
    (stacked, ranges) = (results.pieces.map { $0.map(\.id) }, chunks.ranges)
    var made = graph.takeState()
    isRefused = !made.poison.isEmpty
    storage = Formula.replaceValues(in: made.takeStorage())
  }
}

extension Graph {
  fileprivate func source(_ signature: Signature) -> Node {
    Node(
      graph: self,
      id: withState { $0.addSource(Input(), signature.elementType, signature.shape, name: nil, at: .unknown) })
  }
}
