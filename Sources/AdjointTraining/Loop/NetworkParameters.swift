internal import Adjoint
internal import DependencyScheduling

/// The parameters of a network and its running statistics: what predicts, without what a training keeps beside it.
struct NetworkParameters: Sendable {
  let names: [String]
  private let program: Program

  init(_ network: TrainingNetwork, in program: Program) {
    let statistics = Set(network.updates.map(\.parameter)), read = Set(program.parameters)
    let graph = network.loss.graph
    names = (graph.parameters + graph.states.filter(statistics.contains)).filter(read.contains).map(\.name)
    self.program = program
  }

  /// A store of their own, with the values that `bytes` has for a name, and else those that `store` has under
  /// `source(name)`.
  func copy(
    from store: ParameterStore, reading source: (_ name: String) -> String = { $0 },
    bytes: (_ name: String) -> [UInt8]? = { _ in nil }
  ) throws -> ParameterStore {
    let copy = ParameterStore()
    try copy.setValues(of: Set(names.map(ExactName.init)), in: program) { name, target in
      if let bytes = bytes(name) {
        target.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
      } else {
        try store.withBytes(of: source(name)) { target.copyBytes(from: $0) }
      }
    }
    return copy
  }

  // MARK: the best

  /// The name under which the best value of a parameter is kept.
  static func best(_ name: String) -> String { "best/" + name }

  /// What keeps the best value of each.
  func bests() -> Graph {
    let graph = Graph()
    for parameter in program.parameters where names.contains(parameter.name) {
      _ = graph.state(Self.best(parameter.name), parameter.shape, .zeros, parameter.elementType)
    }
    return graph
  }

  /// Keeps the values of now as the best.
  func keep(in store: ParameterStore) throws {
    let sources = Dictionary(uniqueKeysWithValues: names.map { (ExactName(Self.best($0)), $0) })
    try store.replaceValues(of: names.map(Self.best)) { name, bytes in
      guard let source = sources[ExactName(name)] else { return }
      try store.withBytes(of: source) { bytes.copyBytes(from: $0) }
    }
  }
}

extension MutableRawSpan {
  /// Writes all of `bytes`, which are as many.
  fileprivate mutating func copyBytes(from bytes: RawSpan) {
    withUnsafeMutableBytes { target in bytes.withUnsafeBytes { target.copyMemory(from: $0) } }
  }
}
