/// Scans: one call that writes all results that are wanted of it. It reads the constants of its body as operands.
extension UnitBuilder {
  mutating func addScan(_ node: NodeID, _ scan: Scan) {
    let storage = graph.storage
    let operands = Array(storage.inputs(of: node))
    let apart = scans.partsOf[node]
    let places = ScanPlaces(scan)
    let wanted = apart.map { parts in
      parts.map { places.number(of: (storage.gate(of: $0) as? ScanPart)!) }
    }
    let loop = LoopPlan(scan, results: wanted ?? Array(places.parts.indices), packed: apart == nil, options: options)
    assert(operands.count == scan.body.sources.count)
    let constants = loop.plan.placement.constants.map { constant in
      let signature = Signature(elementType: constant.elementType, shape: [constant.elementCount])
      return plan.placement.addConstant(constant.values, signature, for: node)
    }
    let scratch = plan.placement.addScratch(byteCount: loop.layout.scratchBytes, for: node)
    addCall(
      loop, cost: loop.cost(at: costs), node, operands: operands, constants: constants, results: apart ?? [node],
      scratch: scratch
    ) { _ in [] }
  }
}
