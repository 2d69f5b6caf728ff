import Adjoint
public import DigitNetworks

/// Images a second of many callers in one process, without HTTP: through a batcher and each on a session of its own, in
/// turns.
public struct RowsPerSecond: Sendable {
  /// Medians of the turns.
  public let batched: Double, single: Double, ratio: Double

  /// - Parameters:
  ///   - recipe: whose version 0 answers.
  ///   - images: that are asked for.
  ///   - callers: that ask at the same time, each for one image after the other.
  ///   - rows: of each caller in a turn.
  ///   - turns: of each kind; one more warms up.
  public init(_ recipe: TrainingRecipe, images: DigitImages, callers: Int, rows: Int, turns: Int) async throws {
    let store = try recipe.makeStore()
    let batcher = try Predictor(recipe.architecture, parameters: store, batching: true)
    let sessions = try Predictor(recipe.architecture, parameters: store, batching: false)
    var batched: [Double] = [], single: [Double] = [], ratios: [Double] = []
    for turn in 0...turns {
      let first = try await Self.rate(of: batcher, images, callers, rows)
      let second = try await Self.rate(of: sessions, images, callers, rows)
      if turn == 0 { continue }
      batched.append(first)
      single.append(second)
      ratios.append(first / second)
    }
    self.batched = Self.median(batched)
    self.single = Self.median(single)
    ratio = Self.median(ratios)
    await batcher.stop()
  }

  private static func rate(
    of predictor: Predictor, _ images: DigitImages, _ callers: Int, _ rows: Int
  ) async throws -> Double {
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        group.addTask {
          let pixels = Array(images.pixels(of: caller % images.count))
          for _ in 0..<rows { _ = try await predictor.answer(to: pixels) }
        }
      }
      try await group.waitForAll()
    }
    return Double(callers * rows) / ((ContinuousClock.now - start) / .seconds(1))
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
