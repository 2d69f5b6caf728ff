import Adjoint
import DigitNetworks

/// A network of the example `Digits` that says with each answer which version of the parameters has computed it.
///
/// The version is a parameter like the weights. A training step adds 1 to it, so that it is published with the weights
/// of that step, and a run reads both or neither.
struct ServedNetwork: Sendable {
  static let digitCount = 10
  /// The columns of ``answers``: a score a digit, then the version.
  static let columnCount = digitCount + 1

  let network: Network
  let version: Node
  /// `[rows, 11]`, as a row that is fed is answered.
  let answers: Node

  init(_ architecture: Architecture, rows: Int, seed: UInt64) {
    network = Network(architecture, rows: rows, seed: seed)
    // A float counts to 16,777,216 exactly: two days of a hundred steps a second.
    version = network.graph.parameter("version", [], .zeros)
    answers = concatenate([softmax(network.logits), version.broadcast(to: [rows, 1])], axis: 1).named("answers")
  }
}
