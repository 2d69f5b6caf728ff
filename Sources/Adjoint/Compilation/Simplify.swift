/// The rewriting walk: drops what is unused, folds constants and shares common subexpressions, all in one pass from
/// inputs to outputs, each node once.
///
/// - Complexity: O(nodes + edges).
enum Simplify {
  /// - Parameter roots: the values wanted of `old`, the outputs and then the gradients.
  static func apply(to old: GraphStorage, roots: [NodeID]) -> IntermediateGraph {
    let isUsed = DropUnused.usedNodes(of: old, roots: roots)
    var result = IntermediateGraph(old.emptyCopy(), origins: [], roots: [])
    result.origins.reserveCapacity(old.count)
    var renamed = Column(repeating: NodeID(0), count: old.count)
    var common = ShareCommon(expecting: old.count)
    let folding = FoldConstants()
    var inputs = Column<NodeID>()

    for index in 0..<old.count where isUsed[index] {
      let node = NodeID(index)
      let row = old.rows[index]
      var newest: NodeID?
      inputs.removeAll()
      old.forEachInput(of: node) { read in
        let input = renamed[read.int]
        inputs.append(input)
        if !result.storage.isConstant(input) { newest = max(newest ?? input, input) }
      }
      if inputs.count == 0 {
        renamed[index] = copySource(node, of: old, into: &result, &common)
      } else if newest == nil,
        let constant = folding.fold(row.gate, row.signature, inputs.array(), &result, origin: node)
      {
        renamed[index] = constant
      } else if inputs.count > 2 {
        let known = common.find(row.gate, inputs, newest: newest, in: &result.storage)
        renamed[index] = known ?? result.storage.append(row.gate, row.signature, long: inputs)
        if known == nil { result.origins.append(node) }
      } else {
        let copy = NodeRow(row.gate, row.signature, inputs[0], inputs.count == 2 ? inputs[1] : nil)
        let known = common.find(copy, newest: newest, in: &result.storage)
        renamed[index] = known ?? result.storage.append(copy)
        if known == nil { result.origins.append(node) }
      }
    }
    for root in roots { result.roots.append(renamed[root.int]) }
    result._checkInvariants()
    return result
  }

  private static func copySource(
    _ node: NodeID, of old: GraphStorage, into result: inout IntermediateGraph, _ common: inout ShareCommon
  ) -> NodeID {
    let copy = NodeID(result.storage.count)
    if let values = old.constants[node] {
      if case .repeated(let value) = values,
        let known = common.find(copy, repeating: value, of: old.rows[node.int].signature)
      {
        return known
      }
      result.storage.constants[copy] = values
    }
    _ = result.storage.append(old.rows[node.int].gate, old.rows[node.int].signature, inputs: [])
    if let initializer = old.initializers[node] { result.storage.initializers[copy] = initializer }
    result.origins.append(node)
    return copy
  }
}
