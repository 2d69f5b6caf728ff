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

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    guard storage.gates.hasAny(Scan.self) else { return graph }
    var merged: [Key: Scan] = [:]
    var count = 0
    for index in 0..<storage.count {
      guard let scan = storage.gate(of: NodeID(index)) as? Scan else { continue }
      count += 1
      let key = Key(body: scan.body, operands: Array(storage.inputs(of: NodeID(index))))
      let known = merged[key]?.stacked ?? []
      merged[key] = Scan(body: scan.body, stacked: known + scan.stacked.filter { !known.contains($0) })
    }
    if merged.count == count { return graph }

    var rewriter = GraphRewriter(graph)
    var made: [Key: NodeID] = [:]
    for index in 0..<storage.count {
      let node = NodeID(index)
      let inputs = storage.inputs(of: node)
      if let scan = storage.gate(of: node) as? Scan {
        let key = Key(body: scan.body, operands: Array(inputs))
        let whole = merged[key]!
        if made[key] == nil {
          made[key] = rewriter.add(
            whole, storage.signature(of: node).elementType, whole.packedShape, like: node,
            inputs: inputs.map { rewriter.renamed[$0.int] })
        }
        if whole == scan {
          rewriter.replace(node, by: made[key]!)
        } else {
          rewriter.replace(node, by: repack(node, scan, from: whole, at: made[key]!, &rewriter))
        }
      } else if let part = storage.gate(of: node) as? ScanPart, let packed = inputs.first,
        let scan = storage.gate(of: packed) as? Scan
      {
        let key = Key(body: scan.body, operands: Array(storage.inputs(of: packed)))
        let place = scan.place(of: part, in: merged[key]!)
        rewriter.replace(node, by: rewriter.add(place, like: node, inputs: [made[key]!]))
      } else {
        rewriter.keep(node)
      }
    }
    return rewriter.finish(roots: graph.roots)
  }

  /// The packed results of `scan`, for whoever reads them as they are, put together from those of `whole`. Nobody
  /// computes it if only parts are read.
  private static func repack(
    _ node: NodeID, _ scan: Scan, from whole: Scan, at merged: NodeID, _ rewriter: inout GraphRewriter
  ) -> NodeID {
    let type = rewriter.old.signature(of: node).elementType
    let pieces = scan.parts.map { part in
      let flat = ScanPart(start: scan.place(of: part, in: whole).start, result: [part.result.elementCount])
      return rewriter.add(flat, type, flat.result, like: node, inputs: [merged])
    }
    return rewriter.add(Concatenate(axis: 0), like: node, inputs: pieces)
  }
}

extension Scan {
  var packedShape: Shape { [parts.last.map { $0.start + $0.result.elementCount } ?? 0] }

  /// Where a part of this scan's results lies among those of `whole`, which has them all.
  fileprivate func place(of part: ScanPart, in whole: Scan) -> ScanPart {
    let number = parts.firstIndex { $0 == part }!
    let first = body.state.count
    if number < first { return whole.parts[number] }
    return whole.parts[first + whole.stacked.firstIndex(of: stacked[number - first])!]
  }
}
