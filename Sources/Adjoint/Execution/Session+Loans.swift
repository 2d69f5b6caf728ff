internal import GradientMemory

/// Memory of the caller's in the place of the session's, for the runs within a closure.
extension Session {
  /// Has every run within `body` read an input where `values` lie, instead of a copy that `write(_:to:)` makes.
  ///
  /// ```swift
  /// try session.lending(pixels.span, asInput: images) {
  ///   try session.forward()
  /// }
  /// ```
  /// Within `body` the input counts as fed: it can be read, and values and gradients have the bits they have after
  /// `write(_:to:)`. Afterwards it counts as never fed, and a backward pass needs a new forward pass; what the runs
  /// have computed stays readable. Nest calls to lend several inputs; one that the program does not read may be among
  /// them, and is ignored. The session keeps memory of its own for the input, which is not touched; a single number is
  /// copied.
  ///
  /// What another thread does with the session when `body` ends is waited for, be it a run, a write or a read: lent
  /// memory is used no longer when this returns. So nothing of the kind may wait for this thread. The asynchronous form
  /// awaits it, and the runs, without blocking its thread.
  ///
  /// - Parameters:
  ///   - values: one an element, row-major; aligned as their type asks, which all arrays are.
  ///   - node: an input of the program.
  ///   - body: makes the runs; what it returns is passed on.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count or type, a node that is no input,
  ///   or one that is lent memory already; whatever `body` throws.
  /// - Complexity: O(steps) for each input the first time, then O(steps that read it).
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func lending<T: GraphScalar, R>(
    _ values: Span<T>, asInput node: Node, _ body: () throws -> R
  ) throws -> R {
    let endpoint = try lentInput(node)
    return try values.withUnsafeBufferPointer { values in
      try check(endpoint, T.self, count: values.count)
      if try ignores(endpoint) { return try body() }
      let memory = UnsafeMutableRawPointer(mutating: UnsafeRawPointer(values.baseAddress!))
      _ = try beginLoan(of: endpoint, memory)
      defer { endLoan(of: endpoint, memory) }
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
  /// memory is used no longer when this returns. So nothing of the kind may wait for this thread. The asynchronous form
  /// awaits it, and the runs, without blocking its thread.
  ///
  /// - Parameters:
  ///   - target: room for one value an element, row-major; aligned as its type asks, which all arrays are.
  ///   - node: an output of the program.
  ///   - body: makes the runs; what it returns is passed on.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count or type, a node that is no
  ///   output, or one that is lent memory already; whatever `body` throws.
  /// - Complexity: as of `lending(_:asInput:_:)`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func lending<T: GraphScalar, R>(
    _ target: inout MutableSpan<T>, asOutput node: Node, _ body: () throws -> R
  ) throws -> R {
    try lending(&target, asResult: lentOutput(node), body)
  }

  /// Has every run within `body` write a gradient where `target` lies, instead of into the session's memory.
  ///
  /// As `lending(_:asOutput:_:)` in all else.
  ///
  /// - Parameters:
  ///   - target: room for one value an element, row-major; aligned as its type asks, which all arrays are.
  ///   - node: a variable that the program differentiates by.
  ///   - body: makes the runs; what it returns is passed on.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count or type, a node of which no
  ///   gradient is computed, or one that is lent memory already; whatever `body` throws.
  /// - Complexity: as of `lending(_:asInput:_:)`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
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
      defer { endLoan(of: endpoint, memory, isLent: isLent) }
      return try body()
    }
  }

  // MARK: asynchronous forms

  /// As the synchronous form: what other tasks do with the session before and after is awaited, not waited for.
  ///
  /// - Parameters:
  ///   - values: one an element, row-major; aligned as their type asks, which all arrays are.
  ///   - node: an input of the program.
  ///   - body: makes the runs, where this is called from; what it returns is passed on.
  /// - Throws: as the synchronous form.
  public nonisolated(nonsending) func lending<T: GraphScalar, R>(
    _ values: Span<T>, asInput node: Node, _ body: nonisolated(nonsending) () async throws -> R
  ) async throws -> R {
    let endpoint = try lentInput(node)
    try check(endpoint, T.self, count: values.count)
    if try ignores(endpoint) { return try await body() }
    // The elements stay where they are for as long as there is a span of them, which is to the end of this call.
    defer { extendLifetime(values) }
    let memory = values.withUnsafeBufferPointer { UnsafeMutableRawPointer(mutating: UnsafeRawPointer($0.baseAddress!)) }
    try await claimAlone()
    _ = try beginLoanAlone(of: endpoint, memory)
    return try await ending(endpoint, memory, isLent: true, body)
  }

  /// As the synchronous form: what other tasks do with the session before and after is awaited, not waited for.
  ///
  /// - Parameters:
  ///   - target: room for one value an element, row-major; aligned as its type asks, which all arrays are.
  ///   - node: an output of the program.
  ///   - body: makes the runs, where this is called from; what it returns is passed on.
  /// - Throws: as the synchronous form.
  public nonisolated(nonsending) func lending<T: GraphScalar, R>(
    _ target: inout MutableSpan<T>, asOutput node: Node, _ body: nonisolated(nonsending) () async throws -> R
  ) async throws -> R {
    try await lending(&target, asResult: lentOutput(node), body)
  }

  /// As the synchronous form: what other tasks do with the session before and after is awaited, not waited for.
  ///
  /// - Parameters:
  ///   - target: room for one value an element, row-major; aligned as its type asks, which all arrays are.
  ///   - node: a variable that the program differentiates by.
  ///   - body: makes the runs, where this is called from; what it returns is passed on.
  /// - Throws: as the synchronous form.
  public nonisolated(nonsending) func lending<T: GraphScalar, R>(
    _ target: inout MutableSpan<T>, asGradientOf node: Node, _ body: nonisolated(nonsending) () async throws -> R
  ) async throws -> R {
    try await lending(&target, asResult: gradientEndpoint(of: node), body)
  }

  private nonisolated(nonsending) func lending<T: GraphScalar, R>(
    _ target: inout MutableSpan<T>, asResult endpoint: Endpoint, _ body: nonisolated(nonsending) () async throws -> R
  ) async throws -> R {
    try check(endpoint, T.self, count: target.count)
    // The elements stay where they are for as long as `target` is borrowed, which is to the end of this call.
    defer { extendLifetime(target) }
    let memory = target.withUnsafeMutableBufferPointer { UnsafeMutableRawPointer($0.baseAddress!) }
    try await claimAlone()
    let isLent = try beginLoanAlone(of: endpoint, memory)
    return try await ending(endpoint, memory, isLent: isLent, body)
  }

  /// Calls `body`, and ends a loan that has begun.
  private nonisolated(nonsending) func ending<R>(
    _ endpoint: Endpoint, _ memory: UnsafeMutableRawPointer, isLent: Bool,
    _ body: nonisolated(nonsending) () async throws -> R
  ) async throws -> R {
    let result: Result<R, any Error>
    do {
      result = .success(try await body())
    } catch {
      result = .failure(error)
    }
    await waitAlone()
    endLoanAlone(of: endpoint, memory, isLent: isLent)
    return try result.get()
  }

  // MARK: what is lent

  private func lentInput(_ node: Node) throws -> Endpoint {
    let endpoint = try program.unreadSource(node) ?? endpoint(of: node, .source)
    guard endpoint.role == .input || endpoint.role == .unread else {
      throw SessionError.wrongValues("\(program.describe(user: node.id)) is no input: only inputs read lent memory")
    }
    return endpoint
  }

  private func lentOutput(_ node: Node) throws -> Endpoint {
    let endpoint = try endpoint(of: node, .result)
    guard endpoint.role == .output else {
      throw SessionError.wrongValues("\(program.names.describe(node.id)) is no output: it is not computed")
    }
    return endpoint
  }

  private func check<T: GraphScalar>(_ endpoint: Endpoint, _: T.Type, count: Int) throws {
    let signature = endpoint.signature
    guard T.elementType == signature.elementType else {
      throw SessionError.wrongValues(
        "\(program.describe(user: endpoint.node)) holds \(signature.elementType), not \(T.elementType)")
    }
    guard count == signature.shape.elementCount else {
      throw SessionError.wrongValues(
        "\(program.describe(user: endpoint.node)) has \(signature.shape.elementCount) values, the lent memory \(count)")
    }
  }

  // MARK: loans

  /// Puts memory in the place of an endpoint's. Answers false for a result that has none of its own: it is to be
  /// copied.
  private func beginLoan(of endpoint: Endpoint, _ memory: UnsafeMutableRawPointer) throws -> Bool {
    try claimAlone()
    return try beginLoanAlone(of: endpoint, memory)
  }

  /// The same in a session that the caller has claimed alone, which is given back.
  private func beginLoanAlone(of endpoint: Endpoint, _ memory: UnsafeMutableRawPointer) throws -> Bool {
    let place = endpoint.place
    func checkLoans() throws {
      guard !progress.withLock({ $0.loans.contains(place) }) else {
        throw SessionError.busy("\(program.names.describe(endpoint.node)) is lent memory already")
      }
    }
    return try changingAlone(checkLoans) {
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
  func hasMemoryOfItsOwn(_ endpoint: Endpoint) -> Bool {
    let (place, plan) = (endpoint.place, program.plan)
    guard place.isBuffer, plan.placement.buffers[place.index].lifetime == .result,
      plan.placement.buffers[place.index].whole < 0, program.endpoints.count(at: place) == 1
    else { return false }
    return endpoint.role == .output || workspace.operands(at: place).allSatisfy { $0 >= plan.forwardOperandCount }
  }

  /// Waits for whoever uses the session, and ends the loan.
  private func endLoan(of endpoint: Endpoint, _ memory: UnsafeMutableRawPointer, isLent: Bool = true) {
    waitAlone()
    endLoanAlone(of: endpoint, memory, isLent: isLent)
  }

  /// Gives lent memory back, or copies a result that has no memory of its own; then gives the session back, which the
  /// caller has alone.
  private func endLoanAlone(of endpoint: Endpoint, _ memory: UnsafeMutableRawPointer, isLent: Bool) {
    defer { release() }
    guard isLent else { return copy(endpoint, to: memory) }
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
    let isComputed = progress.withLock { endpoint.role == .gradient ? $0.hasGradients : $0.hasOutputs }
    if isComputed {
      memory.copyMemory(from: workspace.address(endpoint.place)!, byteCount: endpoint.signature.byteCount)
    }
  }
}
