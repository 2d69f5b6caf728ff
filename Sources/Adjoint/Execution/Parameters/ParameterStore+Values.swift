internal import GradientMemory

/// Reading and replacing parameters by name: what saving and loading them needs.
extension ParameterStore {
  /// The shape and element type of the parameter `name`; `nil` if the store does not hold it.
  public func signature(of name: String) -> (shape: Shape, elementType: ElementType)? {
    guard let signature = try? held([name])[0].kind.signature else { return nil }
    return (signature.shape, signature.elementType)
  }

  /// Makes every parameter of `graph` that the store does not hold yet, from its initializer; otherwise the first
  /// session to read a parameter makes it.
  ///
  /// - Throws: ``GraphError`` for a parameter that is wrong in itself, ``SessionError/wrongValues(_:)`` if the store
  ///   holds one of another shape or type under its name. Then it holds what it held before.
  public func makeParameters(of graph: Graph) throws {
    let state = graph.snapshot()
    let wanted = try state.parameters.map { parameter in
      if let error = state.poison[parameter] { throw error }
      return Wanted(
        name: state.name(of: parameter), signature: state.storage.signature(of: parameter),
        initializer: state.storage.initializers[parameter] ?? .zeros)
    }
    _ = try numbers(of: wanted)
  }

  /// Calls `body` with the elements of the parameter `name` as they lie in memory, row-major.
  ///
  /// They are those of the newest version and stay as they are until `body` returns, whatever is written meanwhile.
  ///
  /// - Throws: ``SessionError/notInProgram(_:)`` if the store does not hold it, and what `body` throws.
  public func withBytes<R>(of name: String, _ body: (RawSpan) throws -> R) throws -> R {
    let (number, kind) = try held([name])[0]
    return try reading([number]) { values in
      try body(UnsafeRawBufferPointer(start: values[0].buffer.base, count: kind.signature.byteCount).bytes)
    }
  }

  /// Calls `body` with the elements of each of the parameters `names` in turn, all of one version: the newest when this
  /// is called. Whoever writes or trains meanwhile goes on, and takes memory of its own until this returns.
  ///
  /// - Throws: ``SessionError/notInProgram(_:)`` for a name that the store does not hold, and what `body` throws.
  public func withBytes(
    of names: [String], _ body: (_ name: String, _ bytes: RawSpan) throws -> Void
  ) throws {
    let held = try held(names)
    try reading(held.map(\.number)) { values in
      for ((name, parameter), value) in zip(zip(names, held), values) {
        try body(
          name, UnsafeRawBufferPointer(start: value.buffer.base, count: parameter.kind.signature.byteCount).bytes)
      }
    }
  }

  /// Replaces the values of all parameters `names` together: `fill` writes the elements of each, as they lie in memory,
  /// and if it throws for any, no parameter changes. A name given twice is filled once.
  ///
  /// A byte of a ``ElementType/bool`` parameter that is neither 0 nor 1 becomes 1.
  ///
  /// The values are written beside the present ones, which readers go on reading, so that these parameters take twice
  /// their memory meanwhile.
  ///
  /// - Throws: ``SessionError/notInProgram(_:)`` for a name that the store does not hold,
  ///   ``SessionError/otherTrainer(_:)`` during a training step, ``SessionError/busy(_:)`` during another write, and
  ///   what `fill` throws.
  public func replaceValues(
    of names: [String], _ fill: (_ name: String, _ bytes: inout MutableRawSpan) throws -> Void
  ) throws {
    var known: Set<ExactName> = []
    let held = try held(names.filter { known.insert(ExactName($0)).inserted })
    try setValues(of: held.map(\.kind), fill)
  }

  /// Gives parameters of `program` the values that `fill` writes, all together: those that the store does not hold are
  /// made, the others replaced as ``replaceValues(of:_:)`` does. If `fill` throws for any, the store stays as it is.
  ///
  /// - Parameter names: which of the program's parameters; others are not looked at.
  /// - Throws: ``SessionError/wrongValues(_:)`` if the store holds one of another shape or type under its name,
  ///   ``SessionError/otherTrainer(_:)`` during a training step, ``SessionError/busy(_:)`` during another write, and
  ///   what `fill` throws.
  package func setValues(
    of names: Set<ExactName>, in program: Program,
    _ fill: (_ name: String, _ bytes: inout MutableRawSpan) throws -> Void
  ) throws {
    let wanted = program.endpoints.parameters.map(program.wanted).filter { names.contains(ExactName($0.name)) }
    _ = try state.withLock { try $0.numbers(of: wanted) }
    try setValues(of: wanted.map { Kind(name: $0.name, signature: $0.signature) }, fill)
  }

  /// Fills memory that nobody reads, and publishes it as the values of parameters, made now if they are not held.
  private func setValues(
    of kinds: [Kind], _ fill: (_ name: String, _ bytes: inout MutableRawSpan) throws -> Void
  ) throws {
    if kinds.isEmpty { return }
    try beginWriting()
    defer { endWriting() }
    let numbers = state.withLock { state in kinds.map { state.numbers[ExactName($0.name)] } }
    var targets: [Change] = []
    try takeTargets(of: numbers.compactMap { $0 }, keeping: false, &targets)
    do {
      var free = targets.makeIterator()
      var made: [(kind: Kind, value: OwnedBuffer)] = []
      for (kind, number) in zip(kinds, numbers) {
        let memory = number != nil ? free.next()!.memory : try allocate(kind.signature, for: kind.name)
        let bytes = UnsafeMutableRawBufferPointer(start: memory.buffer.base, count: kind.signature.byteCount)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        var span = bytes.mutableBytes
        try fill(kind.name, &span)
        kind.signature.elementType.makeElements(of: bytes)
        if number == nil { made.append((kind: kind, value: memory)) }
      }
      try publish(&targets, adding: made)
    } catch {
      giveBack(&targets)
      throw error
    }
  }

  /// Publishes new values of parameters, some of which the store did not hold as they were written.
  ///
  /// - Throws: ``SessionError/wrongValues(_:)`` if another session has made one with another shape or type meanwhile.
  private func publish(_ targets: inout [Change], adding made: [(kind: Kind, value: OwnedBuffer)]) throws {
    let useless = try state.withLock { state in
      for (kind, _) in made {
        guard let number = state.numbers[ExactName(kind.name)] else { continue }
        let held = state.kinds[number].signature
        if held == kind.signature { continue }
        throw SessionError.wrongValues(
          "the parameter \(kind.name) was made as \(held.shape) \(held.elementType) while its values were written")
      }
      var changes = targets
      for (kind, value) in made {
        if let number = state.numbers[ExactName(kind.name)] {
          changes.append(Change(parameter: number, memory: value))
        } else {
          state.add(kind, value)
        }
      }
      return state.ledger.publish(changes)
    }
    targets.removeAll()
    discard(useless)
  }
}

extension Program {
  /// The parameters that the program reads or updates, those of its training's updates included.
  ///
  /// - Complexity: O(parameters).
  public var parameters: [Node] { endpoints.parameters.map { Node(graph: graph, id: $0.node) } }
}
