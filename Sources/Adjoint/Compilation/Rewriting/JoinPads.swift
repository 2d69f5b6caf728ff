/// Turns a sum of padded pieces that do not overlap into their concatenation.
///
/// The pieces are what slices of one value send back: a slice's reverse is a pad with zeros, and adding up k pads costs
/// k passes over the whole value where the concatenation takes one. Gaps are filled with zeros. A zero keeps the sign
/// that it has in its piece, which adding the others' zeros would take from it; no other bit differs.
///
/// - Complexity: O(nodes + edges), nothing if the graph has no pad.
enum JoinPads: GraphPass {
  static let name = "joinPads"

  static func isWanted(for purpose: CompiledPurpose) -> Bool { purpose.isOrdered }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    guard let accumulate = storage.gates.number(of: Accumulate.self), storage.gates.hasAny(Pad.self) else {
      return graph
    }
    let readers = storage.readerCounts(roots: graph.roots.all)
    var rewriter = GraphRewriter(graph)
    for index in 0..<storage.count {
      let node = NodeID(index)
      guard storage.rows[index].gate == accumulate,
        let (axis, pieces) = pieces(of: node, in: storage, readers)
      else {
        rewriter.keep(node)
        continue
      }
      let whole = storage.signature(of: node)
      var inputs: [NodeID] = []
      var end = 0
      func fill(to start: Int) {
        if start == end { return }
        var gap = whole.shape.dimensions
        gap[axis] = start - end
        inputs.append(rewriter.addConstant(0, whole.elementType, Shape(gap), like: node))
      }
      for piece in pieces {
        fill(to: piece.start)
        inputs.append(rewriter.renamed[piece.source.int])
        end = piece.start + storage.signature(of: piece.source).shape[axis]
      }
      fill(to: whole.shape[axis])
      rewriter.replace(node, by: rewriter.add(Concatenate(axis: axis), like: node, inputs: inputs))
    }
    return rewriter.finish(roots: graph.roots)
  }

  /// The pieces in order along the one axis they differ in, if a sum consists of nothing else.
  private static func pieces(
    of sum: NodeID, in storage: GraphStorage, _ readers: [UInt32]
  ) -> (axis: Int, pieces: [(start: Int, source: NodeID)])? {
    var axis: Int?
    var pieces: [(start: Int, source: NodeID)] = []
    for term in storage.inputs(of: sum) {
      guard readers[term.int] == 1, let pad = storage.gate(of: term) as? Pad,
        let source = storage.inputs(of: term).first
      else { return nil }
      let extents = storage.signature(of: source).shape.dimensions
      let cut = extents.indices.filter { extents[$0] != pad.result[$0] }
      guard cut.count == 1, axis == nil || axis == cut[0] else { return nil }
      axis = cut[0]
      pieces.append((pad.starts[cut[0]], source))
    }
    guard let axis, pieces.count > 1 else { return nil }
    pieces.sort { $0.start < $1.start }
    for (piece, next) in zip(pieces, pieces.dropFirst()) {
      guard piece.start + storage.signature(of: piece.source).shape[axis] <= next.start else { return nil }
    }
    return (axis, pieces)
  }
}
