/// Reading and replacing parameters by name: what saving and loading them needs.
extension ParameterStore {
  /// The shape and element type of the parameter `name`; `nil` if the store does not hold it.
  public func signature(of name: String) -> (shape: Shape, elementType: ElementType)? {
    guard let signature = try? memory(named: name).signature else { return nil }
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
    _ = try memories(of: wanted)
  }

  /// Calls `body` with the elements of the parameter `name` as they lie in memory, row-major.
  ///
  /// - Throws: ``SessionError/notInProgram(_:)`` if the store does not hold it, ``SessionError/busy(_:)`` while it is
  ///   written, and what `body` throws.
  public func withBytes<R>(of name: String, _ body: (RawSpan) throws -> R) throws -> R {
    let memory = try memory(named: name)
    try beginReading()
    defer { endReading() }
    return try body(UnsafeRawBufferPointer(start: memory.base, count: memory.signature.byteCount).bytes)
  }

  /// Calls `body` with the elements of each of the parameters `names` in turn, all of one moment: no write comes
  /// between two of them.
  ///
  /// - Throws: ``SessionError/notInProgram(_:)`` for a name that the store does not hold, ``SessionError/busy(_:)``
  ///   while it is written, and what `body` throws. Whoever wants to write meanwhile, as a step that updates
  ///   parameters does, meets ``SessionError/busy(_:)``.
  public func withBytes(
    of names: [String], _ body: (_ name: String, _ bytes: RawSpan) throws -> Void
  ) throws {
    let memories = try names.map { try memory(named: $0) }
    try beginReading()
    defer { endReading() }
    for (name, memory) in zip(names, memories) {
      try body(name, UnsafeRawBufferPointer(start: memory.base, count: memory.signature.byteCount).bytes)
    }
  }

  /// Replaces the values of all parameters `names` together: `fill` writes the elements of each, as they lie in memory,
  /// and if it throws for any, no parameter changes. A name given twice is filled once.
  ///
  /// A byte of a ``ElementType/bool`` parameter that is neither 0 nor 1 becomes 1.
  ///
  /// The values are written beside the present ones, so that each of these parameters takes twice its memory from then
  /// on, as one that steps update does.
  ///
  /// - Throws: ``SessionError/notInProgram(_:)`` for a name that the store does not hold, ``SessionError/busy(_:)``
  ///   while a run or an access uses the store, and what `fill` throws.
  public func replaceValues(
    of names: [String], _ fill: (_ name: String, _ bytes: inout MutableRawSpan) throws -> Void
  ) throws {
    var known: Set<ExactName> = []
    let memories = try names.filter { known.insert(ExactName($0)).inserted }.map { try memory(named: $0) }
    try setValues(of: memories.map { (memory: $0, isNew: false) }, fill)
  }

  /// Gives parameters of `program` the values that `fill` writes, all together: those that the store does not hold are
  /// made, the others replaced as ``replaceValues(of:_:)`` does. If `fill` throws for any, the store stays as it is.
  ///
  /// - Parameter names: which of the program's parameters; others are not looked at.
  /// - Throws: ``SessionError/wrongValues(_:)`` if the store holds one of another shape or type under its name,
  ///   ``SessionError/busy(_:)`` while a run or an access uses the store, and what `fill` throws.
  package func setValues(
    of names: Set<ExactName>, in program: Program,
    _ fill: (_ name: String, _ bytes: inout MutableRawSpan) throws -> Void
  ) throws {
    let wanted = program.endpoints.parameters.map(program.wanted).filter { names.contains(ExactName($0.name)) }
    let memories = try wanted.map { parameter in
      try held(parameter).map { (memory: $0, isNew: false) } ?? (memory: make(parameter), isNew: true)
    }
    try setValues(of: memories, fill)
  }

  /// Fills new memory as it is, and that of parameters which are held beside their values.
  private func setValues(
    of memories: [(memory: ParameterMemory, isNew: Bool)],
    _ fill: (_ name: String, _ bytes: inout MutableRawSpan) throws -> Void
  ) throws {
    try beginWriting()
    var isComplete = false
    defer { endWriting(changed: isComplete, moved: isComplete) }
    for (memory, isNew) in memories {
      let target = isNew ? memory.base : try makeSpare(of: memory)
      let bytes = UnsafeMutableRawBufferPointer(start: target, count: memory.signature.byteCount)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      var span = bytes.mutableBytes
      try fill(memory.name, &span)
      memory.signature.elementType.makeElements(of: bytes)
    }
    try hold(memories.filter(\.isNew).map(\.memory))
    for (memory, isNew) in memories where !isNew { memory.exchange() }
    isComplete = !memories.isEmpty
  }
}

extension Program {
  /// The parameters that the program reads or updates, those of its training's updates included.
  ///
  /// - Complexity: O(parameters).
  public var parameters: [Node] { endpoints.parameters.map { Node(graph: graph, id: $0.node) } }
}
