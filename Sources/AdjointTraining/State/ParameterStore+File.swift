public import Adjoint

/// Parameters in safetensors files, under the names they have in the graph.
extension ParameterStore {
  /// Writes the parameters `names`, all that are held if left out, to a file of that name, which appears whole or not
  /// at all. They are of one version, the newest when this is called: steps that update parameters go on meanwhile.
  ///
  /// A file that is there is replaced by one of its permissions, owner and group, as far as the process may give them;
  /// a symbolic link stays, and the file that it leads to is replaced. What is not a regular file is refused, and so
  /// is a file that is read-only. A save that is killed leaves at most a file `….adjoint-partial-0` beside, which the
  /// next save to this path removes.
  ///
  /// - Parameter metadata: text to keep beside them.
  /// - Throws: ``StateFileError/unavailable(_:)`` for a name that is not held,
  ///   ``StateFileError/system(path:operation:reason:)``.
  public func save(
    _ names: [String]? = nil, to path: String, metadata: [String: String] = [:]
  ) throws(StateFileError) {
    try save(names ?? self.names, to: path, metadata: metadata) { _ in }
  }

  /// The same, calling `note` with the name of each parameter before its bytes are written, for tests that meddle.
  func save(
    _ names: [String], to path: String, metadata: [String: String], noting note: (String) throws -> Void
  ) throws(StateFileError) {
    var tensors: [(name: String, type: StoredType, dimensions: [Int])] = []
    var known: Set<ExactName> = []
    for name in names where known.insert(ExactName(name)).inserted {
      guard let signature = signature(of: name) else { throw .unavailable("the parameter store holds no \(name)") }
      tensors.append((name, StoredType(signature.elementType), signature.shape.dimensions))
    }
    do {
      try TensorFile.write(tensors, metadata: metadata, to: path) { names, write in
        try withBytes(of: names) { name, span in
          try note(name)
          try span.withUnsafeBytes { try write($0) }
        }
      }
    } catch {
      throw StateFileError(error)
    }
  }

  /// Replaces the parameters `names`, all that the store holds if left out, by those of a file, all of them or none.
  /// What a program is to run with is loaded for it: see `load(from:for:)`.
  ///
  /// - Returns: the file's metadata.
  /// - Throws: ``StateFileError/mismatch(path:_:)`` with all that is missing, extra, of another shape or of another
  ///   type; the other cases for a file that cannot be read or is not sound, and while parameters are written or
  ///   a training step is under way. Runs that read parameters go on with those they began with.
  @discardableResult
  public func load(
    _ names: [String]? = nil, from path: String
  ) throws(StateFileError) -> [String: String] {
    let file = try TensorFile(opening: path)
    let problems = problems(of: file, names ?? self.names)
    if !problems.isEmpty { throw .mismatch(path: path, problems) }
    try replaceValues(of: names ?? self.names, by: file)
    return file.metadata
  }

  /// Reads the values of `names`, which the file is known to hold as they are here.
  func replaceValues(of names: [String], by file: borrowing TensorFile) throws(StateFileError) {
    let stored = file.tensorsByName
    do {
      try replaceValues(of: names) { name, bytes in try file.read(stored[ExactName(name)]!, into: &bytes) }
    } catch {
      throw StateFileError(error)
    }
  }

  /// Everything about a file that does not fit the parameters `names`, sorted by name.
  func problems(of file: borrowing TensorFile, _ names: [String]) -> [String] {
    var stored = file.tensorsByName
    var problems: [String] = []
    for name in Set(names.map { ExactName($0) }).sorted().map(\.text) {
      guard let signature = signature(of: name) else {
        problems.append("\(name): the parameter store does not hold it")
        continue
      }
      guard let tensor = stored.removeValue(forKey: ExactName(name)) else {
        problems.append("\(name): missing in the file")
        continue
      }
      let type = StoredType(signature.elementType)
      if tensor.dimensions != signature.shape.dimensions {
        problems.append("\(name): of shape \(tensor.dimensions) in the file, wanted \(signature.shape)")
      }
      if tensor.type != type { problems.append("\(name): of type \(tensor.type) in the file, wanted \(type)") }
    }
    return problems + stored.keys.sorted().map { StateFileError.unknown($0) }
  }
}

extension StateFileError {
  static func unknown(_ name: ExactName) -> String {
    "\(TensorFileHeader.quoted(name.text)): in the file, and no parameter of that name"
  }

  /// What else can go wrong is a store that is written or trained, or a name that it does not hold.
  init(_ error: any Error) {
    self = (error as? StateFileError) ?? .unavailable("\(error)")
  }
}
