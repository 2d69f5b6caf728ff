internal import GradientMemory
internal import Threads

/// Memory of the caller's in the place of the session's, for the runs within a closure.
extension Session {
  /// Has every run within `body` read an input where `values` lie, instead of a copy that ``write(_:to:)`` makes.
  ///
  /// ```swift
  /// try session.lending(pixels.span, asInput: images) {
  ///   try session.forward()
  /// }
  /// ```
  /// Within `body` the input counts as fed: it can be read, and values and gradients have the bits they have after
  /// ``write(_:to:)``. Afterwards it counts as never fed, and a backward pass needs a new forward pass; what the runs
  /// have computed stays readable. Nest calls to lend several inputs. The session keeps memory of its own for the
  /// input, which is not touched; a single number is copied.
  ///
  /// What another thread does with the session when `body` ends is waited for, be it a run, a write or a read: lent
  /// memory is used no longer when this returns. So nothing of the kind may wait for this thread.
  ///
  /// - Parameters:
  ///   - values: one an element, row-major; aligned as their type asks, which all arrays are.
  ///   - node: an input of the program.
  ///   - body: makes the runs; what it returns is passed on.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count or type, a node that is no input,
  ///   or one that is lent memory already; whatever `body` throws.
  /// - Complexity: O(steps) for each input the first time, then O(steps that read it).
  public func lending<T: GraphScalar, R>(
    _ values: Span<T>, asInput node: Node, _ body: () throws -> R
  ) throws -> R {
    let endpoint = try endpoint(of: node, .source)
    guard endpoint.role == .input else {
      throw SessionError.wrongValues("\(program.names.describe(node.id)) is no input: only inputs read lent memory")
    }
    return try values.withUnsafeBufferPointer { values in
      try check(endpoint, T.self, count: values.count)
      let memory = UnsafeMutableRawPointer(mutating: UnsafeRawPointer(values.baseAddress!))
      _ = try beginLoan(of: endpoint, memory)
      defer { endLoan(of: endpoint) }
      return try body()
    }
  }

  /// Has every run within `body` write an output where `target` lies, instead of into the session's memory.
  ///
  /// ```swift
  /// var target = prediction.mutableSpan
  /// try session.lending(&target, asOutput: y) {
  ///   try session.forward()
  /// }
  /// ```
  /// `target` holds the output when `body` ends, if its last run that computes it succeeded; else it holds anything.
  /// Within `body` it can be read from the session as always, afterwards not before the next run; a backward pass
  /// needs a new forward pass then. Where the program gives the value no memory of its own, being an input's, another
  /// result's or a single number, it is copied when `body` ends.
  ///
  /// What another thread does with the session when `body` ends is waited for, be it a run, a write or a read: lent
  /// memory is used no longer when this returns. So nothing of the kind may wait for this thread.
  ///
  /// - Parameters:
  ///   - target: room for one value an element, row-major; aligned as its type asks, which all arrays are.
  ///   - node: an output of the program.
  ///   - body: makes the runs; what it returns is passed on.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count or type, a node that is no
  ///   output, or one that is lent memory already; whatever `body` throws.
  /// - Complexity: as of ``lending(_:asInput:_:)``.
  public func lending<T: GraphScalar, R>(
    _ target: inout MutableSpan<T>, asOutput node: Node, _ body: () throws -> R
  ) throws -> R {
    let endpoint = try endpoint(of: node, .result)
    guard endpoint.role == .output else {
      throw SessionError.wrongValues("\(program.names.describe(node.id)) is no output: it is not computed")
    }
    return try lending(&target, asResult: endpoint, body)
  }

  /// Has every run within `body` write a gradient where `target` lies, instead of into the session's memory.
  ///
  /// As ``lending(_:asOutput:_:)`` in all else.
  ///
  /// - Parameters:
  ///   - target: room for one value an element, row-major; aligned as its type asks, which all arrays are.
  ///   - node: a variable that the program differentiates by.
  ///   - body: makes the runs; what it returns is passed on.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count or type, a node of which no
  ///   gradient is computed, or one that is lent memory already; whatever `body` throws.
  /// - Complexity: as of ``lending(_:asInput:_:)``.
  public func lending<T: GraphScalar, R>(
    _ target: inout MutableSpan<T>, asGradientOf node: Node, _ body: () throws -> R
  ) throws -> R {
    try lending(&target, asResult: gradientEndpoint(of: node), body)
  }

  private func lending<T: GraphScalar, R>(
    _ target: inout MutableSpan<T>, asResult endpoint: Endpoint, _ body: () throws -> R
  ) throws -> R {
    try target.withUnsafeMutableBufferPointer { target in
      try check(endpoint, T.self, count: target.count)
      let memory = UnsafeMutableRawPointer(target.baseAddress!)
      let isLent = try beginLoan(of: endpoint, memory)
      defer { isLent ? endLoan(of: endpoint) : copy(endpoint, to: memory) }
      return try body()
    }
  }

  private func check<T: GraphScalar>(_ endpoint: Endpoint, _: T.Type, count: Int) throws {
    let signature = endpoint.signature
    guard T.elementType == signature.elementType else {
      throw SessionError.wrongValues(
        "\(program.names.describe(endpoint.node)) holds \(signature.elementType), not \(T.elementType)")
    }
    guard count == signature.shape.elementCount else {
      throw SessionError.wrongValues(
        "\(program.names.describe(endpoint.node)) has \(signature.shape.elementCount) values, the lent memory \(count)")
    }
  }

  // MARK: loans

  /// Puts memory in the place of an endpoint's. Answers false for a result that has none of its own: it is to be
  /// copied.
  private func beginLoan(of endpoint: Endpoint, _ memory: UnsafeMutableRawPointer) throws -> Bool {
    let place = endpoint.place
    func checkLoans() throws {
      guard !progress.withLock({ $0.loans.contains(place) }) else {
        throw SessionError.busy("\(program.names.describe(endpoint.node)) is lent memory already")
      }
    }
    return try changing(checkLoans) {
      guard endpoint.role == .input || hasMemoryOfItsOwn(endpoint) else { return false }
      if place.isBuffer {
        workspace.lend(memory, to: place)
      } else {
        workspace.address(place)!.copyMemory(from: memory, byteCount: endpoint.signature.byteCount)
      }
      progress.withLock { progress in
        progress.loans.insert(place)
        if endpoint.role != .gradient { progress.forwardVersion = nil }
        if endpoint.role == .input {
          progress.written.insert(endpoint.node)
        } else {
          progress.elsewhere.insert(place)
        }
      }
      return true
    }
  }

  /// Whether a result has memory through which nothing else is reached, and that its pass alone writes.
  private func hasMemoryOfItsOwn(_ endpoint: Endpoint) -> Bool {
    let (place, plan) = (endpoint.place, program.plan)
    guard place.isBuffer, plan.placement.buffers[place.index].lifetime == .result,
      plan.placement.buffers[place.index].whole < 0, program.endpoints.count(at: place) == 1
    else { return false }
    return endpoint.role == .output || workspace.operands(at: place).allSatisfy { $0 >= plan.forwardOperandCount }
  }

  private func endLoan(of endpoint: Endpoint) {
    waitAlone()
    defer { release() }
    if endpoint.place.isBuffer { workspace.takeBack(endpoint.place) }
    progress.withLock { progress in
      progress.loans.remove(endpoint.place)
      if endpoint.role == .input {
        progress.written.remove(endpoint.node)
      } else {
        progress.elsewhere.insert(endpoint.place)
      }
      if endpoint.role != .gradient { progress.forwardVersion = nil }
    }
  }

  /// Copies a result that has no memory of its own, if it is computed.
  private func copy(_ endpoint: Endpoint, to memory: UnsafeMutableRawPointer) {
    waitAlone()
    defer { release() }
    let isComputed = progress.withLock { endpoint.role == .gradient ? $0.hasGradients : $0.hasOutputs }
    if isComputed {
      memory.copyMemory(from: workspace.address(endpoint.place)!, byteCount: endpoint.signature.byteCount)
    }
  }

  /// Claims the session alone once everybody else has ended, whatever they do and however long it takes.
  private func waitAlone() {
    var wait = PatientWait()
    while claims.claimAlone() != 0 { wait.once() }
  }
}
