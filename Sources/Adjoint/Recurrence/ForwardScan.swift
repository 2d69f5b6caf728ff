/// The pushforward of a scan: a scan in the same order whose state is the tangents of the state.
///
/// Its body is the forward-mode derivative of one step, worked out in a graph of its own. What that reads of the step
/// itself comes as sequences, as in a ``ReverseScan``: the scan is applied once more with these values among its
/// stacked ones, and compiling makes one of the two.
struct ForwardScan {
  /// The tangent of the scan's packed results; `nil` if nothing moves them.
  private(set) var tangent: Node?

  private let scan: Scan
  private let application: GateApplication
  private var graph: Graph { application.output.graph }

  /// - Parameter tangents: one for each operand of the scan that moves.
  init(_ scan: Scan, _ tangents: [Node?], _ application: GateApplication) {
    self.scan = scan
    self.application = application
    do throws(GraphError) {
      guard let step = try ForwardStep(scan, moves: tangents.map { $0 != nil }) else { return }
      tangent = apply(step, tangents)
    } catch {
      let result = graph.apply(StopGradient(), to: [application.output])
      graph.withState { $0.markPoisoned(result.id, error) }
      tangent = result
    }
  }

  private func apply(_ step: ForwardStep, _ tangents: [Node?]) -> Node {
    let body = scan.body
    let reads = StepReads(of: step.products, in: step.graph, seeds: step.seeds, body)
    let firstElement = body.state.count, firstInvariant = firstElement + body.elements.count
    let initial = step.state.map { tangents[$0] ?? zeros(body.signature(of: body.state[$0])) }
    var sequences = step.elements.map { tangents[firstElement + $0]! }
    sequences += reads.elements.map { application.inputs[firstElement + $0] }
    sequences += scan.stacks(of: reads.kept, in: application)
    var weights = step.invariants.map { tangents[firstInvariant + $0]! }
    weights += reads.invariants.map { application.inputs[firstInvariant + $0] }
    let results = graph.apply(step.scan(reads, body), to: initial + sequences + weights, at: .unknown)

    var parts: [Node?] = scan.parts.map { _ in nil }
    for (part, tangent) in zip(step.state, results) { parts[part] = tangent }
    for (output, tangent) in zip(step.outputs, results.dropFirst(step.state.count)) {
      parts[firstElement + output] = tangent
    }
    return packed(parts)
  }

  /// The tangents of the parts of the scan's results, one behind the other, `nil` being zeros.
  private func packed(_ parts: [Node?]) -> Node {
    let type = application.output.elementType
    let pieces = zip(parts, scan.parts).map { tangent, part in
      tangent?.flat(as: type) ?? graph.constant(0, [part.result.elementCount], type)
    }
    return pieces.count == 1 ? pieces[0] : graph.apply(Concatenate(axis: 0), to: pieces)
  }

  private func zeros(_ signature: Signature) -> Node { graph.constant(0, signature.shape, signature.elementType) }
}

extension ScanPart {
  /// The piece of a packed value that is this part, where the value is put together from pieces, as a ``ForwardScan``
  /// does it.
  func piece(of packed: Node) -> Node? {
    guard packed.graph.withState({ $0.storage.gate(of: packed.id) }) is Concatenate else { return nil }
    var start = 0
    for piece in packed.inputs {
      let count = piece.shape.elementCount
      if start == self.start, count == result.elementCount { return piece.unpacked(as: self) }
      start += count
    }
    return nil
  }
}
