/// Takes a norm from the scaled norm that its gradient reads, so that a vector is measured once and not in each
/// direction.
///
/// - Complexity: O(nodes + edges), nothing if the graph has no norm or no direction.
enum ShareNorms: GraphPass {
  static let name = "shareNorms"

  private struct Key: Hashable {
    let operand: NodeID
    let axes: Set<Int>
  }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    guard storage.gates.hasAny(EuclideanNorm.self), storage.gates.hasAny(ScaledNorm.self) else { return graph }
    func key(_ node: NodeID, _ axes: [Int]) -> Key {
      Key(operand: storage.inputs(of: node).first!, axes: Set(axes))
    }
    let scaled = (0..<storage.count).reduce(into: Set<Key>()) { keys, index in
      guard let gate = storage.gate(of: NodeID(index)) as? ScaledNorm else { return }
      keys.insert(key(NodeID(index), gate.axes))
    }
    var rewriter = GraphRewriter(graph)
    var made: [Key: NodeID] = [:]
    for index in 0..<storage.count {
      let node = NodeID(index)
      if let gate = storage.gate(of: node) as? ScaledNorm {
        if let known = made[key(node, gate.axes)] {
          rewriter.replace(node, by: known)
        } else {
          rewriter.keep(node)
          made[key(node, gate.axes)] = rewriter.renamed[index]
        }
      } else if let gate = storage.gate(of: node) as? EuclideanNorm, scaled.contains(key(node, gate.axes)) {
        let place = key(node, gate.axes)
        let code = made[place] ?? rewriter.scaledNorm(of: place.operand, gate.axes, like: node)
        made[place] = code
        rewriter.replace(node, by: rewriter.norm(code, like: node))
      } else {
        rewriter.keep(node)
      }
    }
    return rewriter.finish(roots: graph.roots)
  }
}

extension GraphRewriter {
  fileprivate mutating func scaledNorm(of operand: NodeID, _ axes: [Int], like node: NodeID) -> NodeID {
    let signature = old.signature(of: operand)
    return add(
      ScaledNorm(axes: axes), signature.elementType, signature.shape.reduced(over: axes, keepingAxes: true),
      like: node, inputs: [renamed[operand.int]])
  }

  /// As `Term.normOfCode` has it, in the shape of `node`.
  fileprivate mutating func norm(_ code: NodeID, like node: NodeID) -> NodeID {
    let signature = old.signature(of: node), scales = NormScales(signature.elementType)
    func literal(_ value: Double) -> NodeID { addConstant(value, signature.elementType, .scalar, like: node) }
    let code = add(Reshape(signature.shape), like: node, inputs: [code])
    let isLarge = add(Greater(), like: node, inputs: [literal(NormScales.bound), code])
    let isScaled = add(Greater(), like: node, inputs: [literal(0), code])
    let upOrNone = add(Select(), like: node, inputs: [isScaled, literal(scales.up), literal(1)])
    let scale = add(Select(), like: node, inputs: [isLarge, literal(scales.down), upOrNone])
    return add(Divide(), like: node, inputs: [add(Absolute(), like: node, inputs: [code]), scale])
  }
}
