/// What one pass of the compiler hands to the next: a graph, the values that are wanted of it, and for every node the
/// node of the user's differentiated graph that it stands for, so that errors speak of that one.
struct IntermediateGraph {
  var storage: GraphStorage
  var origins: Origins
  var roots: Roots
  /// Nodes that wait for all that come before them in the order, as do those behind them. ``RecomputeCheckpoints`` sets
  /// them, and ``GraphRewriter`` carries them through every pass.
  var fences: Set<NodeID> = []

  init(_ storage: GraphStorage, origins: Origins, roots: Roots) {
    self.storage = storage
    self.origins = origins
    self.roots = roots
  }

  /// The check every pass's output goes through in debug builds.
  func _checkInvariants() {
    #if DEBUG
      storage._checkInvariants()
      precondition(origins.count == storage.count)
      precondition(roots.all.allSatisfy { $0.int < storage.count })
      precondition(fences.allSatisfy { $0.int < storage.count })
    #endif
  }

  /// How many nodes the roots need.
  ///
  /// - Complexity: O(nodes + edges).
  var computedCount: Int { DropUnused.usedNodes(of: storage, roots: roots.all).count { $0 } }
}

extension IntermediateGraph: CustomStringConvertible {
  /// A line for each node that the roots need: its number, gate, operands, type and shape, and whether it is a fence.
  /// Then the roots.
  ///
  /// - Complexity: O(nodes + edges).
  var description: String {
    let isUsed = DropUnused.usedNodes(of: storage, roots: roots.all)
    var lines: [String] = []
    for index in isUsed.indices where isUsed[index] {
      let node = NodeID(index)
      let operands = storage.inputs(of: node).map { "%\($0.int)" }.joined(separator: ", ")
      let signature = storage.signature(of: node)
      lines.append(
        "    %\(index) = \(storage.traits(of: node).name)(\(operands)) "
          + "\(signature.elementType)\(signature.shape)" + (fences.contains(node) ? " behind a fence" : ""))
    }
    func root(_ name: String, _ nodes: [NodeID]) {
      if nodes.isEmpty { return }
      lines.append("    \(name): " + nodes.map { "%\($0.int)" }.joined(separator: ", "))
    }
    root("results", roots.results)
    root("gradients", roots.gradients)
    root("next values", roots.nextValues)
    root("of", roots.updatedParameters)
    return lines.joined(separator: "\n")
  }
}

extension GraphStorage {
  /// The node whose memory the value of `node` lies in: itself, but for one that shows another under another shape.
  func original(of node: NodeID) -> NodeID {
    var node = node
    while case .alias = traits(of: node).kernel.form { node = inputs(of: node).first! }
    return node
  }
}
