internal import DependencyScheduling

extension Session {
  /// The variables that the program differentiates by, in the order in which
  /// ``step(writingGradientsTo:whenReady:)`` takes memory for their gradients: ascending.
  package var differentiatedVariables: [Node] {
    sortedGradients.map { Node(graph: program.graph, id: $0.node) }
  }

  private var sortedGradients: [Endpoint] { program.endpoints.gradients.values.sorted { $0.node < $1.node } }

  /// As ``step(whenReady:)``, with every gradient written to memory of the caller's, instead of the session's: nothing
  /// is copied but what the program gives no memory of its own.
  ///
  /// - Parameters:
  ///   - targets: room for each gradient's elements, in the order of ``differentiatedVariables``; nobody else reads or
  ///     writes there until it is ready.
  ///   - body: called with the number of each gradient once, when it lies in its target; by several workers at a time.
  /// - Throws: as ``step()``; what `body` throws, which ends the run.
  package func step(
    writingGradientsTo targets: GradientTargets, whenReady body: @escaping @Sendable (_ gradient: Int) throws -> Void
  ) async throws {
    let gradients = sortedGradients
    precondition(targets.addresses.count == gradients.count, "One target a gradient: \(gradients.count)")
    try await perform(
      .step,
      awaiting: {
        let lent = gradients.map { hasMemoryOfItsOwn($0) }
        for (gradient, place) in gradients.map(\.place).enumerated() where lent[gradient] {
          workspace.lend(targets.addresses[gradient], to: place)
        }
        defer {
          for (gradient, place) in gradients.map(\.place).enumerated() where lent[gradient] {
            workspace.takeBack(place)
          }
        }
        try await runTelling(.step) { gradient in
          if !lent[gradient.number] {
            let (place, count) = (gradient.endpoint.place, gradient.endpoint.signature.byteCount)
            targets.addresses[gradient.number].copyMemory(from: self.workspace.address(place)!, byteCount: count)
          }
          try body(gradient.number)
        }
      })
    // The session has not got them.
    progress.withLock { $0.hasGradients = false }
  }

  /// Runs of this session read `value` for an int32 parameter of one element, whatever its store holds, until another
  /// is given: what counts the steps of one shard of a batch, where the store counts those of the training.
  ///
  /// - Throws: ``SessionError/notInProgram(_:)``; `SessionError.busy(_:)` while the session runs.
  package func setOwnValue(_ value: Int32, of parameter: Node) throws {
    try claimAlone()
    defer { release() }
    guard let number = program.endpoints.parameters.firstIndex(where: { $0.node == parameter.id }) else {
      throw SessionError.notInProgram("\(parameter.name) is no parameter of the program")
    }
    try workspace.setOwnValue(value, ofParameter: number)
  }
}

/// Where the gradients of a run are to be written: memory that whoever makes it keeps until the run has ended.
package struct GradientTargets: @unchecked Sendable {  // because a run writes each once, and tells of it
  package let addresses: [UnsafeMutableRawPointer]
  package init(_ addresses: [UnsafeMutableRawPointer]) { self.addresses = addresses }
}
