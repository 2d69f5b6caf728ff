public import Adjoint

/// A network for one number of rows, and how its inputs are fed: what a ``Trainer`` builds for each batch size.
public struct TrainingNetwork: Sendable {
  /// Writes the rows given into the inputs of a session.
  public typealias Feed = @Sendable (_ session: Session, _ rows: ArraySlice<Int>) throws -> Void

  let loss: Node
  let parameters: [Node]?
  let others: [Node]
  let updates: [ParameterUpdate]
  let feed: Feed?

  /// - Parameters:
  ///   - loss: what is differentiated. As a mean over the rows it gives each batch the same weight, whatever its size.
  ///   - parameters: what is trained; if left out, all floating-point parameters that `updates` leaves alone.
  ///   - others: more values to compute, such as predictions.
  ///   - updates: more parameters that a step changes, such as running statistics.
  ///   - feed: writes the rows given into the inputs.
  public init(
    _ loss: Node, parameters: [Node]? = nil, alsoComputing others: [Node] = [],
    alsoUpdating updates: [ParameterUpdate] = [], feed: @escaping Feed
  ) {
    self.init(loss, parameters, others, updates, feed)
  }

  init(_ loss: Node, _ parameters: [Node]?, _ others: [Node], _ updates: [ParameterUpdate], _ feed: Feed?) {
    (self.loss, self.parameters, self.others, self.updates, self.feed) = (loss, parameters, others, updates, feed)
  }
}
