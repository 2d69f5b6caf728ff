internal import GradientMemory

extension Session {
  // MARK: single numbers

  /// Feeds an input or sets a parameter of one element, of any type, to which `value` is rounded.
  ///
  /// ```swift
  /// try session.write(-2, to: x)
  /// ```
  /// - Parameters:
  ///   - value: the number; one that an integer type cannot hold is an error.
  ///   - node: an input or a parameter of one element.
  /// - Throws: ``SessionError``, with name, shape and source line, for a node of more elements, one that is neither
  ///   input nor parameter, or a number that its type cannot hold. Then nothing has changed.
  public func write(_ value: Double, to node: Node) throws {
    let endpoint = try writableEndpoint(of: node)
    try checkIsSingle(endpoint, "write an array to it")
    try writeNumbers([value], to: endpoint)
  }

  /// The one element of an input, parameter or output, of any type, as a double.
  ///
  /// ```swift
  /// let f: Double = try session.read(loss)
  /// ```
  /// - Parameter node: an input, parameter or output of one element.
  /// - Throws: ``SessionError`` for a node of more elements, which ``read(_:as:)`` reads, one that is not in the
  ///   program, or one that is not fed or computed yet.
  public func read(_ node: Node) throws -> Double { try single(endpoint(of: node)) }

  /// The one element of the gradient of `node`, of any type, as a double.
  ///
  /// - Parameter node: a differentiated variable of one element.
  /// - Throws: ``SessionError`` for a node of more elements, whose gradient ``gradient(of:as:)`` reads, one that the
  ///   program does not differentiate by, or a gradient that is not computed yet.
  public func gradient(of node: Node) throws -> Double { try single(gradientEndpoint(of: node)) }

  private func single(_ endpoint: Endpoint) throws -> Double {
    try checkIsSingle(endpoint, "read it as an array")
    return try withElements(endpoint) { endpoint.signature.elementType.double(at: $0) }
  }

  private func checkIsSingle(_ endpoint: Endpoint, _ advice: String) throws {
    guard endpoint.signature.shape.elementCount == 1 else {
      throw SessionError.wrongValues("\(program.describe(user: endpoint.node)) is not a single number: \(advice)")
    }
  }

  // MARK: doubles, whatever the type

  /// The elements of an input, parameter or output, of any type, as doubles, to which they are rounded.
  package func doubles(of node: Node) throws -> [Double] { try doubles(endpoint(of: node)) }

  /// The elements of the gradient of `node`.
  package func gradientDoubles(of node: Node) throws -> [Double] { try doubles(gradientEndpoint(of: node)) }

  private func doubles(_ endpoint: Endpoint) throws -> [Double] {
    let (type, count) = (endpoint.signature.elementType, endpoint.signature.shape.elementCount)
    return try withElements(endpoint) { type.doubles(at: $0, count: count) }
  }

  /// Sets the gradient that comes from above into `output`, of any type.
  package func writeUpstream(doubles: [Double], of output: Node) throws {
    try writeUpstreams(of: output, count: doubles.count, nil) { type, base in
      doubles.withUnsafeBufferPointer { type.write($0, to: base) }
    }
  }

  // MARK: arrays

  /// Feeds an input or sets a parameter: one value an element, row-major. What the last run computed stays as it is.
  ///
  /// The node's elements are of the type of `values`, or floating-point numbers, if `values` are of `Float`, and each
  /// is rounded to their type; numbers written as `[Double]` or `[Int]` are converted to any type.
  ///
  /// An input of the graph that the program does not read may be fed, too, and is ignored: the gradient of a linear
  /// function reads none of its inputs. So one function can feed all programs of a graph.
  ///
  /// - Parameters:
  ///   - values: one an element.
  ///   - node: an input or a parameter.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count or type, or a node that is
  ///   neither. Then nothing has changed.
  public func write<T: GraphScalar>(_ values: [T], to node: Node) throws {
    let endpoint = try writableEndpoint(of: node)
    let type = endpoint.signature.elementType
    if T.elementType == .float32, type.isDifferentiable, type != .float32, let floats = values as? [Float] {
      return try writeFloats(floats, to: endpoint)
    }
    try checkType(of: endpoint, T.self)
    try checkCount(of: endpoint, values.count)
    if try ignores(endpoint) { return }
    try withMutableElements(endpoint, T.self) { _ = $0.update(fromContentsOf: values) }
  }

  /// Feeds an input or sets a parameter of any type, to which each number is rounded: one an element, row-major.
  ///
  /// ```swift
  /// try session.write([1.0, 2.0], to: v)    // float64 or float32: v's own type
  /// ```
  /// - Parameters:
  ///   - values: one an element; a number that an integer type cannot hold is an error.
  ///   - node: an input or a parameter.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count, a number that an integer type
  ///   cannot hold, or a node that is neither. Then nothing has changed.
  public func write(_ values: [Double], to node: Node) throws {
    try writeNumbers(values, to: writableEndpoint(of: node))
  }

  /// Feeds an input or sets a parameter of any type, to which each integer is rounded: one an element, row-major.
  ///
  /// ```swift
  /// try session.write([3, 0, 7], to: labels)    // int32
  /// ```
  /// - Parameters:
  ///   - values: one an element; one out of the range of the node's integers is an error.
  ///   - node: an input or a parameter.
  /// - Throws: ``SessionError``, with name, shape and source line, for a wrong count, an integer out of range, or a
  ///   node that is neither. Then nothing has changed.
  public func write(_ values: [Int], to node: Node) throws {
    let endpoint = try writableEndpoint(of: node)
    try checkCount(of: endpoint, values.count)
    let type = endpoint.signature.elementType
    if let wrong = values.first(where: type.lacks) { throw doesNotHold(endpoint, "\(wrong)") }
    if try ignores(endpoint) { return }
    try withMutableElements(endpoint) { base in values.withUnsafeBufferPointer { type.write($0, to: base) } }
  }

  private func writeFloats(_ values: [Float], to endpoint: Endpoint) throws {
    try checkCount(of: endpoint, values.count)
    if try ignores(endpoint) { return }
    let type = endpoint.signature.elementType
    try withMutableElements(endpoint) { base in values.withUnsafeBufferPointer { type.write($0, to: base) } }
  }

  private func writeNumbers(_ values: [Double], to endpoint: Endpoint) throws {
    try checkCount(of: endpoint, values.count)
    let type = endpoint.signature.elementType
    if !type.isDifferentiable, let wrong = values.first(where: type.lacks) { throw doesNotHold(endpoint, "\(wrong)") }
    if try ignores(endpoint) { return }
    try withMutableElements(endpoint) { base in values.withUnsafeBufferPointer { type.write($0, to: base) } }
  }

  private func doesNotHold(_ endpoint: Endpoint, _ wrong: String) -> SessionError {
    .wrongValues("\(program.describe(user: endpoint.node)) takes \(endpoint.signature.elementType), got \(wrong)")
  }

  private func checkCount(of endpoint: Endpoint, _ given: Int) throws {
    let count = endpoint.signature.shape.elementCount
    guard given == count else {
      throw SessionError.wrongValues("\(program.describe(user: endpoint.node)) takes \(count) values, got \(given)")
    }
  }

  /// Sets the gradient that comes from above into `output`, for this and later backward passes. A scalar's is 1 until
  /// then.
  ///
  /// An output that the program was given more than once has an upstream gradient each time, and gets `values` in each,
  /// as `graph.gradients(of: [y, y], upstream: [v, v], …)` does; ``writeUpstream(_:ofOutputAt:)`` sets one of them.
  ///
  /// - Throws: ``SessionError`` for a wrong count or type, or a node that is no differentiated output. Then nothing has
  ///   changed.
  public func writeUpstream<T: GraphScalar>(_ values: [T], of output: Node) throws {
    try writeUpstreams(of: output, count: values.count, T.elementType) { _, base in
      Self.copy(values, to: base)
    }
  }

  private func writeUpstreams(
    of output: Node, count: Int, _ type: ElementType?, _ write: (ElementType, UnsafeMutableRawPointer) -> Void
  ) throws {
    let outputs = program.endpoints.outputs
    let positions = program.endpoints.upstreams.indices.filter { outputs[$0] == output.id }
    let refusal = "\(output.name) is no differentiated output of the program"
    guard output.graph === program.graph, !positions.isEmpty else { throw SessionError.notInProgram(refusal) }
    try writeUpstreams(positions, refusal, count: count, type, write)
  }

  /// As ``writeUpstream(_:of:)``, for one of the outputs that the program was given, counted from 0.
  ///
  /// ```swift
  /// let session = try Program([y, y], gradientsFor: [x]).makeSession()
  /// try session.writeUpstream([2] as [Float], ofOutputAt: 0)    // the other stays 1: x̄ = 3 · ∂y/∂x
  /// ```
  public func writeUpstream<T: GraphScalar>(_ values: [T], ofOutputAt position: Int) throws {
    let refusal = "the program has no differentiated output at position \(position)"
    guard program.endpoints.upstreams.indices.contains(position) else { throw SessionError.notInProgram(refusal) }
    try writeUpstreams([position], refusal, count: values.count, T.elementType) { _, base in
      Self.copy(values, to: base)
    }
  }

  private static func copy<T: GraphScalar>(_ values: [T], to base: UnsafeMutableRawPointer) {
    _ = UnsafeMutableBufferPointer(start: base.assumingMemoryBound(to: T.self), count: values.count)
      .update(fromContentsOf: values)
  }

  /// - Parameters:
  ///   - refusal: what is said if the program reads none of these upstream gradients.
  ///   - count: how many values are given.
  ///   - type: of what type they are; `nil` if they go with any.
  ///   - write: writes them as elements of a type.
  private func writeUpstreams(
    _ positions: [Int], _ refusal: String, count: Int, _ type: ElementType?,
    _ write: (ElementType, UnsafeMutableRawPointer) -> Void
  ) throws {
    let read = positions.compactMap { position in program.endpoints.upstreams[position].map { (position, $0) } }
    guard let (_, first) = read.first else { throw SessionError.notInProgram(refusal) }
    if let type { try checkType(of: first, type) }
    guard count == first.signature.shape.elementCount else {
      throw SessionError.wrongValues(
        "the upstream gradient of \(program.names.describe(first.node)) has \(first.signature.shape.elementCount) "
          + "values, got \(count)")
    }
    try changing {
      for (position, upstream) in read {
        write(upstream.signature.elementType, workspace.address(upstream.place)!)
        progress.withLock { _ = $0.writtenUpstreams.insert(position) }
      }
    }
  }

  /// The elements of an input, parameter or output, row-major.
  ///
  /// An input or a parameter is what was written to it last; outputs are what the last run computed, also one that is
  /// an input in another shape. An input that is itself named as an output is what the last run has read, once there
  /// was one.
  ///
  /// - Parameters:
  ///   - node: an input, parameter or output.
  ///   - type: the type of its elements.
  /// - Throws: ``SessionError`` for another type, a node that is not in the program, or one that is not fed or computed
  ///   yet.
  public func read<T: GraphScalar>(_ node: Node, as type: T.Type) throws -> [T] {
    try withElements(endpoint(of: node), type) { Array($0) }
  }

  /// The elements of the gradient of `node`, which has the node's shape.
  ///
  /// - Parameters:
  ///   - node: a differentiated variable.
  ///   - type: the type of its elements.
  /// - Throws: ``SessionError`` for another type, a variable that the program does not differentiate by, or a gradient
  ///   that is not computed yet.
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

  /// Calls `body` to write an input in place, or to change a copy of a parameter that becomes its value.
  ///
  /// If `body` throws, what it has written to an input stays, and a parameter keeps its value.
  public func withMutableValues<T: GraphScalar, R>(
    of node: Node, as type: T.Type, _ body: (inout MutableSpan<T>) throws -> R
  ) throws -> R {
    let endpoint = try writableEndpoint(of: node)
    try checkType(of: endpoint, type)
    func change(_ elements: UnsafeMutableBufferPointer<T>) throws -> R {
      var span = elements.mutableSpan
      return try body(&span)
    }
    if try ignores(endpoint) { return try withIgnoredElements(endpoint, type, change) }
    return try withMutableElements(endpoint, type, change)
  }

  /// As ``withGradient(of:as:_:)``, for a gradient that the run under way has completed.
  func withGradientWithinRun<T: GraphScalar, R>(
    _ gradient: Endpoint, _ type: T.Type, _ body: (Span<T>) throws -> R
  ) throws -> R {
    try checkType(of: gradient, type)
    return try body(UnsafeBufferPointer(bound(gradient, workspace.address(gradient.place)!, type)).span)
  }

  // MARK: access

  /// Calls `body` to change what the session was fed, once the memory for that is there.
  ///
  /// - Parameter check: what may refuse it; called before anything changes, with the session claimed.
  func changing<R>(_ check: () throws -> Void = {}, _ body: () throws -> R) throws -> R {
    try claimAlone()
    return try changingAlone(check, body)
  }

  /// The same in a session that the caller has claimed alone, which is given back.
  func changingAlone<R>(_ check: () throws -> Void, _ body: () throws -> R) throws -> R {
    defer { release() }
    try check()
    try workspace.makeValuesReady()
    return try body()
  }

  /// What is meant by a node that is both an input and an output.
  enum Side { case source, result }

  /// - Parameter side: `nil` for what is read: the output if it is computed, else the input.
  func endpoint(of node: Node, _ side: Side? = nil) throws -> Endpoint {
    let side = side ?? (progress.withLock { $0.hasOutputs } ? .result : .source)
    if node.graph === program.graph {
      if let endpoint = program.endpoints.endpoint(of: node.id, side) { return endpoint }
      if let unread = try program.unreadSource(node), unread.role == .parameter { return unread }
    }
    throw program.refusal(of: node)
  }

  private func writableEndpoint(of node: Node) throws -> Endpoint {
    if node.graph === program.graph, let source = program.endpoints.sources[node.id] { return source }
    if let unread = try program.unreadSource(node) { return unread }
    _ = try endpoint(of: node, .source)
    throw SessionError.wrongValues(
      "\(program.names.describe(node.id)) is computed: only inputs and parameters are written")
  }

  func gradientEndpoint(of node: Node) throws -> Endpoint {
    if node.graph !== program.graph { throw program.refusal(of: node) }
    guard let endpoint = program.endpoints.gradients[node.id] else {
      throw SessionError.notInProgram(
        "the program computes no gradient of \(node.name), made at \(node.location): name it in gradientsFor")
    }
    return endpoint
  }

  private func withElements<T: GraphScalar, R>(
    _ endpoint: Endpoint, _ type: T.Type, _ body: (UnsafeBufferPointer<T>) throws -> R
  ) throws -> R {
    try withElements(endpoint, of: T.elementType) { base in
      try body(UnsafeBufferPointer(bound(endpoint, UnsafeMutableRawPointer(mutating: base), type)))
    }
  }

  /// - Parameter type: the type that the elements must be of; any if `nil`.
  private func withElements<R>(
    _ endpoint: Endpoint, of type: ElementType? = nil, _ body: (UnsafeRawPointer) throws -> R
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
      if let type { try checkType(of: endpoint, type) }
      return try parameters.reading(program.wanted(endpoint), body)
    default: break
    }
    if let type { try checkType(of: endpoint, type) }
    return try body(workspace.address(endpoint.place)!)
  }

  /// Calls `body` with the elements of an input or a parameter to change them: a forward pass is stale from then on.
  private func withMutableElements<T: GraphScalar, R>(
    _ endpoint: Endpoint, _ type: T.Type, _ body: (UnsafeMutableBufferPointer<T>) throws -> R
  ) throws -> R {
    try withMutableElements(endpoint) { try body(bound(endpoint, $0, type)) }
  }

  private func withMutableElements<R>(
    _ endpoint: Endpoint, _ body: (UnsafeMutableRawPointer) throws -> R
  ) throws -> R {
    if endpoint.role == .parameter {
      try claimShared()
      defer { release() }
      return try parameters.changing(program.wanted(endpoint), body)
    }
    func checkLoans() throws {
      guard !progress.withLock({ $0.loans.contains(endpoint.place) }) else {
        throw SessionError.busy("\(program.names.describe(endpoint.node)) reads lent memory: write it afterwards")
      }
    }
    return try changing(checkLoans) {
      progress.withLock { $0.forwardVersion = nil }
      let result = try body(workspace.address(endpoint.place)!)
      progress.withLock { _ = $0.written.insert(endpoint.node) }
      return result
    }
  }

  private func checkType<T: GraphScalar>(of endpoint: Endpoint, _: T.Type) throws {
    try checkType(of: endpoint, T.elementType)
  }

  private func checkType(of endpoint: Endpoint, _ type: ElementType) throws {
    guard type == endpoint.signature.elementType else {
      throw SessionError.wrongValues(
        "\(program.describe(user: endpoint.node)) holds \(endpoint.signature.elementType), not \(type)")
    }
  }

  /// The elements at `base`, of the type that they were found to have.
  private func bound<T: GraphScalar>(
    _ endpoint: Endpoint, _ base: UnsafeMutableRawPointer, _: T.Type
  ) -> UnsafeMutableBufferPointer<T> {
    UnsafeMutableBufferPointer(
      start: base.assumingMemoryBound(to: T.self), count: endpoint.signature.shape.elementCount)
  }
}
