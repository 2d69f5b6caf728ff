public import Adjoint

/// A network for one number of rows, and how its inputs are fed: what a ``Trainer`` builds for each batch size.
public struct TrainingNetwork: Sendable {
  /// Writes the rows given into the inputs of a session.
  public typealias Feed = @Sendable (_ session: Session, _ rows: ArraySlice<Int>) throws -> Void

  let loss: Node
  var parameters: [Node]?
  var frozen: [Node] = []
  var groups: [ParameterGroup] = []
  var others: [Node] = []
  var updates: [ParameterUpdate] = []
  var feed: Feed?

  /// - Parameters:
  ///   - loss: what is differentiated. As a mean over the rows it gives each batch the same weight, whatever its size.
  ///   - parameters: what is trained; if left out, all floating-point parameters of the graph that `updates` leaves
  ///     alone.
  ///   - frozen: parameters that stay as they are.
  ///   - groups: parameters with rates of their own.
  ///   - others: more values to compute, such as predictions.
  ///   - updates: more that a step changes, such as running statistics.
  ///   - feed: writes the rows given into the inputs.
  public init(
    _ loss: Node, parameters: [Node]? = nil, freezing frozen: [Node] = [], groups: [ParameterGroup] = [],
    alsoComputing others: [Node] = [], alsoUpdating updates: [ParameterUpdate] = [], feed: @escaping Feed
  ) {
    self.init(loss)
    (self.parameters, self.frozen, self.groups) = (parameters, frozen, groups)
    (self.others, self.updates, self.feed) = (others, updates, feed)
  }

  init(_ loss: Node) { self.loss = loss }

  /// What is trained.
  func trainedParameters() throws(TrainingError) -> [Node] {
    let left = Set(updates.map(\.parameter) + frozen)
    let parameters =
      self.parameters?.filter { !frozen.contains($0) }
      ?? loss.graph.parameters.filter { $0.elementType.isDifferentiable && !left.contains($0) }
    if parameters.isEmpty { throw TrainingError.noParameters }
    let strangers = parameters.filter { $0.elementType != loss.elementType }
    guard strangers.isEmpty else {
      throw TrainingError.mixedTypes(strangers.map { "\($0.name) \($0.elementType), made at \($0.location)" })
    }
    return parameters
  }
}

extension Graph {
  /// A scope that no other trainer of the graph has: `optimizer`, `optimizer2`, …
  var freeOptimizerScope: String {
    var number = 1, scope = "optimizer"
    while node(named: scope + "/rate") != nil {
      number += 1
      scope = "optimizer\(number)"
    }
    return scope
  }

  /// All parameters, and the states that a training reads or changes and goes on from, which are among `used`.
  func savedNames(of used: Set<Node>) -> [String] {
    parameters.map(\.name) + states.filter(used.contains).map(\.name)
  }
}

extension TrainingError {
  static func noGradient(of parameter: Node) -> TrainingError {
    .noGradient(parameter: "\(parameter.name), made at \(parameter.location)")
  }
}
