/// The pullback of a scan: a scan in the opposite order whose state is the adjoints of the state.
///
/// Its body is the gradient of one step, differentiated as a graph of its own. What that reads of the forward step
/// comes as a sequence: the scan is applied once more with these values among its stacked ones, and compiling makes
/// one of the two. Cheap values are computed again from those that are kept. Gradients of values that are the same in
/// every step are added up over all steps.
struct ReverseScan {
  /// One for each operand of the scan.
  private(set) var gradients: [Node?]

  private let scan: Scan
  private let application: GateApplication
  private var graph: Graph { application.output.graph }

  /// `nil` if no gradient reaches the body.
  init?(_ scan: Scan, _ upstream: Node, _ application: GateApplication) {
    self.scan = scan
    self.application = application
    gradients = scan.body.operands.map { _ in nil }
    let upstreams = PackedUpstream(upstream, of: scan).parts
    guard let step = ReverseStep(scan, upstreams.map { $0 != nil }, needs: application.needsGradient) else {
      return nil
    }
    if let poison = step.poison {
      let result = graph.apply(StopGradient(), to: [upstream])
      graph.withState { $0.markPoisoned(result.id, poison) }
      for position in gradients.indices where application.needsGradient(position) { gradients[position] = result }
      return
    }
    apply(step, upstreams)
  }

  private mutating func apply(_ step: ReverseStep, _ upstreams: [Node?]) {
    let body = scan.body
    let reverse = ReverseBody(step, body)
    let stateCount = body.state.count
    let initial = step.state.map { upstreams[$0] ?? zeros(body.signature(of: body.state[$0])) }
    var sequences = step.outputs.map { upstreams[stateCount + $0]! }
    sequences += reverse.elements.map { application.inputs[stateCount + $0] }
    sequences += scan.stacks(of: reverse.kept, in: application)
    let first = stateCount + body.elements.count
    let weights =
      step.summed.map { upstreams[stateCount + scan.stacked.count + $0]! }
      + reverse.invariants.map { application.inputs[first + $0] }
    let reversed = Scan(body: reverse.body, stacked: reverse.stacked, sums: reverse.sums)
    if reversed.results.isEmpty { return }
    var results = graph.apply(reversed, to: initial + sequences + weights, at: .unknown)[...]

    for (position, gradient) in zip(step.state, results) where application.needsGradient(position) {
      gradients[position] = gradient
    }
    results = results.dropFirst(step.state.count)
    for (element, gradient) in zip(step.elements, results) { gradients[stateCount + element] = gradient }
    results = results.dropFirst(step.elements.count)
    for (invariant, gradient) in zip(step.sums, results) { gradients[first + invariant] = gradient }
  }

  private func zeros(_ signature: Signature) -> Node { graph.constant(0, signature.shape, signature.elementType) }
}

extension Scan {
  /// The values of nodes of the body in all steps of an application of this scan: of those that it does not stack
  /// already, by one more scan, which compiling makes one with the other.
  func stacks(of nodes: [NodeID], in application: GateApplication) -> [Node] {
    if nodes.isEmpty { return [] }
    let graph = application.output.graph
    let own = ScanPlaces(self)
    let missing = nodes.filter { !own.stacks($0) }
    let keeping = missing.isEmpty ? own : ScanPlaces(Scan(body: body, stacked: stacked + missing, sums: sums))
    let packed = missing.isEmpty ? application.output : graph.apply(keeping.scan, to: Array(application.inputs))
    return nodes.map { graph.apply(keeping.part(of: $0), to: [packed]) }
  }
}

/// The gradients of a scan's results, taken apart: where the packed gradient is a sum of padded ones, as the readers
/// of the parts send them back, they are taken as they are, and parts that nobody reads have none.
struct PackedUpstream {
  let parts: [Node?]

  init(_ upstream: Node, of scan: Scan) {
    let places = ScanPlaces(scan)
    guard let terms = Self.terms(of: upstream),
      terms.allSatisfy({ term in places.part(at: term.start).map(term.fits) ?? false })
    else {
      parts = places.parts.map { upstream.graph.apply($0, to: [upstream]) }
      return
    }
    let termsOf = Dictionary(grouping: terms, by: \.start)
    parts = places.parts.map { part in
      let contributions = (termsOf[part.start] ?? []).map { $0.values.unpacked(as: part) }
      if contributions.count < 2 { return contributions.first }
      return upstream.graph.accumulate(contributions)
    }
  }

  private struct Term {
    let start: Int
    let values: Node

    func fits(_ part: ScanPart) -> Bool {
      part.start == start && part.result.elementCount == values.shape.elementCount
    }
  }

  /// The padded values that `upstream` is the sum of; `nil` if it is anything else.
  private static func terms(of upstream: Node) -> [Term]? {
    let gate = upstream.graph.withState { $0.storage.gate(of: upstream.id) }
    if let pad = gate as? Pad { return [Term(start: pad.starts[0], values: upstream.inputs[0])] }
    guard gate is Accumulate else { return nil }
    var terms: [Term] = []
    for contribution in upstream.inputs {
      guard let more = Self.terms(of: contribution) else { return nil }
      terms += more
    }
    return terms
  }
}
