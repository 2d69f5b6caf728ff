/// Turns a sum of padded pieces that do not overlap into one ``SumOfPads``, which writes each element once.
///
/// The pieces are what slices of one value send back: a slice's reverse is a pad with zeros, and adding up k pads costs
/// k passes over the whole value. A sum of many pieces is a tree of sums, of which nothing is left but the pieces. Each
/// element is a piece's with zeros added, in whatever order, or a sum of zeros: no bit differs.
///
/// - Complexity: O(nodes + edges), nothing if the graph has no pad.
struct JoinPads: GraphPass {
  static let name = "joinPads"

  /// The most levels of sums that are looked through: sixteen contributions a sum make this more than any graph has.
  private static let mostLevels = 8  // Decisions/Rewriting.md

  private let storage: GraphStorage
  private let readers: [UInt32]
  private let accumulate: GateID

  private struct Piece {
    let start: Int
    let source: NodeID
  }

  static func isWanted(for purpose: CompiledPurpose) -> Bool { purpose.isOrdered }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    guard let accumulate = storage.gates.number(of: Accumulate.self), storage.gates.hasAny(Pad.self) else {
      return graph
    }
    let pass = JoinPads(
      storage: storage, readers: storage.readerCounts(roots: graph.roots.all), accumulate: accumulate)
    var rewriter = GraphRewriter(graph)
    for index in 0..<storage.count {
      let node = NodeID(index)
      guard storage.rows[index].gate == accumulate, let (axis, pieces) = pass.pieces(of: node) else {
        rewriter.keep(node)
        continue
      }
      let joined = SumOfPads(
        axis: axis, starts: pieces.map(\.start), extent: storage.signature(of: node).shape[axis])
      rewriter.replace(
        node, by: rewriter.add(joined, like: node, inputs: pieces.map { rewriter.renamed[$0.source.int] }))
    }
    return rewriter.finish(roots: graph.roots)
  }

  /// The pieces in order along the one axis they differ in, if a sum consists of nothing else.
  private func pieces(of sum: NodeID) -> (axis: Int, pieces: [Piece])? {
    guard let pads = pads(of: sum, level: 1), pads.count > 1 else { return nil }
    var axis: Int?
    var pieces: [Piece] = []
    for term in pads {
      guard let pad = storage.gate(of: term) as? Pad, let source = storage.inputs(of: term).first else { return nil }
      let extents = storage.signature(of: source).shape.dimensions
      let cut = extents.indices.filter { extents[$0] != pad.result[$0] }
      guard cut.count == 1, axis == nil || axis == cut[0] else { return nil }
      axis = cut[0]
      pieces.append(Piece(start: pad.starts[cut[0]], source: source))
    }
    guard let axis else { return nil }
    pieces.sort { $0.start < $1.start }
    for (piece, next) in zip(pieces, pieces.dropFirst()) {
      guard piece.start + storage.signature(of: piece.source).shape[axis] <= next.start else { return nil }
    }
    return (axis, pieces)
  }

  /// The terms of a sum, and of the sums among them, that nothing else reads; `nil` if one is no pad.
  private func pads(of sum: NodeID, level: Int) -> [NodeID]? {
    var pads: [NodeID] = []
    for term in storage.inputs(of: sum) {
      guard readers[term.int] == 1 else { return nil }
      if storage.rows[term.int].gate == accumulate {
        guard level < Self.mostLevels, let more = self.pads(of: term, level: level + 1) else { return nil }
        pads += more
      } else {
        guard case .pad = storage.traits(of: term).kernel.form else { return nil }
        pads.append(term)
      }
    }
    return pads
  }
}
