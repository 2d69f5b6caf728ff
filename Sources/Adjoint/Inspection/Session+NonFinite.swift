internal import GradientMemory
internal import Kernels

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
  /// - Returns: `nil` if every value was a number.
  /// - Throws: what ``step(cancellation:)`` throws.
  public func firstNonFinite(includingInfinity: Bool = false) throws -> NonFiniteValue? {
    let pass: Pass = program.endpoints.hasGradients || !program.plan.updates.isEmpty ? .step : .forward
    try begin(pass)
    var found: NonFiniteValue?
    var isComplete = false
    defer { end(pass, succeeded: isComplete, updating: false) }
    found = firstNonFiniteSource(includingInfinity)
    if found == nil {
      let units = pass == .step ? program.plan.unitCosts.count : program.plan.forwardUnitCount
      search: for step in program.plan.steps[..<program.plan.unitStarts[units]] {
        found = try runLooking(step, includingInfinity)
        if found != nil { break search }
      }
    }
    isComplete = found == nil
    return found
  }

  private func firstNonFiniteSource(_ includingInfinity: Bool) -> NonFiniteValue? {
    let doors = program.endpoints
    for source in doors.inputs + doors.parameters where source.signature.elementType.isDifferentiable {
      if let bad = look(at: source.place, source.signature, includingInfinity) {
        return report(source.node, bad)
      }
    }
    return nil
  }

  private func runLooking(_ step: Step, _ includingInfinity: Bool) throws -> NonFiniteValue? {
    let provenance = program.provenance
    if case .kernel(let call, let range) = step.work,
      let (chain, type, elements) = program.plan.calls[call].chain(range), let nodes = program.plan.chainNodes[call],
      let (node, bad) = try look(
        along: chain, type, of: step, elements, nodes[...], workspace.inputs(of: step), includingInfinity)
    {
      return report(provenance.origins[node.int], bad)
    }
    if case .kernel(let call, let range) = step.work, let fused = program.plan.calls[call] as? ProductChainCall,
      let (node, bad) = try look(
        at: fused, of: step, range, program.plan.chainNodes[call]!, includingInfinity)
    {
      return report(provenance.origins[node.int], bad)
    }
    try runner.run(step)
    if case .scalars(let run) = step.work {
      // Each gate has a slot of its own, so that they can be looked at, in the order of the graph, after the last has
      // run.
      let scalar = Signature(elementType: run.type, shape: .scalar)
      for (node, place) in provenance.scalars(of: run) {
        if let bad = look(at: place, scalar, includingInfinity) {
          return report(provenance.origins[node.int], bad)
        }
      }
      return nil
    }
    // An operand laid out, or a part of a sum, is no value of the graph.
    if case .kernel(let call, _) = step.work, program.plan.calls[call].isInterim { return nil }
    // A value made in parts is looked at when the last of them is there.
    if case .kernel(let call, let range) = step.work, range.upperBound < program.plan.calls[call].extent { return nil }
    if case .kernel(let call, _) = step.work, program.plan.calls[call] is LoopPlan {
      return lookAtResults(of: step, includingInfinity).map { report(provenance.origins[step.node.int], $0) }
    }
    let signature = provenance.signature(of: step.node)
    guard signature.elementType.isDifferentiable else { return nil }
    return look(at: program.plan.operands[step.results.upperBound - 1], signature, includingInfinity)
      .map { report(provenance.origins[step.node.int], $0) }
  }

  /// Looks at a product, and then along the chain that follows it.
  private func look(
    at call: ProductChainCall, of step: Step, _ range: Range<Int>, _ nodes: [NodeID], _ includingInfinity: Bool
  ) throws -> (node: NodeID, bad: (element: Int, value: Double))? {
    var found: (node: NodeID, bad: (element: Int, value: Double))?
    try call.multiply(workspace.inputs(of: step), workspace.outputs(of: step), range) {
      (product, chain, type, elements, operands) in
      let signature = program.provenance.signature(of: nodes[0])
      if let bad = look(at: product, signature.elementType, elements, includingInfinity) {
        found = (nodes[0], bad)
      } else {
        found = try look(along: chain, type, of: step, elements, nodes.dropFirst(), operands, includingInfinity)
      }
    }
    return found
  }

  /// Computes what a chain keeps to itself, operation by operation, before the chain runs and writes over its operands.
  private func look(
    along chain: ElementwiseChain, _ type: Kernels.ElementType, of step: Step, _ range: Range<Int>,
    _ nodes: ArraySlice<NodeID>, _ operands: UnsafeBufferPointer<UnsafeRawPointer>, _ includingInfinity: Bool
  ) throws -> (node: NodeID, bad: (element: Int, value: Double))? {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: chain.count * type.byteCount, alignment: 64)
    defer { memory.deallocate() }
    for (operation, node) in nodes.enumerated() {
      let range = chain.elements(of: operation, for: range)
      do {
        try withUnsafePointer(to: memory) { output in
          try runChain(
            chain.prefix(through: operation), type, inputs: operands.baseAddress!, outputs: output, range: range)
        }
      } catch {
        throw runner.failure(of: step, error)
      }
      if let bad = look(at: memory, program.provenance.signature(of: node).elementType, range, includingInfinity) {
        return (node, bad)
      }
    }
    return nil
  }

  /// Looks at all results of a scan; behind them is memory of its own.
  private func lookAtResults(of step: Step, _ includingInfinity: Bool) -> (element: Int, value: Double)? {
    let type = program.provenance.signature(of: step.node).elementType
    for place in program.plan.operands[step.results].dropLast() {
      let single = Signature(elementType: type, shape: .scalar)
      let signature = place.isBuffer ? program.plan.placement.buffers[place.index].signature : single
      if let bad = look(at: place, signature, includingInfinity) { return bad }
    }
    return nil
  }

  private func look(
    at place: Placement.Place, _ signature: Signature, _ includingInfinity: Bool
  ) -> (element: Int, value: Double)? {
    guard let base = workspace.address(place) else { return nil }
    return look(at: base, signature.elementType, 0..<signature.shape.elementCount, includingInfinity)
  }

  private func look(
    at base: UnsafeMutableRawPointer, _ type: ElementType, _ range: Range<Int>, _ includingInfinity: Bool
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
