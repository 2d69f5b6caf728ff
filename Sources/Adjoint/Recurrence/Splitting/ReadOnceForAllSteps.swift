/// Makes a sequence that repeats one value in every step an invariant of its scan, so that memory holds it once and not
/// once for each step. The upstream gradient of a sum over all outputs is such a sequence.
///
/// It runs after differentiation: the gradient of an invariant is added up in another order than that of a sequence.
///
/// - Complexity: O(nodes + edges), nothing if the graph has no scan.
enum ReadOnceForAllSteps: GraphPass {
  static let name = "readOnceForAllSteps"

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    guard storage.gates.hasAny(Scan.self), storage.gates.hasAny(Broadcast.self) else { return graph }
    var rewriter = GraphRewriter(graph)
    for index in 0..<storage.count {
      let node = NodeID(index)
      guard let scan = storage.gate(of: node) as? Scan else {
        rewriter.keep(node)
        continue
      }
      let inputs = Array(storage.inputs(of: node)), first = scan.body.state.count
      let repeated = scan.body.elements.indices.filter { value(repeatedIn: inputs[first + $0], storage) != nil }
      if repeated.isEmpty {
        rewriter.keep(node)
        continue
      }
      var operands = inputs.map { rewriter.renamed[$0.int] }
      for element in repeated {
        let value = value(repeatedIn: inputs[first + element], storage)!
        operands.append(
          self.element(of: value, scan.body.signature(of: scan.body.elements[element]), like: node, &rewriter))
      }
      for element in repeated.reversed() { operands.remove(at: first + element) }
      let once = Scan(loop: scan.body.reading(once: repeated), stacked: scan.stacked)
      rewriter.replace(node, by: rewriter.add(once, like: node, inputs: operands))
    }
    return rewriter.finish(roots: graph.roots)
  }

  /// The value without the axis of time, or with one of extent 1, that a sequence repeats along it, if it is that, or
  /// some steps of that.
  private static func value(repeatedIn sequence: NodeID, _ storage: GraphStorage) -> NodeID? {
    // The parts of a scan's upstream gradient come through the shape of all its results.
    var node = storage.original(of: sequence)
    guard storage.signature(of: node).shape == storage.signature(of: sequence).shape else { return nil }
    if case .slice = storage.traits(of: node).kernel.form, let all = storage.inputs(of: node).first,
      storage.signature(of: all).shape.dimensions.dropFirst()
        == storage.signature(of: node).shape.dimensions.dropFirst()
    {
      node = all
    }
    guard case .broadcast = storage.traits(of: node).kernel.form, let value = storage.inputs(of: node).first else {
      return nil
    }
    let (shape, all) = (storage.signature(of: value).shape, storage.signature(of: node).shape)
    return all[0] > 1 && (shape.rank < all.rank || shape[0] == 1) ? value : nil
  }

  /// The element of a sequence that repeats `value`, which is of the old graph.
  private static func element(
    of value: NodeID, _ signature: Signature, like node: NodeID, _ rewriter: inout GraphRewriter
  ) -> NodeID {
    let (type, shape) = (signature.elementType, rewriter.old.signature(of: value).shape)
    var element = rewriter.renamed[value.int], own = shape
    if shape.rank > signature.shape.rank {
      own = Shape(Array(shape.dimensions.dropFirst()))
      element = rewriter.add(Reshape(own), type, own, like: node, inputs: [element])
    }
    if own == signature.shape { return element }
    return rewriter.add(Broadcast(to: signature.shape), type, signature.shape, like: node, inputs: [element])
  }
}

extension ScanBody {
  /// The same, but some elements are invariants, behind the others.
  fileprivate func reading(once repeated: [Int]) -> ScanBody {
    let kept = elements.indices.filter { !repeated.contains($0) }
    return ScanBody(
      graph, state: state, elements: kept.map { elements[$0] },
      invariants: invariants + repeated.map { elements[$0] }, next: next, stepCount: stepCount, isReversed: isReversed)
  }
}
