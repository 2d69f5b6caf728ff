internal import Adjoint

/// A road that numbers take from a function to its user: how it is applied, how it is differentiated, and how it is
/// run.
struct AccuracyRoad: Sendable {
  enum Layout: Sendable {
    /// All rows as one tensor.
    case tensor
    /// Some rows, each operand of each a scalar of its own.
    case scalars
    /// Rows in the steps of a scan.
    case scan
  }

  enum Derivation: Sendable {
    /// The value and the gradients of a program.
    case program
    /// The same of the gradients: `Program(gradient, gradientsFor:)`.
    case programOfGradients
    case gradients, tangents
    case gradientsOfGradients, tangentsOfGradients, gradientsOfTangents, tangentsOfTangents
  }

  let name: String
  let layout: Layout
  let derivation: Derivation
  var isFused = true

  static let all = [
    AccuracyRoad(name: "program", layout: .tensor, derivation: .program),
    AccuracyRoad(name: "program, unfused", layout: .tensor, derivation: .program, isFused: false),
    AccuracyRoad(name: "program of scalars", layout: .scalars, derivation: .program),
    AccuracyRoad(name: "program in a scan", layout: .scan, derivation: .program),
    AccuracyRoad(name: "gradients", layout: .tensor, derivation: .gradients),
    AccuracyRoad(name: "forward", layout: .tensor, derivation: .tangents),
    AccuracyRoad(name: "forward in a scan", layout: .scan, derivation: .tangents),
    AccuracyRoad(name: "program of gradients", layout: .tensor, derivation: .programOfGradients),
    AccuracyRoad(name: "reverse over reverse", layout: .tensor, derivation: .gradientsOfGradients),
    AccuracyRoad(
      name: "reverse over reverse, unfused", layout: .tensor, derivation: .gradientsOfGradients, isFused: false),
    AccuracyRoad(name: "reverse over reverse of scalars", layout: .scalars, derivation: .gradientsOfGradients),
    AccuracyRoad(name: "reverse over reverse in a scan", layout: .scan, derivation: .gradientsOfGradients),
    AccuracyRoad(name: "forward over reverse", layout: .tensor, derivation: .tangentsOfGradients),
    AccuracyRoad(name: "forward over reverse in a scan", layout: .scan, derivation: .tangentsOfGradients),
    AccuracyRoad(name: "reverse over forward", layout: .tensor, derivation: .gradientsOfTangents),
    AccuracyRoad(name: "forward over forward", layout: .tensor, derivation: .tangentsOfTangents),
  ]

  /// The rows of `columns` that this road can take.
  func rows(of count: Int) -> [Int] {
    // A scalar costs some microseconds to compile.
    layout == .scalars ? Array(stride(from: 0, to: count, by: max(1, count / 100))) : Array(0..<count)
  }
}

extension AccuracyRoad.Derivation {
  /// Whether a program computes the gradients, and not nodes of the graph.
  var usesGradients: Bool { self == .program || self == .programOfGradients }
}
