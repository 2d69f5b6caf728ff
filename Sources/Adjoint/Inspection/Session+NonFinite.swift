public import DependencyScheduling
internal import GradientMemory

/// The first value of a run that was NaN or infinite though nothing it was computed from was.
public struct NonFiniteValue: Hashable, Sendable, CustomStringConvertible {
  /// The node that produced it.
  public let nodeName: String
  /// The kind of gate.
  public let gate: String
  /// Where the node was made; for a node of the backward pass, where its forward node was.
  public let location: SourceLocation
  /// For a node of the backward pass, the forward node whose gradient it belongs to.
  public let backwardOf: String?
  /// The row-major position of the first such element, and the value.
  public let element: Int
  public let value: Double

  public var description: String {
    let pass = backwardOf.map { ", in the backward pass of \($0)" } ?? ""
    return "\(nodeName) (\(gate), made at \(location)\(pass)) is the first to hold \(value), at element \(element)"
  }
}

extension Session {
  /// Runs forward, and backward if the program has gradients, on this thread, node by node in dependency order, and
  /// stops at the first node that produces a NaN; with `includingInfinity` also at the first infinite value.
  ///
  /// Parameters keep their values, also where a step would update them. A NaN that was fed or that a parameter holds
  /// is reported as that input's. For finding bugs: nothing runs concurrently, and every value is looked at.
  ///
  /// - Parameters:
  ///   - includingInfinity: whether an infinite value is looked for too.
  ///   - cancellation: looked at between two steps.
  /// - Returns: `nil` if every value was a number.
  /// - Throws: what ``step(cancellation:)`` throws.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func firstNonFinite(
    includingInfinity: Bool = false, cancellation: CancellationToken? = nil
  ) throws -> NonFiniteValue? {
    let pass = longestPass
    try begin(pass, updating: false)
    var isComplete = false
    defer { end(pass, succeeded: isComplete, updating: false) }
    let found = try searchNonFinite(pass, includingInfinity: includingInfinity, cancellation)
    isComplete = found == nil
    return found
  }

  /// As ``firstNonFinite(includingInfinity:cancellation:)``, in a seat of the session's executor, without blocking the
  /// thread; cancelling the task ends it between two steps.
  ///
  /// - Parameter includingInfinity: whether an infinite value is looked for too.
  /// - Returns: `nil` if every value was a number.
  /// - Throws: what ``step(cancellation:)`` throws.
  public func firstNonFinite(includingInfinity: Bool = false) async throws -> NonFiniteValue? {
    let pass = longestPass
    try await begin(pass, updating: false)
    var isComplete = false
    defer { end(pass, succeeded: isComplete, updating: false) }
    let found = try await executor.awaiting { [self] token in
      try searchNonFinite(pass, includingInfinity: includingInfinity, token)
    }
    isComplete = found == nil
    return found
  }

  private var longestPass: Pass {
    program.endpoints.hasGradients || !program.plan.updates.isEmpty ? .step : .forward
  }

  /// The search itself, in a session whose claims are held and whose memory is ready for `pass`.
  func searchNonFinite(
    _ pass: Pass, includingInfinity: Bool, _ cancellation: CancellationToken? = nil
  ) throws -> NonFiniteValue? {
    if let source = firstNonFiniteSource(includingInfinity) { return source }
    let units = pass == .step ? program.plan.unitCosts.count : program.plan.forwardUnitCount
    for step in program.plan.steps[..<program.plan.unitStarts[units]] {
      if cancellation?.isCancelled == true { throw CancellationError() }
      if let found = try runLooking(step, includingInfinity) { return found }
    }
    return nil
  }

  private func firstNonFiniteSource(_ includingInfinity: Bool) -> NonFiniteValue? {
    let doors = program.endpoints
    for source in doors.inputs + doors.parameters where source.signature.elementType.isDifferentiable {
      if let bad = look(at: source.place, source.signature, includingInfinity) { return report(source.node, bad) }
    }
    return nil
  }

  private func runLooking(_ step: Step, _ includingInfinity: Bool) throws -> NonFiniteValue? {
    if let found = try lookInside(step, includingInfinity) { return found }
    try runner.run(step)
    switch step.work {
    case .scalars(let run):
      // Each gate has a slot of its own, so that they can be looked at, in the order of the graph, after the last has
      // run.
      for (node, place) in program.provenance.scalars(of: run) {
        if let bad = look(at: place, includingInfinity) { return report(origin(of: node), bad) }
      }
      return nil
    case .kernel(let number, let range):
      let call = program.plan.calls[number]
      // An operand laid out, or a part of a sum, is not a value of the graph; a value made in parts is looked at when
      // the last of them is there.
      if call.isInterim || range.upperBound < call.extent { return nil }
    case .contribute: break
    }
    for place in program.plan.operands[step.results] {
      if let bad = look(at: place, includingInfinity) { return report(origin(of: step.node), bad) }
    }
    return nil
  }

  /// Looks at what a call keeps to itself, before it runs and writes over its operands.
  private func lookInside(_ step: Step, _ includingInfinity: Bool) throws -> NonFiniteValue? {
    guard case .kernel(let number, let range) = step.work, let call = program.plan.calls[number] as? any FusedCall,
      let nodes = program.plan.chainNodes[number]
    else { return nil }
    var found: NonFiniteValue?
    do {
      _ = try call.findsInnerValue(workspace.inputs(of: step), workspace.outputs(of: step), range) { value in
        // Behind the nodes' own operations a chain may have some that copy a result.
        guard value.number < nodes.count else { return false }
        let node = origin(of: nodes[value.number])
        found = look(at: value.base, value.elementType, value.elements, includingInfinity).map { report(node, $0) }
        return found != nil
      }
    } catch {
      throw runner.failure(of: step, error)
    }
    return found
  }

  private func origin(of node: NodeID) -> NodeID { program.provenance.origins[node.int] }

  /// Looks at the value that lies at a place, if it is one of floating-point numbers.
  private func look(at place: Placement.Place, _ includingInfinity: Bool) -> (element: Int, value: Double)? {
    if !place.isBuffer {
      let signature = Signature(elementType: place.isDoubleSlot ? .float64 : .float32, shape: .scalar)
      return look(at: place, signature, includingInfinity)
    }
    let buffer = program.plan.placement.buffers[place.index]
    guard !buffer.isScratch, buffer.signature.elementType.isDifferentiable else { return nil }
    return look(at: place, buffer.signature, includingInfinity)
  }

  private func look(
    at place: Placement.Place, _ signature: Signature, _ includingInfinity: Bool
  ) -> (element: Int, value: Double)? {
    guard let base = workspace.address(place) else { return nil }
    return look(at: base, signature.elementType, 0..<signature.shape.elementCount, includingInfinity)
  }

  private func look(
    at base: UnsafeRawPointer, _ type: ElementType, _ range: Range<Int>, _ includingInfinity: Bool
  ) -> (element: Int, value: Double)? {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.block) {
      let values = type.doubles(at: base + start * type.byteCount, count: min(Self.block, range.upperBound - start))
      for (place, value) in values.enumerated() where value.isNaN || includingInfinity && value.isInfinite {
        return (start + place, value)
      }
    }
    return nil
  }

  /// How many elements are looked at together.
  private static var block: Int { 4_096 }  // Decisions/Memory.md

  private func report(_ node: NodeID, _ bad: (element: Int, value: Double)) -> NonFiniteValue {
    let names = program.provenance.names
    return NonFiniteValue(
      nodeName: names.name(of: node), gate: names.gateName(of: node), location: names.location(of: node),
      backwardOf: names.isTangent(node) ? nil : names.forwardNode(of: node).map { names.name(of: $0) },
      element: bad.element, value: bad.value)
  }
}
