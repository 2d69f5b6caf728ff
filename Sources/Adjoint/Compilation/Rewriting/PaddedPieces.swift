/// The padded values that a sum consists of, side by side along the one axis in which they differ.
///
/// They are what slices of one value send back: a slice's reverse is a pad with zeros, and adding up k pads costs k
/// passes over the whole value. Where they do not overlap, each element is a piece's with zeros added, in whatever
/// order, or a sum of zeros: no bit differs from the sum's.
struct PaddedPieces {
  let axis: Int
  /// Before they were padded, in order along the axis.
  let pieces: [Piece]

  struct Piece {
    let start: Int
    let source: NodeID
  }

  /// `nil` if the sum has a term that is not padded, or if pieces overlap.
  ///
  /// - Complexity: O(terms · log terms).
  init?(of sum: NodeID, in storage: GraphStorage) {
    var axis: Int?
    var pieces: [Piece] = []
    for term in storage.inputs(of: sum) {
      guard case .pad = storage.traits(of: term).kernel.form, let pad = storage.gate(of: term) as? Pad,
        let source = storage.inputs(of: term).first
      else { return nil }
      let extents = storage.signature(of: source).shape.dimensions
      let cut = extents.indices.filter { extents[$0] != pad.result[$0] }
      guard cut.count == 1, axis == nil || axis == cut[0] else { return nil }
      axis = cut[0]
      pieces.append(Piece(start: pad.starts[cut[0]], source: source))
    }
    guard let axis, pieces.count > 1 else { return nil }
    pieces.sort { $0.start < $1.start }
    for (piece, next) in zip(pieces, pieces.dropFirst()) {
      guard piece.start + storage.signature(of: piece.source).shape[axis] <= next.start else { return nil }
    }
    (self.axis, self.pieces) = (axis, pieces)
  }

  /// What writes each element of a value like `sum` once.
  func gate(like sum: Signature) -> SumOfPads {
    SumOfPads(axis: axis, starts: pieces.map(\.start), extent: sum.shape[axis])
  }
}
