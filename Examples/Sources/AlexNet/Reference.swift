import Adjoint
import DependencyScheduling
import Foundation

/// The loss and the sum of squares of every gradient that another framework computes in float64, for inputs and weights
/// that both make by ``InputGenerator``.
struct Reference: Decodable {
  static let batch = 4

  let loss: Double
  private let squares: [String: Double]

  private enum CodingKeys: String, CodingKey {
    case loss
    case squares = "per_param"
  }

  /// The committed file, or another of its form.
  static func load(_ path: String?) throws -> Reference {
    let file =
      path.map { URL(filePath: $0) }
      ?? Bundle.module.url(forResource: "reference", withExtension: "json", subdirectory: "Resources")!
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
  }

  /// What the file calls the tower's parameters, in the order they are made, and the range of their values.
  private static let parameters: [(name: String, scale: Float)] = [
    ("K1", 0.25), ("b1", 0.125), ("K2", 0.125), ("b2", 0.125), ("K3", 0.125), ("b3", 0.125), ("K4", 0.0625),
    ("b4", 0.125), ("K5", 0.125), ("b5", 0.125), ("W6", 0.0625), ("b6", 0.125), ("W7", 0.0625), ("b7", 0.125),
    ("W8", 0.0625), ("b8", 0.125),
  ]

  /// What a step computes: the loss, and the sum of squares of each parameter's gradient, in doubles.
  struct Result: Equatable {
    let loss: Double
    let squares: [Double]
  }

  /// Runs a tower forward and backward on the reference's inputs and weights.
  static func run(on executor: GraphExecutor, store: ParameterStore, options: Program.Options) throws -> Result {
    let tower = Tower(batch: batch) { _ in .zeros }
    let parameters = tower.graph.parameters
    let session = try Program(tower.loss, gradientsFor: parameters, options: options)
      .makeSession(on: executor, parameters: store)
    var generator = InputGenerator(seed: 8)
    try session.withMutableValues(of: tower.images, as: Float.self) { generator.fill(&$0, scale: 2) }
    try session.write(generator.labels(batch, classes: Tower.classCount), to: tower.labels)
    for (node, (_, scale)) in zip(parameters, Self.parameters) {
      try session.withMutableValues(of: node, as: Float.self) { generator.fill(&$0, scale: scale) }
    }
    try session.step()
    let squares = try parameters.map { parameter in
      try session.withGradient(of: parameter, as: Float.self) { span in
        span.indices.reduce(0.0) { $0 + Double(span[$1]) * Double(span[$1]) }
      }
    }
    return try Result(loss: session.read(tower.loss), squares: squares)
  }

  /// How far a result is from the reference, relative to it: of the loss, and of each gradient's sum of squares.
  func differences(to result: Result) -> [(name: String, difference: Double)] {
    func relative(_ value: Double, _ expected: Double) -> Double { abs(value - expected) / abs(expected) }
    return [("loss", relative(result.loss, loss))]
      + zip(Self.parameters, result.squares).map { ($0.name, relative($1, squares[$0.name] ?? .nan)) }
  }
}

/// A 64-bit linear congruential generator, of whose states the upper 24 bits are used: every value is exact in float32,
/// in whatever language it is drawn.
struct InputGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  private mutating func draw() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 40)
  }

  /// Uniform in [-scale/2, scale/2).
  mutating func uniform(scale: Float) -> Float { (Float(draw()) * 0x1p-24 - 0.5) * scale }

  mutating func fill(_ values: inout MutableSpan<Float>, scale: Float) {
    for index in values.indices { values[index] = uniform(scale: scale) }
  }

  mutating func labels(_ count: Int, classes: Int) -> [Int32] {
    (0..<count).map { _ in Int32((UInt64(draw()) * UInt64(classes)) >> 24) }
  }
}
