/// The body of a reverse scan: the gradient of a step, with everything that it reads of the forward step among its
/// sources.
struct ReverseBody {
  let body: ScanBody
  /// What is stacked: the gradients of elements; and what is added up over all steps: those of invariants.
  let stacked: [NodeID], sums: [NodeID]
  /// What comes as sequences besides the adjoints of outputs: elements of the forward scan, and values kept of it.
  let elements: [Int]
  let kept: [NodeID]
  /// The invariants that it reads.
  let invariants: [Int]

  init(_ step: ReverseStep, _ body: ScanBody) {
    let reads = StepReads(of: step.gradients, in: step.graph, seeds: step.seeds, body)
    (elements, kept, invariants) = (reads.elements, reads.kept, reads.invariants)

    var builder = ScanBodyBuilder(from: step.graph)
    let state = step.seeds.prefix(step.state.count).map { builder.addSource(for: $0) }
    let outputs = step.seeds.dropFirst(step.state.count).prefix(step.outputs.count)
    let sequences = (outputs + elements.map { body.elements[$0] } + kept).map { builder.addSource(for: $0) }
    // What comes from above into a sum over all steps comes into each of them.
    let weights = (step.seeds.suffix(step.summed.count) + invariants.map { body.invariants[$0] }).map {
      builder.addSource(for: $0)
    }
    builder.copy(leadingTo: step.gradients)
    let next = zip(step.stateGradients, step.state).map { gradient, position in
      gradient.map { builder[$0] } ?? builder.addZeros(like: body.state[position])
    }
    self.body = ScanBody(
      builder.graph, state: state, elements: sequences, invariants: weights, next: next, stepCount: body.stepCount,
      isReversed: !body.isReversed)
    stacked = step.elementGradients.map { builder[$0] }
    sums = step.sumGradients.map { builder[$0] }
  }
}
