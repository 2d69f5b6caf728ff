/// Scans: one call that writes all results that are wanted of it.
extension UnitBuilder {
  mutating func addScan(_ node: NodeID, _ scan: Scan) {
    let storage = graph.storage
    let operands = Array(storage.inputs(of: node))
    let apart = scans.partsOf[node]
    let all = scan.parts
    let wanted = apart.map { parts in
      parts.map { part in all.firstIndex { $0 == storage.gate(of: part) as? ScanPart }! }
    }
    let loop = LoopPlan(scan, results: wanted ?? Array(all.indices), packed: apart == nil, options: options)
    let scratch = plan.placement.addScratch(byteCount: loop.layout.scratchBytes, for: node)
    addCall(
      loop, cost: loop.cost(at: costs), node, operands: operands, results: apart ?? [node], scratch: scratch
    ) { _ in [] }
  }
}
