import Adjoint
import DependencyScheduling

/// What a request costs right after a new version of the parameters was published, beside one right after the same
/// training step on a store that it does not read.
struct PublishedVersion {
  private let executor: GraphExecutor
  private let turns: Int, requests: Int
  private let network: Network
  private let pixels = [Float](repeating: 0.5, count: 784)

  /// A network 784-512-10 of one row.
  private struct Network {
    let graph = Graph()
    let images: Node, scores: Node

    init() {
      images = graph.input("images", [1, 784])
      let hidden = relu(images.matmul(graph.parameter("hidden", [784, 512], .heNormal(seed: 1))))
      scores = softmax(hidden.matmul(graph.parameter("weights", [512, 10], .heNormal(seed: 2))))
    }
  }

  init(_ executor: GraphExecutor, turns: Int, requests: Int) {
    (self.executor, self.turns, self.requests) = (executor, turns, requests)
    network = Network()
  }

  /// A session whose step publishes new values of all parameters of `store`.
  private func publisher(to store: ParameterStore) throws -> Session {
    let trained = Network()
    let updates = trained.graph.parameters.map { ParameterUpdate($0, to: $0 * 0.999) }
    let session = try Program(trained.scores.sum(), updating: updates).makeSession(on: executor, parameters: store)
    try session.write(pixels, to: trained.images)
    return session
  }

  /// Microseconds of a request, each of which follows a step of `publisher`.
  private func time(_ session: Session, after publisher: Session) async throws -> Double {
    var elapsed = Duration.zero, sum: Float = 0
    for _ in 0..<requests {
      try await publisher.step()
      let start = ContinuousClock.now
      try session.write(pixels, to: network.images)
      try await session.forward()
      sum += try session.read(network.scores, as: Float.self)[0]
      elapsed += ContinuousClock.now - start
    }
    precondition(sum.isFinite && sum > 0, "Every request is answered")
    return elapsed / .microseconds(1) / Double(requests)
  }

  func measure() async throws {
    let store = ParameterStore(), other = ParameterStore()
    let session = try Program(network.scores).makeSession(on: executor, parameters: store)
    let ours = try publisher(to: store), strangers = try publisher(to: other)
    var read = Figure(), apart = Figure(), ratios = Figure()
    for turn in -1..<turns {
      let figures = [try await time(session, after: ours), try await time(session, after: strangers)]
      // The first turn warms up.
      if turn < 0 { continue }
      read.samples.append(figures[0])
      apart.samples.append(figures[1])
      ratios.samples.append(figures[0] / figures[1])
    }
    print("a request of a network 784-512-10 right after a step has published a version: \(rounded(read.median)) µs")
    print("  right after the same step on another store: \(rounded(apart.median)) µs, ratio \(rounded(ratios.median))")
  }
}
