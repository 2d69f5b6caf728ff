/// What gates with kernels of their own state of them: ``Gate/estimatedNanoseconds(_:)``, ``KernelCall``.
extension GraphStorage {
  /// The cost of `node` in nanoseconds if its gate states one; `nil` if the cost model has to guess it.
  ///
  /// - Parameter kernel: that of the node's gate.
  func statedCost(of node: NodeID, _ kernel: Kernel) -> Float? {
    // A gate may say something else than when it was checked.
    estimate(of: node, kernel).map { $0 > 0 ? Float(min($0, Double(CostModel.longest))) : 0 }
  }

  /// The estimate as the gate gives it; `nil` if it gives none, or has one of the package's kernels, whose cost the
  /// cost model knows.
  fileprivate func estimate(of node: NodeID, _ kernel: Kernel) -> Double? {
    switch kernel.form {
    case .custom, .formula: break
    default: return nil
    }
    return gate(of: node).estimatedNanoseconds(inputs(of: node).map { signature(of: $0).shape })
  }

  /// What is wrong with a node's own kernel call, as far as one can say without running it; `nil` if nothing is, or if
  /// the kernel is none.
  fileprivate func callFault(of node: NodeID, _ kernel: Kernel) -> String? {
    guard case .structured(.ofAuthor, let make) = kernel.form else { return nil }
    let shapes = CallShapes(result: signature(of: node), operands: inputs(of: node).map { signature(of: $0) })
    return make(shapes).fault(in: shapes)
  }
}

extension KernelCall {
  /// What is wrong with what the call says of itself and of all its parts together.
  fileprivate func fault(in shapes: CallShapes) -> String? {
    if extent < 1 { return "its kernel call can be divided into \(extent) parts; at least 1 is needed" }
    if extent > Shape.mostElements { return "its kernel call can be divided into \(extent) parts; 2^48 are the most" }
    let cost = cost(at: .nominal)
    if !(cost >= 0 && cost.isFinite) { return "its kernel call costs \(cost) ns; a finite number from zero up is one" }
    func isBeyond(_ range: Range<Int>?, _ signature: Signature) -> Bool {
      guard let range else { return false }
      return range.lowerBound < 0 || range.upperBound > signature.shape.elementCount
    }
    for (position, operand) in shapes.operands.enumerated() {
      let range = elementsRead(of: position, by: 0..<extent)
      if isBeyond(range, operand) {
        return "its kernel call reads elements \(range!) of operand \(position), which has "
          + "\(operand.shape.elementCount)"
      }
    }
    let range = elementsWritten(to: 0, by: 0..<extent)
    if let range, range != 0..<shapes.writtenCount {
      return "its kernel call writes elements \(range) of a result of \(shapes.writtenCount)"
    }
    for count in Set([2, 3, CostModel.mostParts].map { min($0, extent) }).sorted() where count > 1 {
      if let fault = faultOfParts(count, in: shapes) { return fault }
    }
    return nil
  }

  /// What is wrong with what the call says of `count` parts of it.
  private func faultOfParts(_ count: Int, in shapes: CallShapes) -> String? {
    let extent = extent
    var lowered = count
    let step = cutStep(for: &lowered, grain: 1)
    if step < 1 { return "its kernel call is cut at multiples of \(step); a step is at least 1" }
    if lowered < 1 || lowered > count {
      return "its kernel call makes \(lowered) of \(count) parts; it may lower the count, to 1 at the least"
    }
    let parts = OwnCall(self, shapes).parts(count, grain: 1)
    for (position, operand) in shapes.operands.enumerated() {
      let whole = elementsRead(of: position, by: 0..<extent) ?? 0..<operand.shape.elementCount
      for part in parts {
        guard let range = elementsRead(of: position, by: part), !range.isEmpty else { continue }
        if range.lowerBound < whole.lowerBound || range.upperBound > whole.upperBound {
          return
            "part \(part) of its kernel call reads elements \(range) of operand \(position), and all parts together "
            + "\(whole)"
        }
      }
    }
    if parts.count == 1 { return nil }
    let ranges = parts.map { elementsWritten(to: 0, by: $0) }
    if ranges.contains(nil) { return "its kernel call does not say which elements each of \(parts.count) parts writes" }
    var end = 0
    for range in ranges.compactMap({ $0 }).filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound != end {
        let what = range.lowerBound < end ? "two parts write" : "no part writes"
        return "its kernel call in \(parts.count) parts: \(what) element \(min(range.lowerBound, end)) of the result"
      }
      end = range.upperBound
    }
    return end == shapes.writtenCount
      ? nil : "its kernel call in \(parts.count) parts writes elements 0..<\(end) of a result of \(shapes.writtenCount)"
  }
}

extension GraphState {
  /// Asks each gate with a kernel of its own that `roots` need for what it states, also those in the bodies of scans.
  ///
  /// - Throws: the first estimate that is negative, infinite or NaN, or kernel call that makes no sense.
  /// - Complexity: O(nodes + edges); O(distinct gates) for a graph without custom kernels and scans.
  func checkOwnKernels(_ roots: [NodeID]) throws(GraphError) {
    guard storage.gates.traits.contains(where: \.mayBeOwn) else { return }
    let isUsed = DropUnused.usedNodes(of: storage, roots: roots)
    for index in isUsed.indices where isUsed[index] {
      let node = NodeID(index)
      let traits = storage.traits(of: node)
      guard traits.mayBeOwn else { continue }
      if let scan = storage.gate(of: node) as? Scan {
        try scan.body.graph.checkOwnKernels(scan.body.next + scan.stacked + scan.sums)
      } else if let estimate = storage.estimate(of: node, traits.kernel), !(estimate >= 0 && estimate.isFinite) {
        let reason = "the gate estimates its cost at \(estimate) ns; an estimate is a finite number from zero up"
        throw GraphError(.wrongEstimate, reason, at: node, operands: Array(storage.inputs(of: node)), in: self)
      } else if let fault = storage.callFault(of: node, traits.kernel) {
        throw GraphError(.wrongKernelCall, fault, at: node, operands: Array(storage.inputs(of: node)), in: self)
      }
    }
  }
}

extension GateTraits {
  /// Whether the kernel is the gate's own, or that of a scan whose body may hold such gates.
  fileprivate var mayBeOwn: Bool {
    switch kernel.form {
    case .custom, .formula, .scan, .structured(.ofAuthor, _): true
    default: false
    }
  }
}
