/// Has elementwise gates read a constant that repeats one value as that value alone, so that it is not written out for
/// them: a kernel takes a number as readily as a tensor.
///
/// Other gates read each element: for them the constant stays, and shares memory with all others of its value. So it
/// does for sums of contributions, which may be added as they come.
///
/// - Complexity: O(nodes + edges), nothing if no constant of more than one element repeats a value.
struct ReadRepeatedAsScalars: GraphPass {
  static let name = "readRepeatedAsScalars"

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    let repeated = storage.constants.filter { node, values in
      if case .repeated = values { storage.signature(of: node).shape.elementCount > 1 } else { false }
    }
    if repeated.isEmpty { return graph }
    var rewriter = GraphRewriter(graph)
    var scalars: [RepeatedValue: NodeID] = [:]
    for index in 0..<storage.count {
      let node = NodeID(index)
      // Only elementwise gates keep their operands' signature.
      guard storage.brief(of: node).keepsSignature, storage.inputs(of: node).contains(where: { repeated[$0] != nil })
      else {
        rewriter.keep(node)
        if storage.isConstant(node), storage.rows[index].signature.isScalar, let values = storage.constants[node],
          let value = RepeatedValue(values, storage.signature(of: node).elementType)
        {
          scalars[value] = rewriter.renamed[index]
        }
        continue
      }
      let inputs = storage.inputs(of: node).map { input in
        let type = storage.signature(of: input).elementType
        guard case .repeated(let number) = repeated[input], let value = RepeatedValue(.repeated(number), type) else {
          return rewriter.renamed[input.int]
        }
        let scalar = scalars[value] ?? rewriter.addConstant(number, type, .scalar, like: node)
        scalars[value] = scalar
        return scalar
      }
      rewriter.keep(node, inputs: inputs)
    }
    return rewriter.finish(roots: graph.roots)
  }
}
