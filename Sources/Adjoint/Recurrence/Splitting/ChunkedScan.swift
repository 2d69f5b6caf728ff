/// A scan whose steps are cut into chunks, so that the loops of its state can run side by side: while the second layer
/// of a network works on one chunk, the first is at the next one, and backward the other way round.
///
/// How many chunks there are follows from the scan alone, and so do the bits.
package struct ChunkedScan {
  /// Chunks of a scan of several loops, at most, and the fewest steps of one.
  package static let mostChunks = 8, fewestSteps = 64  // Decisions/Scans.md

  /// The steps of each chunk, from the first elements to the last.
  let ranges: [Range<Int>]
  private let scan: Scan
  private let splits: Bool

  /// All steps of a scan in one chunk, and that not split.
  init(whole scan: Scan) {
    (self.scan, splits) = (scan, false)
    ranges = [0..<scan.body.stepCount]
  }

  /// - Complexity: as ``StateLoops``.
  init(_ scan: Scan) {
    (self.scan, splits) = (scan, true)
    let steps = scan.body.stepCount
    let count = min(Self.mostChunks, steps / Self.fewestSteps)
    let isChunked = count > 1 && StateLoops(scan.body).map { $0.loops.count { $0.nodes.count > 1 } > 1 } ?? false
    ranges = isChunked ? (0..<count).map { steps * $0 / count..<steps * ($0 + 1) / count } : [0..<steps]
  }

  /// What the chunks give.
  struct Results {
    /// The state after the last step, and the sums over all steps.
    let state: [Node], sums: [Node]
    /// The stacked values, each as a piece for each chunk.
    let pieces: [[Node]]
  }

  /// Adds all chunks to `graph`.
  ///
  /// - Parameters:
  ///   - state: the initial one.
  ///   - elements: the steps of a sequence, by its number, that belong to a chunk.
  func apply(
    to state: [Node], elements: (_ sequence: Int, _ chunk: Int) -> Node, invariants: [Node], in graph: Graph
  ) -> Results {
    let body = scan.body
    var state = state
    var chunks: [SplitScan.Results] = []
    for chunk in body.isReversed ? Array(ranges.indices.reversed()) : Array(ranges.indices) {
      let run = SplitScan.apply(
        ranges.count == 1 ? body : body.taking(ranges[chunk].count), stacked: scan.stacked, sums: scan.sums,
        to: state + body.elements.indices.map { elements($0, chunk) } + invariants, in: graph, splits: splits)
      state = run.state
      chunks.append(run)
    }
    if body.isReversed { chunks.reverse() }
    let sums = scan.sums.indices.map { number in
      chunks.count == 1 ? chunks[0].sums[number] : graph.accumulate(chunks.map { $0.sums[number] })
    }
    let pieces = scan.stacked.indices.map { number in chunks.map { $0.stacked[number] } }
    return Results(state: state, sums: sums, pieces: pieces)
  }
}

extension ScanBody {
  /// This body, repeated for `stepCount` steps.
  fileprivate func taking(_ stepCount: Int) -> ScanBody {
    ScanBody(
      graph, state: state, elements: elements, invariants: invariants, next: next, stepCount: stepCount,
      isReversed: isReversed)
  }
}
