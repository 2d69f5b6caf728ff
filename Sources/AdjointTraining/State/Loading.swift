internal import Adjoint

/// Where the values of a parameter stand in a file.
///
/// ```swift
/// let options = LoadingOptions(renaming: ["hidden/weights": .transposed("fc1.weight"), "hidden/bias": "fc1.bias"])
/// ```
public struct StoredName: Hashable, Sendable, ExpressibleByStringLiteral {
  public let name: String
  /// Whether the file holds a matrix transposed: as `[out, in]`, like the linear layers of PyTorch, and not as
  /// `[in, out]`.
  public let isTransposed: Bool

  public init(_ name: String) { (self.name, isTransposed) = (name, false) }
  public init(stringLiteral name: String) { self.init(name) }

  private init(transposed name: String) { (self.name, isTransposed) = (name, true) }
  public static func transposed(_ name: String) -> StoredName { StoredName(transposed: name) }
}

/// What `ParameterStore.load(from:for:)` takes for a fitting file. By default every parameter
/// of the program is in the file under its own name, and nothing else is.
public struct LoadingOptions: Sendable {
  /// Where the values of a parameter stand, by its name in the graph. Two parameters may take the same.
  public var storedName: @Sendable (_ parameter: String) -> StoredName = { StoredName($0) }
  /// Whether the file may hold more than parameters of the program: a server reads the weights of a training's file.
  public var ignoresOthers: Bool
  /// Whether parameters may be missing in the file, though not all of them. They keep the values they have in the
  /// store; those that it does not hold are drawn by their initializers when a session first runs.
  public var allowsMissing: Bool

  public init(ignoresOthers: Bool = false, allowsMissing: Bool = false) {
    (self.ignoresOthers, self.allowsMissing) = (ignoresOthers, allowsMissing)
  }

  /// Parameters that `names` does not list stand under their own names.
  public init(
    renaming names: [String: StoredName], ignoresOthers: Bool = false, allowsMissing: Bool = false
  ) {
    self.init(ignoresOthers: ignoresOthers, allowsMissing: allowsMissing)
    let exact = Dictionary(uniqueKeysWithValues: names.map { (ExactName($0), $1) })
    storedName = { exact[ExactName($0)] ?? StoredName($0) }
  }
}

/// What was loaded of a file.
public struct LoadedParameters: Hashable, Sendable {
  /// The names of the parameters that have the file's values now, those that keep others since the file lacks them, and
  /// the names in the file that no parameter took: each sorted by its bytes.
  public let loaded: [String], missing: [String], ignored: [String]
  public let metadata: [String: String]
}
