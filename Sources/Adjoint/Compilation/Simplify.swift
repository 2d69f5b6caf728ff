/// The rewriting walk: drops what is unused, folds constants and shares common subexpressions, all in one pass from
/// inputs to outputs, each node once.
///
/// - Complexity: O(nodes + edges).
enum Simplify {
  /// - Parameter roots: the values wanted of `old`, the outputs and then the gradients.
  static func apply(to old: GraphStorage, roots: [NodeID]) -> IntermediateGraph {
    let isUsed = DropUnused.usedNodes(of: old, roots: roots)
    var result = IntermediateGraph(old.emptyCopy(reserving: old.count), origins: [], roots: [])
    result.origins.reserveCapacity(old.count)
    var renamed = [NodeID](repeating: NodeID(0), count: old.count)
    var common = ShareCommon(expecting: old.count)
    let folding = FoldConstants()
    var inputs: [NodeID] = []

    for index in 0..<old.count where isUsed[index] {
      let node = NodeID(index)
      let (gate, signature) = (old.gateColumn[index], old.signatureColumn[index])
      inputs.removeAll(keepingCapacity: true)
      for position in old.inputRange(of: node) { inputs.append(renamed[old.inputColumn[position].int]) }

      if inputs.isEmpty {
        renamed[index] = copySource(node, of: old, into: &result, &common)
      } else if let constant = folding.fold(gate, signature, inputs, &result, origin: node) {
        renamed[index] = constant
      } else {
        let candidate = result.storage.append(gate, signature, inputs: inputs)
        if let known = common.find(candidate, in: result.storage) {
          result.storage.removeLast()
          renamed[index] = known
        } else {
          result.origins.append(node)
          renamed[index] = candidate
        }
      }
    }
    result.roots = roots.map { renamed[$0.int] }
    result._checkInvariants()
    return result
  }

  private static func copySource(
    _ node: NodeID, of old: GraphStorage, into result: inout IntermediateGraph, _ common: inout ShareCommon
  ) -> NodeID {
    let copy = result.storage.append(old.gateColumn[node.int], old.signatureColumn[node.int], inputs: [])
    if let values = old.constants[node] {
      if case .repeated(let value) = values, let known = common.find(copy, repeating: value, in: result.storage) {
        result.storage.removeLast()
        return known
      }
      result.storage.constants[copy] = values
    }
    if let initializer = old.initializers[node] { result.storage.initializers[copy] = initializer }
    result.origins.append(node)
    return copy
  }
}
