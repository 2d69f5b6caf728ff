/// The values that are wanted of a graph which is being compiled, each with what it is wanted for.
struct Roots: Sendable {
  /// The values of the forward pass: the outputs, differentiated or not. In the body of a loop: all that a step hands
  /// on.
  var results: [NodeID]
  var gradients: [NodeID] = []
  /// What parameters become when a step has succeeded.
  var nextValues: [NodeID] = []
  /// The parameters that become them, in the same order.
  var updatedParameters: [NodeID] = []

  /// - Complexity: O(roots).
  var all: [NodeID] { results + gradients + updates }
  /// What updates read: the next values and the parameters.
  var updates: [NodeID] { nextValues + updatedParameters }
  /// Whether any value is computed behind the forward pass.
  var hasBackward: Bool { !gradients.isEmpty || !nextValues.isEmpty }

  /// The nodes that have taken their places.
  func map(_ renamed: (NodeID) -> NodeID) -> Roots {
    Roots(
      results: results.map(renamed), gradients: gradients.map(renamed), nextValues: nextValues.map(renamed),
      updatedParameters: updatedParameters.map(renamed))
  }
}
