/// Makes one of scans of one body on the same operands that keep different values of their steps: one that the program
/// asked for, and those that pullbacks asked for to read what the steps computed.
///
/// - Complexity: O(nodes + edges), nothing if the graph has fewer than two scans.
enum MergeScans: GraphPass {
  static let name = "mergeScans"

  private struct Key: Hashable {
    let body: ScanBody
    let operands: [NodeID]
  }

  /// A result of a merged scan: several scans may have had it.
  private struct PartKey: Hashable {
    let scan: NodeID
    let start: Int
  }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    guard storage.gates.hasAny(Scan.self) else { return graph }
    var kept: [Key: KeptValues] = [:]
    var count = 0
    for index in 0..<storage.count {
      guard let scan = storage.gate(of: NodeID(index)) as? Scan else { continue }
      count += 1
      let key = Key(body: scan.body, operands: Array(storage.inputs(of: NodeID(index))))
      kept[key, default: KeptValues()].add(scan)
    }
    if kept.count == count { return graph }
    var merged: [Key: ScanPlaces] = [:]
    for (key, kept) in kept { merged[key] = ScanPlaces(kept.scan(of: key.body)) }

    var rewriter = GraphRewriter(graph)
    var made: [Key: NodeID] = [:]
    var places: [GateID: ScanPlaces] = [:]
    var parts: [PartKey: NodeID] = [:]
    func placesOf(_ gate: GateID, _ scan: Scan) -> ScanPlaces {
      if let known = places[gate] { return known }
      let made = ScanPlaces(scan)
      places[gate] = made
      return made
    }
    for index in 0..<storage.count {
      let node = NodeID(index)
      let inputs = storage.inputs(of: node)
      if let scan = storage.gate(of: node) as? Scan {
        let key = Key(body: scan.body, operands: Array(inputs))
        let whole = merged[key]!
        if made[key] == nil {
          made[key] = rewriter.add(
            whole.scan, whole.scan.packedType, whole.scan.packedShape, like: node,
            inputs: inputs.map { rewriter.renamed[$0.int] })
        }
        if whole.scan == scan {
          rewriter.replace(node, by: made[key]!)
        } else {
          let own = placesOf(storage.rows[index].gate, scan)
          rewriter.replace(node, by: repack(node, own, from: whole, at: made[key]!, &rewriter))
        }
      } else if let part = storage.gate(of: node) as? ScanPart, let packed = inputs.first,
        let scan = storage.gate(of: packed) as? Scan
      {
        let key = Key(body: scan.body, operands: Array(storage.inputs(of: packed)))
        let place = placesOf(storage.rows[packed.int].gate, scan).place(of: part, in: merged[key]!)
        let whole = PartKey(scan: made[key]!, start: place.start)
        let own = parts[whole] ?? rewriter.add(place, like: node, inputs: [made[key]!])
        parts[whole] = own
        rewriter.replace(node, by: own)
      } else {
        rewriter.keep(node)
      }
    }
    return rewriter.finish(roots: graph.roots)
  }

  /// The packed results of `scan`, for whoever reads them as they are, put together from those of `whole`. Nobody
  /// computes it if only parts are read.
  private static func repack(
    _ node: NodeID, _ own: ScanPlaces, from whole: ScanPlaces, at merged: NodeID, _ rewriter: inout GraphRewriter
  ) -> NodeID {
    let packed = own.scan.packedType
    let pieces = zip(own.parts, own.signatures).map { part, result in
      let (type, row) = (result.elementType, Shape([result.shape.elementCount]))
      let taken = rewriter.add(own.place(of: part, in: whole), type, result.shape, like: node, inputs: [merged])
      let flat = rewriter.add(Reshape(row), type, row, like: node, inputs: [taken])
      return type == packed ? flat : rewriter.add(Cast(to: packed), packed, row, like: node, inputs: [flat])
    }
    return rewriter.add(Concatenate(axis: 0), like: node, inputs: pieces)
  }
}

extension Scan {
  var packedShape: Shape { [parts.last.map { (Extent($0.start) + Extent($0.result.elementCount)).value } ?? 0] }
}

/// What scans of one body on the same operands give, each value once, in the order in which they were asked for.
private struct KeptValues {
  private var stacked: [NodeID] = [], sums: [NodeID] = []
  private var isStacked: Set<NodeID> = [], isSummed: Set<NodeID> = []

  mutating func add(_ scan: Scan) {
    for node in scan.stacked where isStacked.insert(node).inserted { stacked.append(node) }
    for node in scan.sums where isSummed.insert(node).inserted { sums.append(node) }
  }

  func scan(of body: ScanBody) -> Scan { Scan(body: body, stacked: stacked, sums: sums) }
}

/// A scan whose results are found by dictionaries, whatever their number.
struct ScanPlaces {
  let scan: Scan
  let parts: [ScanPart]
  /// What they are.
  let signatures: [Signature]
  /// The number of the result that begins at a place, of the first that is the values of a node, and of the first that
  /// is their sum.
  private let numberOfStart: [Int: Int], numberOfStacked: [NodeID: Int], numberOfSum: [NodeID: Int]

  /// - Complexity: O(results).
  init(_ scan: Scan) {
    self.scan = scan
    (parts, signatures) = (scan.parts, scan.resultSignatures)
    let first = scan.body.state.count
    numberOfStart = Dictionary(uniqueKeysWithValues: parts.enumerated().map { ($1.start, $0) })
    numberOfStacked = Dictionary(
      scan.stacked.enumerated().map { ($1, first + $0) }, uniquingKeysWith: { number, _ in number })
    let firstSum = first + scan.stacked.count
    numberOfSum = Dictionary(
      scan.sums.enumerated().map { ($1, firstSum + $0) }, uniquingKeysWith: { number, _ in number })
  }

  /// The number of a part among the results.
  func number(of part: ScanPart) -> Int { numberOfStart[part.start]! }

  /// The result that begins at `start`, if one does.
  func part(at start: Int) -> ScanPart? { numberOfStart[start].map { parts[$0] } }

  /// The result that is the values of a stacked node in all steps.
  func part(of stacked: NodeID) -> ScanPart { parts[numberOfStacked[stacked]!] }

  /// Whether the values of a node in all steps are a result.
  func stacks(_ node: NodeID) -> Bool { numberOfStacked[node] != nil }

  /// Where a part of this scan's results lies among those of `whole`, which has them all.
  func place(of part: ScanPart, in whole: ScanPlaces) -> ScanPart {
    let number = number(of: part), first = scan.body.state.count, firstSum = first + scan.stacked.count
    if number >= firstSum { return whole.parts[whole.numberOfSum[scan.sums[number - firstSum]]!] }
    return number < first ? whole.parts[number] : whole.part(of: scan.stacked[number - first])
  }
}
