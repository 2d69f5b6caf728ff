/// A scan whose steps are cut into chunks, so that the loops of its state can run side by side: while the second layer
/// of a network works on one chunk, the first is at the next one, and backward the other way round.
///
/// How many chunks there are follows from the scan alone, and so do the bits.
package enum ChunkedScan {
  /// Chunks of a scan of several loops, at most, and the fewest steps of one.
  package static let mostChunks = 8, fewestSteps = 64  // Decisions/Scans.md

  static func apply(
    _ scan: Scan, to operands: [Node], in graph: Graph, at location: PackedLocation
  ) -> SplitScan.Results {
    let body = scan.body
    let count = min(mostChunks, body.stepCount / fewestSteps)
    let loops = StateLoops(body)?.loops.filter { $0.nodes.count > 1 }.count ?? 0
    guard count > 1, loops > 1 else {
      return SplitScan.apply(body, stacked: scan.stacked, to: operands, in: graph, at: location)
    }
    let stateCount = body.state.count
    let sequences = operands.dropFirst(stateCount).prefix(body.elements.count)
    var state = Array(operands.prefix(stateCount))
    var chunks: [[Node]] = []
    let ranges = (0..<count).map { body.stepCount * $0 / count..<body.stepCount * ($0 + 1) / count }
    for range in body.isReversed ? ranges.reversed() : ranges {
      let elements = sequences.map { $0.sliced(range) }
      let run = SplitScan.apply(
        body.taking(range.count), stacked: scan.stacked,
        to: state + elements + operands.suffix(body.invariants.count), in: graph, at: location)
      state = run.state
      chunks.append(run.stacked)
    }
    if body.isReversed { chunks.reverse() }
    let stacked = scan.stacked.indices.map { number in concatenate(chunks.map { $0[number] }) }
    return SplitScan.Results(state: state, stacked: stacked, sums: [])
  }
}

extension ScanBody {
  /// The same for so many steps.
  fileprivate func taking(_ stepCount: Int) -> ScanBody {
    ScanBody(
      graph, state: state, elements: elements, invariants: invariants, next: next, stepCount: stepCount,
      isReversed: isReversed)
  }
}
