/// What a parameter becomes when a step has succeeded: the value of a node of the same graph.
///
/// ```swift
/// let slope = try graph.gradients(of: [loss], withRespectTo: [w])[0]!
/// let program = try Program(loss, updating: [ParameterUpdate(w, to: w - 0.1 * slope)])
/// let session = program.makeSession()
/// try session.step()   // the loss of the old w, and then the new w
/// ```
/// The step computes all new values from the old ones, in one schedule with everything else, and puts them in place
/// together at its end. A step that fails or is cancelled changes no parameter.
public struct ParameterUpdate: Hashable, Sendable {
  public let parameter: Node
  public let value: Node

  /// `value` has the parameter's shape and element type; compiling throws ``GraphError`` otherwise.
  public init(_ parameter: Node, to value: Node) {
    self.parameter = parameter
    self.value = value
  }
}

extension Graph {
  /// - Throws: the first update of what is no parameter, or by a value of another shape or type, or of a parameter that
  ///   has one already.
  func check(_ updates: [ParameterUpdate]) throws(GraphError) {
    try checkOwn(updates.flatMap { [$0.parameter, $0.value] }, readBy: "an update of the program")
    let state = snapshot()
    var seen: Set<NodeID> = []
    for update in updates {
      let (parameter, value) = (update.parameter.id, update.value.id)
      func fail(_ reason: String) -> GraphError {
        GraphError(.updateMismatch, reason, at: parameter, operands: [value], in: state)
      }
      guard state.storage.traits(of: parameter).source == .parameter else {
        throw fail("\(state.describe(parameter)) is no parameter: a step updates parameters only")
      }
      guard seen.insert(parameter).inserted else {
        throw fail("\(state.describe(parameter)) is updated twice")
      }
      if let error = state.poison[parameter] ?? state.poison[value] { throw error }
      guard state.storage.signature(of: parameter) == state.storage.signature(of: value) else {
        let (wanted, given) = (state.storage.signature(of: parameter), state.storage.signature(of: value))
        let cast =
          wanted.shape == given.shape ? "; write \(state.name(of: value)).cast(to: .\(wanted.elementType))" : ""
        throw fail("\(state.describe(parameter)) cannot become \(state.describe(value))\(cast)")
      }
    }
  }
}
