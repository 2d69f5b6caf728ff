/// What one pass of the compiler hands to the next: a graph, the values that are wanted of it, and for every node the
/// node of the user's differentiated graph that it stands for, so that errors speak of that one.
struct IntermediateGraph {
  var storage: GraphStorage
  var origins: Origins
  /// The outputs, then the gradients.
  var roots: [NodeID]
  /// Nodes that wait for all that come before them in the order, as do those behind them. Only the last pass sets them.
  var fences: Set<NodeID> = []

  init(_ storage: GraphStorage, origins: Origins, roots: [NodeID]) {
    self.storage = storage
    self.origins = origins
    self.roots = roots
  }

  /// The check every pass's output goes through in debug builds.
  func _checkInvariants() {
    #if DEBUG
      storage._checkInvariants()
      precondition(origins.count == storage.count)
      precondition(roots.allSatisfy { $0.int < storage.count })
    #endif
  }
}
