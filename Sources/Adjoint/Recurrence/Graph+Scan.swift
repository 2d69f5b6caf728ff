/// What a scan gives: see ``Graph/scan(over:from:steps:reversed:fileID:line:_:)``.
public struct Scanned: Hashable, Sendable {
  /// The state after the last step.
  public let state: [Node]
  /// The outputs of all steps, each with one more axis in front: time.
  public let outputs: [Node]
}

extension Graph {
  /// Repeats a step along the first axis of sequences: state and outputs of step t are the body's of the state before
  /// it and element t of each sequence.
  ///
  /// A loop over time that appends nodes makes a graph as long as the sequence; a scan makes one node, whatever the
  /// length, and compiles its body once. It is differentiated like any gate, in both modes and to any order: backward
  /// it is a scan in the opposite order.
  ///
  /// ```swift
  /// let weights = graph.parameter("weights", [8, 8], .glorotUniform(seed: 1))
  /// let run = graph.scan(over: [frames], from: [graph.constant(0, [16, 8])]) { state, frame in  // [100, 16, 8]
  ///   let hidden = tanh(state[0].matmul(weights) + frame[0])
  ///   return (state: [hidden], outputs: [hidden])
  /// }
  /// print(run.state[0].shape)     // [16, 8], after the last step
  /// print(run.outputs[0].shape)   // [100, 16, 8]
  /// ```
  /// The body is called once, with nodes that stand for the state and for one element of each sequence, and may use any
  /// node of the graph besides: what does not depend on the two is computed once, before the steps. A gradient of such
  /// a value is the sum over all steps, in an order that the shapes fix: the same bits at every width.
  ///
  /// The body gives the next state, of the initial one's shapes and element types, and the outputs of the step, any
  /// number of them. They are floats, each of a type of its own: a body may keep its state in ``ElementType/float16``
  /// and cast it to compute, or add up in ``ElementType/float64`` what it reads in ``ElementType/float32``. Integers
  /// may be in sequences, as labels or the steps of a dropout. Dropout in a body drops the same elements in each step
  /// unless it is given a step that differs, an element of such a sequence.
  ///
  /// `steps` says how often the body runs where there is no sequence to say it. With `reversed`, steps go from the last
  /// elements to the first; outputs keep the places of the elements that they belong to.
  ///
  /// What does not go together poisons the results, and compiling throws it: sequences of different lengths, a next
  /// state unlike the initial one, with names, shapes and this call's line. So does using the body's nodes outside of
  /// it.
  ///
  /// - Complexity: O(nodes of the body) to build and to compile; a run takes as often the body's time as there are
  ///   steps, and memory for the outputs, and for what backward needs of each step.
  public func scan<Failure: Error>(
    over sequences: [Node], from initial: [Node], steps: Int? = nil, reversed: Bool = false,
    fileID: StaticString = #fileID, line: UInt = #line,
    _ body: (_ state: [Node], _ elements: [Node]) throws(Failure) -> (state: [Node], outputs: [Node])
  ) throws(Failure) -> Scanned {
    let location = pack(fileID, line)
    let sequences = sequences.map { own($0, readBy: Scan.name, at: location) }
    let initial = initial.map { own($0, readBy: Scan.name, at: location) }
    let count = steps ?? sequences.first?.shape.dimensions.first ?? 0
    let trace = ScanTrace(
      self, sequences: sequences, initial: initial, steps: count, isReversed: reversed, at: location)
    if let error = refusal(sequences, initial, steps: count, at: location) {
      // The body says how many results there are, and meets nodes that are refused already.
      let given = trace.state + trace.elements
      withState { state in for node in given { state.markPoisoned(node.id, error) } }
      let (next, outputs) = try body(trace.state, trace.elements)
      return refused(error, next, outputs, trace, at: location)
    }
    var (next, outputs) = try body(trace.state, trace.elements)
    next = next.map { own($0, readBy: Scan.name, at: location) }
    outputs = outputs.map { own($0, readBy: Scan.name, at: location) }
    if let error = refusal(next: next, outputs, initial, steps: count, at: location) {
      return refused(error, next, outputs, trace, at: location)
    }
    let (gate, operands) = trace.gate(next: next, outputs: outputs)
    let results = apply(gate, to: operands, at: location)
    return Scanned(state: Array(results.prefix(next.count)), outputs: Array(results.dropFirst(next.count)))
  }

  /// A scan of one sequence, with a state of one part and one output.
  ///
  /// ```swift
  /// let (last, all) = graph.scan(over: x, from: graph.constant(0)) { sum, x in   // running means that forget
  ///   let mean = 0.9 * sum + 0.1 * x
  ///   return (mean, mean)
  /// }
  /// ```
  /// See ``scan(over:from:steps:reversed:fileID:line:_:)``.
  public func scan<Failure: Error>(
    over sequence: Node, from initial: Node, reversed: Bool = false,
    fileID: StaticString = #fileID, line: UInt = #line,
    _ body: (_ state: Node, _ element: Node) throws(Failure) -> (state: Node, output: Node)
  ) throws(Failure) -> (state: Node, outputs: Node) {
    let run = try scan(over: [sequence], from: [initial], reversed: reversed, fileID: fileID, line: line) {
      (state, elements) throws(Failure) in
      let step = try body(state[0], elements[0])
      return (state: [step.state], outputs: [step.output])
    }
    return (run.state[0], run.outputs[0])
  }

  // MARK: what does not go together

  private func refusal(
    _ sequences: [Node], _ initial: [Node], steps: Int, at location: PackedLocation
  ) -> GraphError? {
    error(misfit(sequences, initial, steps: steps), sequences + initial, at: location)
  }

  private func misfit(_ sequences: [Node], _ initial: [Node], steps: Int) -> String? {
    let state = snapshot()
    if sequences.isEmpty, initial.isEmpty { return "a scan needs a sequence or a state" }
    for sequence in sequences {
      guard let length = sequence.shape.dimensions.first else {
        return "\(state.describe(sequence.id)) is no sequence: it has no first axis to go along"
      }
      if length != steps {
        return "\(state.describe(sequence.id)) is \(length) long, and this scan takes \(steps) steps"
      }
    }
    if steps < 1 { return "a scan takes at least one step, got \(steps)" }
    if steps > Shape.mostElements { return "a scan takes at most 2^48 steps, got \(steps)" }
    for part in initial where !part.elementType.isDifferentiable {
      return "\(state.describe(part.id)) is no state of a scan, which holds floats: integers belong into a sequence"
    }
    return nil
  }

  private func refusal(
    next: [Node], _ outputs: [Node], _ initial: [Node], steps: Int, at location: PackedLocation
  ) -> GraphError? {
    if let error = error(nil, next + outputs, at: location) { return error }  // a mistake of the body's own
    return misfit(next: next, outputs, initial, steps: steps).flatMap { error($0.reason, $0.operands, at: location) }
  }

  private func misfit(
    next: [Node], _ outputs: [Node], _ initial: [Node], steps: Int
  ) -> (reason: String, operands: [Node])? {
    guard next.count == initial.count else {
      return ("the body gives \(next.count) parts of a state that begins with \(initial.count)", next)
    }
    for (next, initial) in zip(next, initial)
    where next.shape != initial.shape || next.elementType != initial.elementType {
      return (
        "the state begins as \(initial.shape) \(initial.elementType) and is \(next.shape) \(next.elementType) "
          + "after a step", [initial, next]
      )
    }
    if let integer = outputs.first(where: { !$0.elementType.isDifferentiable }) {
      return ("the outputs of a scan are floats, and this one is \(integer.elementType): cast it", [integer])
    }
    if initial.isEmpty, outputs.isEmpty { return ("the body gives neither a state nor an output", []) }
    for output in outputs {
      let stack = Shape([steps] + output.shape.dimensions)
      if let reason = stack.impossibility {
        return ("an output of all steps would have shape \(stack), and \(reason)", [output])
      }
    }
    return nil
  }

  /// What is wrong with one of `operands` already, or else the error that `reason` is.
  private func error(_ reason: String?, _ operands: [Node], at location: PackedLocation) -> GraphError? {
    withState { state in
      if let earlier = operands.compactMap({ state.poison[$0.id] }).first { return earlier }
      guard let reason else { return nil }
      let scan = state.addSource(ScanPlaceholder(), .float32, .scalar, name: nil, at: location)
      return GraphError(.shapeMismatch, reason, at: scan, operands: operands.map(\.id), in: state)
    }
  }

  /// As many results as there would be, each poisoned by `error`.
  private func refused(
    _ error: GraphError, _ next: [Node], _ outputs: [Node], _ trace: ScanTrace, at location: PackedLocation
  ) -> Scanned {
    func result(_ type: ElementType, _ shape: Shape) -> Node {
      withState { state in
        let shape = shape.impossibility == nil ? shape : .scalar
        let result = state.addSource(ScanPlaceholder(), type, shape, name: nil, at: location)
        state.markPoisoned(result, error)
        return Node(graph: self, id: result)
      }
    }
    let state = next.count > trace.state.count ? next : trace.state
    return Scanned(
      state: state.map { result($0.elementType, $0.shape) },
      outputs: outputs.map { result($0.elementType, Shape([trace.stepCount] + $0.shape.dimensions)) })
  }
}
