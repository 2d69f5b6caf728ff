public import Adjoint
internal import func Kernels.runCast

/// Parameters of a file for a program that is to run with them.
extension ParameterStore {
  /// A new store with the parameters of `program` as a file has them. See `load(from:for:)`.
  ///
  /// ```swift
  /// let weights = try ParameterStore(loading: "digits.safetensors", for: predictor)
  /// let session = predictor.makeSession(parameters: weights)
  /// ```
  public convenience init(
    loading path: String, for program: Program, _ options: LoadingOptions = LoadingOptions()
  ) throws(StateFileError) {
    try self.init(loading: TensorFile(opening: path), for: program, options)
  }

  /// The same from a file that is open, by its path or its URL, or that lies in memory.
  public convenience init(
    loading file: borrowing TensorFile, for program: Program, _ options: LoadingOptions = LoadingOptions()
  ) throws(StateFileError) {
    self.init()
    try load(from: file, for: program, options)
  }

  /// Gives every parameter of `program` the value that a file has for it: all of them, or none if anything does not
  /// fit. Other parameters of the store stay as they are.
  ///
  /// Elements of `F16` and `BF16` become those of float32 or float64 parameters, exactly. Any other difference of types
  /// does not fit.
  ///
  /// - Returns: what was loaded: all, unless the options allow less.
  /// - Throws: ``StateFileError/mismatch(path:_:)`` with all that is missing, that no parameter takes, or that is of
  ///   another shape or type; the other cases for a file that cannot be read or is not sound, for a program without
  ///   parameters, and while parameters are written or a training step is under way. Then the store is as it was.
  /// - Complexity: O(bytes of the parameters + header).
  @discardableResult
  public func load(
    from path: String, for program: Program, _ options: LoadingOptions = LoadingOptions()
  ) throws(StateFileError) -> LoadedParameters {
    try load(from: TensorFile(opening: path), for: program, options)
  }

  /// The same from a file that is open, by its path or its URL, or that lies in memory.
  @discardableResult
  public func load(
    from file: borrowing TensorFile, for program: Program, _ options: LoadingOptions = LoadingOptions()
  ) throws(StateFileError) -> LoadedParameters {
    var choice = Choice(of: file, options)
    for parameter in program.parameters {
      choice.find(parameter.name, parameter.shape, parameter.elementType, in: self)
    }
    let loaded = try choice.finish(path: file.path, options)
    do {
      try setValues(of: Set(choice.found.keys), in: program) { name, bytes in
        try choice.found[ExactName(name)]!.read(from: file, into: &bytes)
      }
    } catch {
      throw StateFileError(error)
    }
    return loaded
  }

  /// Which tensors of a file are for which parameters, and what does not fit.
  private struct Choice {
    private let stored: [ExactName: StoredTensor]
    private let storedName: (String) -> StoredName
    private(set) var found: [ExactName: Values] = [:]
    private var missing: Set<ExactName> = []
    private var taken: Set<ExactName> = []
    private var problems: [ExactName: String] = [:]
    private let metadata: [String: String]

    init(of file: borrowing TensorFile, _ options: LoadingOptions) {
      (stored, metadata, storedName) = (file.tensorsByName, file.metadata, options.storedName)
    }

    /// Looks for the values of a parameter.
    mutating func find(_ name: String, _ shape: Shape, _ type: ElementType, in store: ParameterStore) {
      let place = storedName(name)
      if let held = store.signature(of: name), held != (shape, type) {
        let program = "\(shape) \(type)"
        problems[ExactName(name)] =
          "\(name): \(held.shape) \(held.elementType) in the parameter store, and \(program) in the program"
      }
      guard let tensor = stored[ExactName(place.name)] else {
        missing.insert(ExactName(name))
        return
      }
      taken.insert(ExactName(place.name))
      let values = Values(tensor: tensor, type: type, isTransposed: place.isTransposed)
      if let problem = values.problem(for: shape) {
        let other = place.name == name ? "" : " as \(TensorFileHeader.quoted(place.name))"
        problems[ExactName(name)] = "\(name): \(problem)\(other)"
      }
      found[ExactName(name)] = values
    }

    /// - Throws: everything that does not fit, parameters first, each sorted by name.
    func finish(path: String, _ options: LoadingOptions) throws(StateFileError) -> LoadedParameters {
      if found.isEmpty, missing.isEmpty { throw .unavailable("the program has no parameter to load") }
      var problems = problems
      if !options.allowsMissing || found.isEmpty {
        for name in missing {
          let place = storedName(name.text).name
          let other = ExactName(place) == name ? "" : " as \(TensorFileHeader.quoted(place))"
          problems[name] = "\(name.text): missing in the file\(other)"
        }
      }
      let others = stored.keys.filter { !taken.contains($0) }.sorted()
      let all =
        problems.sorted { $0.key < $1.key }.map(\.value)
        + (options.ignoresOthers ? [] : others.map { StateFileError.unknown($0) })
      if !all.isEmpty { throw .mismatch(path: path, all) }
      func names(_ names: some Sequence<ExactName>) -> [String] { names.sorted().map(\.text) }
      return LoadedParameters(
        loaded: names(found.keys), missing: names(missing), ignored: names(others), metadata: metadata)
    }
  }

  /// A tensor of a file as the values of a parameter.
  private struct Values {
    let tensor: StoredTensor
    let type: ElementType
    let isTransposed: Bool

    /// The elements' type in the file if they are to be converted.
    private var converted: ElementType? {
      let halves: [ElementType] = [.float16, .bfloat16]
      return type.hasArithmetic ? halves.first { StoredType($0) == tensor.type } : nil
    }

    /// What keeps these from being values of a parameter of `shape`.
    func problem(for shape: Shape) -> String? {
      let wanted = isTransposed ? shape.dimensions.reversed() : shape.dimensions
      if isTransposed, shape.rank != 2 { return "of shape \(shape), and only a matrix is transposed" }
      if tensor.dimensions != wanted {
        return "of shape \(tensor.dimensions) in the file, wanted \(isTransposed ? "\(wanted) for " : "")\(shape)"
      }
      if tensor.type != StoredType(type), converted == nil {
        return "of type \(tensor.type) in the file, wanted \(StoredType(type))"
      }
      return nil
    }

    func read(from file: borrowing TensorFile, into target: inout MutableRawSpan) throws(StateFileError) {
      if converted == nil, !isTransposed { return try file.read(tensor, into: &target) }
      let count = target.byteCount / type.byteCount
      let stored = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.bytes.count, alignment: 64)
      defer { stored.deallocate() }
      var span = stored.mutableBytes
      try file.read(tensor, into: &span)
      guard count > 0, let source = UnsafeRawPointer(stored.baseAddress) else { return }
      target.withUnsafeMutableBytes { target in
        let result = target.baseAddress!
        guard isTransposed else { return convert(source, to: result, count) }
        if converted == nil { return transpose(source, to: result) }
        withUnsafeTemporaryAllocation(byteCount: target.count, alignment: 64) { wide in
          convert(source, to: wide.baseAddress!, count)
          transpose(wide.baseAddress!, to: result)
        }
      }
    }

    private func convert(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ count: Int) {
      runCast(converted!.kernelType, to: type.kernelType, input: source, output: target, range: 0..<count)
    }

    private func transpose(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
      let (rows, columns, size) = (tensor.dimensions[0], tensor.dimensions[1], type.byteCount)
      for column in 0..<columns {
        for row in 0..<rows {
          (target + (column * rows + row) * size).copyMemory(
            from: source + (row * columns + column) * size, byteCount: size)
        }
      }
    }
  }
}
