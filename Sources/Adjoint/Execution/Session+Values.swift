internal import GradientMemory

extension Session {
  // MARK: scalars

  /// The one element of an input, parameter or output.
  ///
  /// For scripts and scalars: a node that is not in the program, has more elements or was not computed is a
  /// precondition failure. ``write(_:to:)`` and ``read(_:as:)`` throw instead.
  public subscript(node: Node) -> Double {
    get { trapping { try scalar(endpoint(of: node), in: node) } }
    set { trapping { try writeScalar(newValue, to: node) } }
  }

  /// The one element of the gradient of `node`; for more elements see ``gradient(of:as:)``.
  public func gradient(of node: Node) -> Double {
    trapping { try scalar(gradientEndpoint(of: node), in: node) }
  }

  private func trapping<R>(_ body: () throws -> R) -> R {
    do { return try body() } catch { preconditionFailure("\(error)") }
  }

  private func scalar(_ endpoint: Endpoint, in node: Node) throws -> Double {
    guard endpoint.signature.shape.elementCount == 1 else {
      throw SessionError.wrongValues(
        "\(program.names.describe(endpoint.node)) is no single number: read it as an array")
    }
    switch endpoint.signature.elementType {
    case .float32: return try withElements(endpoint, Float.self) { Double($0[0]) }
    case .float64: return try withElements(endpoint, Double.self) { $0[0] }
    case .int32: return try withElements(endpoint, Int32.self) { Double($0[0]) }
    }
  }

  private func writeScalar(_ value: Double, to node: Node) throws {
    switch node.elementType {
    case .float32: try write([Float(value)], to: node)
    case .float64: try write([value], to: node)
    case .int32:
      guard let integer = Int32(exactly: value) else {
        throw SessionError.wrongValues("\(program.names.describe(node.id)) takes integers, got \(value)")
      }
      try write([integer], to: node)
    }
  }

  // MARK: arrays

  /// Feeds an input or sets a parameter: one value an element, row-major.
  ///
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count or type, or a node that is neither.
  public func write<T: GraphScalar>(_ values: [T], to node: Node) throws {
    try withMutableValues(of: node, as: T.self) { target in
      guard target.count == values.count else {
        throw SessionError.wrongValues(
          "\(program.names.describe(node.id)) takes \(target.count) values, got \(values.count)")
      }
      target.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: values) }
    }
  }

  /// Sets the gradient that comes from above into `output`, for this and later backward passes. A scalar's is 1 until
  /// then.
  public func writeUpstream<T: GraphScalar>(_ values: [T], of output: Node) throws {
    guard let endpoint = program.endpoints.upstreams[output.id], output.graph === program.graph else {
      throw SessionError.notInProgram("\(output.name) is no differentiated output of the program")
    }
    try changingInputs(forwardStaysValid: true) {
      try withMutableElements(endpoint, T.self) { target in
        guard target.count == values.count else {
          throw SessionError.wrongValues(
            "the upstream gradient of \(program.names.describe(output.id)) has \(target.count) values, got \(values.count)"
          )
        }
        _ = target.update(fromContentsOf: values)
      }
      progress.withLock { _ = $0.writtenUpstreams.insert(output.id) }
    }
  }

  /// The elements of an input, parameter or output, row-major.
  public func read<T: GraphScalar>(_ node: Node, as type: T.Type = Float.self) throws -> [T] {
    try withElements(endpoint(of: node), type) { Array($0) }
  }

  /// The elements of the gradient of `node`, which has the node's shape.
  public func gradient<T: GraphScalar>(of node: Node, as type: T.Type) throws -> [T] {
    try withElements(gradientEndpoint(of: node), type) { Array($0) }
  }

  // MARK: spans, without a copy

  /// Calls `body` with the elements of an input, parameter or output in place.
  public func withValues<T: GraphScalar, R>(
    of node: Node, as type: T.Type, _ body: (Span<T>) throws -> R
  ) throws -> R {
    try withElements(endpoint(of: node), type) { try body($0.span) }
  }

  /// Calls `body` with the elements of the gradient of `node` in place.
  public func withGradient<T: GraphScalar, R>(
    of node: Node, as type: T.Type, _ body: (Span<T>) throws -> R
  ) throws -> R {
    try withElements(gradientEndpoint(of: node), type) { try body($0.span) }
  }

  /// Calls `body` to write an input or change a parameter in place.
  public func withMutableValues<T: GraphScalar, R>(
    of node: Node, as type: T.Type, _ body: (inout MutableSpan<T>) throws -> R
  ) throws -> R {
    let endpoint = try endpoint(of: node)
    func change() throws -> R {
      try withMutableElements(endpoint, type) { elements in
        var span = elements.mutableSpan
        return try body(&span)
      }
    }
    switch endpoint.role {
    case .parameter:
      try claimShared()
      defer { release() }
      try parameters.beginWriting()
      defer { parameters.endWriting() }
      return try change()
    case .input:
      return try changingInputs(forwardStaysValid: false) {
        guard !progress.withLock({ $0.loans.contains(endpoint.place) }) else {
          throw SessionError.busy("\(program.names.describe(node.id)) reads lent memory: write it afterwards")
        }
        let result = try change()
        progress.withLock { _ = $0.written.insert(endpoint.node) }
        return result
      }
    case .output, .gradient:
      throw SessionError.wrongValues(
        "\(program.names.describe(node.id)) is computed: only inputs and parameters are written")
    }
  }

  /// As ``withGradient(of:as:_:)``, for a gradient that the run under way has completed.
  func withGradientWithinRun<T: GraphScalar, R>(
    _ gradient: Endpoint, _ type: T.Type, _ body: (Span<T>) throws -> R
  ) throws -> R {
    try body(UnsafeBufferPointer(bound(gradient, workspace.address(gradient.place)!, type)).span)
  }

  // MARK: access

  func changingInputs<R>(forwardStaysValid: Bool, _ body: () throws -> R) throws -> R {
    try claimAlone()
    defer { release() }
    do throws(MemoryLimitExceeded) {
      try workspace.prepare()
    } catch {
      throw SessionError(error, for: "the session's inputs and results")
    }
    if !forwardStaysValid { progress.withLock { $0.forwardVersion = nil } }
    return try body()
  }

  func endpoint(of node: Node) throws -> Endpoint {
    guard node.graph === program.graph, let endpoint = program.endpoints.values[node.id] else {
      throw SessionError.notInProgram(
        "\(node.name), made at \(node.location), is no input, parameter or output of the program")
    }
    return endpoint
  }

  func gradientEndpoint(of node: Node) throws -> Endpoint {
    guard node.graph === program.graph, let endpoint = program.endpoints.gradients[node.id] else {
      throw SessionError.notInProgram(
        "the program computes no gradient of \(node.name), made at \(node.location): name it in gradientsFor")
    }
    return endpoint
  }

  private func withElements<T: GraphScalar, R>(
    _ endpoint: Endpoint, _ type: T.Type, _ body: (UnsafeBufferPointer<T>) throws -> R
  ) throws -> R {
    try claimShared()
    defer { release() }
    let state = progress.withLock { $0 }
    if state.elsewhere.contains(endpoint.place) {
      throw SessionError.notComputed(
        "\(program.names.name(of: endpoint.node)) was written to lent memory: read it there, or run again")
    }
    switch endpoint.role {
    case .output where !state.hasOutputs:
      throw SessionError.notComputed(
        "\(program.names.name(of: endpoint.node)) is not computed yet: run forward or step")
    case .gradient where !state.hasGradients:
      throw SessionError.notComputed(
        "the gradient of \(program.names.name(of: endpoint.node)) is not computed yet: run backward or step")
    case .input where !state.written.contains(endpoint.node):
      throw SessionError.missingInput(program.names.describe(endpoint.node))
    case .parameter:
      try parameters.beginReading()
      defer { parameters.endReading() }
      return try body(UnsafeBufferPointer(bound(endpoint, try parameterMemory(endpoint).base, type)))
    default: break
    }
    return try body(UnsafeBufferPointer(bound(endpoint, workspace.address(endpoint.place)!, type)))
  }

  private func withMutableElements<T: GraphScalar, R>(
    _ endpoint: Endpoint, _ type: T.Type, _ body: (UnsafeMutableBufferPointer<T>) throws -> R
  ) throws -> R {
    let base = endpoint.role == .parameter ? try parameterMemory(endpoint).base : workspace.address(endpoint.place)!
    return try body(bound(endpoint, base, type))
  }

  private func bound<T: GraphScalar>(
    _ endpoint: Endpoint, _ base: UnsafeMutableRawPointer, _ type: T.Type
  ) throws -> UnsafeMutableBufferPointer<T> {
    guard T.elementType == endpoint.signature.elementType else {
      throw SessionError.wrongValues(
        "\(program.names.describe(endpoint.node)) holds \(endpoint.signature.elementType), not \(T.elementType)")
    }
    let count = endpoint.signature.shape.elementCount
    return UnsafeMutableBufferPointer(start: base.assumingMemoryBound(to: T.self), count: count)
  }
}
