import Adjoint
import DependencyScheduling
import Dispatch

/// The part of the app that differentiates: one program, compiled once, for any number of requests at a time.
struct ScoreService: Sendable {
  struct Answer: Equatable {
    let score: Double
    let gradient: [Float]
  }

  private let program: Program
  private let features: Node, score: Node
  /// At most two workers, behind whatever the user is waiting for.
  private let executor: GraphExecutor
  private let parameters = ParameterStore()

  /// How a score depends on 256 features of each of 512 rows.
  init() throws {
    executor = try GraphExecutor(width: 2, qos: .utility, label: "app.scores")
    let graph = Graph()
    features = graph.input("features", [512, 256])
    let weights = graph.parameter("weights", [256, 256], .glorotUniform(seed: 1))
    let readout = graph.parameter("readout", [256, 1], .glorotUniform(seed: 2))
    score = square(tanh(features.matmul(weights)).matmul(readout)).mean().named("score")
    program = try Program(score, gradientsFor: [features])
  }

  /// Some request's 512 · 256 features.
  static func request(_ number: Int) -> [Float] {
    (0..<512 * 256).map { Float(($0 * 37 + number * 101) % 1000) / 500 - 1 }
  }

  /// Answers from async code: no thread of Swift's pool is blocked meanwhile, and cancelling the task stops the run.
  func answer(_ number: Int) async throws -> Answer {
    let session = program.makeSession(on: executor, parameters: parameters)
    try session.write(Self.request(number), to: features)
    try await session.step()
    return try Answer(score: session.read(score), gradient: try session.gradient(of: features, as: Float.self))
  }

  /// Answers on the calling thread alone, within `memoryLimit` bytes for values and gradients.
  func answerAlone(_ number: Int, memoryLimit: Int? = nil) throws -> Answer {
    let session = try program.makeSession(
      on: GraphExecutor(width: 1), parameters: parameters, memoryLimit: memoryLimit)
    try session.write(Self.request(number), to: features)
    try session.step()
    return try Answer(score: session.read(score), gradient: try session.gradient(of: features, as: Float.self))
  }
}
