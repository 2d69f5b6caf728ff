/// The costs that gates with custom kernels state themselves: ``Gate/estimatedNanoseconds(_:)``.
extension GraphStorage {
  /// The cost of `node` in nanoseconds if its gate states one; `nil` if the cost model has to guess it.
  ///
  /// - Parameter kernel: that of the node's gate.
  func statedCost(of node: NodeID, _ kernel: Kernel) -> Float? {
    estimate(of: node, kernel).map { Float(min($0, Double(CostModel.longest))) }
  }

  /// The estimate as the gate gives it; `nil` if it gives none, or has one of the package's kernels, whose cost the
  /// cost model knows.
  fileprivate func estimate(of node: NodeID, _ kernel: Kernel) -> Double? {
    guard case .custom = kernel.form else { return nil }
    return gate(of: node).estimatedNanoseconds(inputs(of: node).map { signature(of: $0).shape })
  }
}

extension GraphState {
  /// Asks each gate with a custom kernel that `roots` need for its estimate, also those in the bodies of scans.
  ///
  /// - Throws: the first estimate that is negative, infinite or NaN.
  /// - Complexity: O(nodes + edges); O(distinct gates) for a graph without custom kernels and scans.
  func checkEstimates(_ roots: [NodeID]) throws(GraphError) {
    guard storage.gates.traits.contains(where: \.mayStateCost) else { return }
    let isUsed = DropUnused.usedNodes(of: storage, roots: roots)
    for index in isUsed.indices where isUsed[index] {
      let node = NodeID(index)
      let traits = storage.traits(of: node)
      guard traits.mayStateCost else { continue }
      if let scan = storage.gate(of: node) as? Scan {
        try scan.body.graph.checkEstimates(scan.body.next + scan.stacked)
      } else if let estimate = storage.estimate(of: node, traits.kernel), !(estimate >= 0 && estimate.isFinite) {
        let reason = "the gate estimates its cost at \(estimate) ns; an estimate is a finite number from zero up"
        throw GraphError(.wrongEstimate, reason, at: node, operands: Array(storage.inputs(of: node)), in: self)
      }
    }
  }
}

extension GateTraits {
  /// Whether the gate is asked for its cost, or is a scan whose body may hold gates that are.
  fileprivate var mayStateCost: Bool {
    switch kernel.form {
    case .custom, .scan: true
    default: false
    }
  }
}
