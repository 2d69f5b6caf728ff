internal import Adjoint
internal import DependencyScheduling

/// An exponential moving average of the weights over the steps, a ← d a + (1 − d) w, and the same of ones, which says
/// how much of a is weights: a begins at 0, as Adam's moments do.
struct WeightAverages: Sendable {
  let updates: [ParameterUpdate]
  private let means: [ExactName: Node]

  /// The averages of `parameters` as `changes` leave them.
  init(
    of parameters: [Node], after changes: [ParameterUpdate], decay: Double, _ fileID: StaticString, _ line: UInt
  ) {
    let graph = parameters[0].graph, type = parameters[0].elementType
    let next = Dictionary(changes.map { ($0.parameter, $0.value) }) { $1 }
    let weight = graph.state("averageWeight", [], .zeros, type)
    let sums = parameters.map { $0.companion("average") }
    (updates, means) = graph.placing(at: fileID, line) {
      (
        zip(parameters, sums).map { parameter, sum in
          ParameterUpdate(sum, to: decay * sum + (1 - decay) * (next[parameter] ?? parameter))
        } + [ParameterUpdate(weight, to: decay * weight + (1 - decay))],
        Dictionary(uniqueKeysWithValues: zip(parameters, sums).map { (ExactName($0.name), $1 / weight) })
      )
    }
  }

  /// The mean of each parameter, by its name, as bytes.
  func values(in store: ParameterStore, on executor: any ScheduleExecutor) throws -> [ExactName: [UInt8]] {
    let session = try Program(Array(means.values)).makeSession(on: executor, parameters: store)
    try session.forward()
    return try means.mapValues { mean in
      func bytes<T: GraphScalar>(_: T.Type) throws -> [UInt8] {
        try session.withValues(of: mean, as: T.self) { $0.withUnsafeBytes { Array($0) } }
      }
      return try mean.elementType == .float64 ? bytes(Double.self) : bytes(Float.self)
    }
  }
}
