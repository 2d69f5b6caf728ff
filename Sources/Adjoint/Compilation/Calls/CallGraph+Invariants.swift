extension CallGraph {
  /// What is wrong with the calls, if something is: a call reads what is not there yet or reaches no memory, two write
  /// one value, or nothing computes a root.
  ///
  /// - Complexity: O(operands and results of all calls).
  var violation: String? {
    var written: Set<NodeID> = []
    /// Whether the value of a node is there without a call, or by one so far.
    func isThere(_ node: NodeID) -> Bool {
      let (storage, node) = (graph.storage, original(of: node))
      if storage.brief(of: node).source != nil || storage.isScalarGate(node) || written.contains(node) { return true }
      if let piece = pieces[node], piece.whole == nil { return storage.brief(of: piece.owner).source == .input }
      if case .accumulate = storage.traits(of: node).kernel.form { return number(of: node) == nil }
      return false
    }
    for (number, call) in calls.enumerated() {
      for operand in call.operands {
        if isInner(operand) { return "call \(number), \(call.call), reads \(operand), which reaches no memory" }
        if !isThere(operand) { return "call \(number), \(call.call), reads \(operand), which is not there yet" }
      }
      for result in call.results where !written.insert(result).inserted {
        return "\(result) is written twice, then by call \(number), \(call.call)"
      }
      if call.overwritable.count != call.results.count { return "call \(number) does not say what it may overwrite" }
    }
    return graph.roots.all.first { !isThere($0) || isInner($0) }.map { "nothing computes \($0), or into no memory" }
  }

  /// The check that lowering goes through in debug builds.
  func _checkInvariants() {
    #if DEBUG
      if let violation { preconditionFailure(violation) }
    #endif
  }
}

extension CallGraph: CustomStringConvertible {
  /// A line for each call: `call 0, matmul of 4, 260 ns, at node 7: node 2, node 5 -> node 7`.
  var description: String {
    calls.enumerated().map { number, call in
      func list(_ nodes: [NodeID]) -> String { nodes.map { "\($0)" }.joined(separator: ", ") }
      let cost = Int(call.cost.rounded())
      return
        "call \(number), \(call.call), \(cost) ns, at \(call.node): \(list(call.operands)) -> \(list(call.results))"
    }.joined(separator: "\n")
  }
}
