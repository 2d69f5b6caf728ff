public import Adjoint

/// One training step to be timed: a loss, its parameters, and what is fed.
public struct TrainingWorkload {
  public let loss: Node
  public let parameters: [Node]
  public let feed: (Session) throws -> Void

  public static let names = [
    "mlp", "tiny_mlp", "wide_dag", "lstm", "attention", "scalar_chain", "small_cnn", "alexnet",
  ]

  /// The workload `name`, or `nil` if there is none; its graph is built anew.
  public static func named(_ name: String) -> TrainingWorkload? {
    switch name {
    case "mlp": mlp()
    case "tiny_mlp": tinyMLP()
    case "wide_dag": wideDAG()
    case "lstm": lstm()
    case "attention": attention()
    case "scalar_chain": scalarChain()
    case "small_cnn": smallCNN()
    case "alexnet": alexNet()
    default: nil
    }
  }
}

/// A graph with the generator that fills its parameters in the order they are made.
struct Recipe {
  let graph = Graph()
  var generator: InputGenerator

  init(seed: UInt64) { generator = InputGenerator(seed: seed) }

  mutating func parameter(_ name: String, _ shape: Shape, scale: Float) -> Node {
    graph.parameter(name, shape, .values(generator.uniform(shape.elementCount, scale: scale)))
  }

  mutating func gain(_ name: String, _ shape: Shape, scale: Float) -> Node {
    graph.parameter(name, shape, .values(generator.gain(shape.elementCount, scale: scale)))
  }

  /// x · W + b with `W` `[rows, columns]`.
  mutating func dense(
    _ number: String, _ rows: Int, _ columns: Int, scale: Float, biasScale: Float
  ) -> (Node) -> Node {
    let weights = parameter("W\(number)", [rows, columns], scale: scale)
    let bias = parameter("b\(number)", [columns], scale: biasScale)
    return { $0.matmul(weights) + bias }
  }
}
