internal import GradientMemory

extension BufferReuse {
  /// A piece of the line of bytes, which a session takes as one.
  struct Slot: Sendable {
    var bytes: Range<Int>
    /// The node of its largest buffer, for messages.
    var node: NodeID
    var byteCount: Int { bytes.count }
  }

  /// The line in pieces: cut where no buffer lies across, but left whole where the allocator rounds one large piece up by
  /// less than several small ones.
  ///
  /// - Parameter forwardLength: how much of the line the forward pass needs; it is cut there if it can be.
  /// - Complexity: O(n log n) in the stretches ever taken.
  func slots(forwardLength: Int) -> [Slot] {
    let pieces = smallestPieces()
    // The least that the pieces so far take, and where the last slot of that solution begins.
    var best: [(byteCount: Int, start: Int)] = [(0, 0)]
    for end in pieces.indices {
      best.append((.max, end))
      for start in stride(from: end, through: max(0, end - Self.mostJoined), by: -1) {
        let bytes = pieces[start].bytes.lowerBound..<pieces[end].bytes.upperBound
        if start < end, bytes.lowerBound < forwardLength, pieces[start + 1].bytes.lowerBound >= forwardLength { break }
        let byteCount = best[start].byteCount + BufferArena.reservedByteCount(for: bytes.count)
        if byteCount < best[end + 1].byteCount { best[end + 1] = (byteCount, start) }
      }
    }
    var slots: [Slot] = []
    var end = pieces.count
    while end > 0 {
      let start = best[end].start
      let node = pieces[start..<end].max { $0.byteCount < $1.byteCount }!.node
      slots.append(Slot(bytes: pieces[start].bytes.lowerBound..<pieces[end - 1].bytes.upperBound, node: node))
      end = start
    }
    return slots.reversed()
  }

  /// More pieces than this are not joined.
  private static let mostJoined = 16  // Decisions/Memory.md

  /// The line, cut wherever no buffer lies across.
  private func smallestPieces() -> [Slot] {
    var pieces: [Slot] = []
    var largest = 0
    for (bytes, node) in stretchesOfLine {
      if let last = pieces.last, bytes.lowerBound < last.bytes.upperBound {
        pieces[pieces.count - 1].bytes = last.bytes.lowerBound..<max(last.bytes.upperBound, bytes.upperBound)
        if bytes.count > largest { pieces[pieces.count - 1].node = node }
      } else {
        pieces.append(Slot(bytes: bytes, node: node))
        largest = 0
      }
      largest = max(largest, bytes.count)
    }
    return pieces
  }
}
