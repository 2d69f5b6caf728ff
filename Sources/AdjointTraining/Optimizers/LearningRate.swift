internal import Kernels

/// The learning rate of each step: a function of the number of steps before it, so that a resumed run goes on with the
/// rate it had.
///
/// ```swift
/// let rate = LearningRate.cosine(from: 0.01, to: 0.0001, over: 10_000).warmedUp(over: 500)
/// ```
public struct LearningRate: Sendable {
  private let rule: @Sendable (Int) -> Double

  /// Your own: the rate of the step that `step` others have come before.
  public init(_ rule: @escaping @Sendable (_ step: Int) -> Double) { self.rule = rule }

  /// The rate of the step that `step` others have come before. The schedules below have one for every number: for a
  /// negative one that of the first step.
  public func value(at step: Int) -> Double { rule(step) }

  /// The same for every step.
  public static func constant(_ rate: Double) -> LearningRate { LearningRate { _ in rate } }

  /// From `first` to `last` in a straight line over `steps` steps, and `last` from then on.
  public static func linear(from first: Double, to last: Double, over steps: Int) -> LearningRate {
    checkPositive(steps)
    return LearningRate { $0 >= steps ? last : first + (last - first) * share($0, of: steps) }
  }

  /// From `first` to `last` along half a cosine over `steps` steps, and `last` from then on (Loshchilov, Hutter 2017).
  public static func cosine(from first: Double, to last: Double = 0, over steps: Int) -> LearningRate {
    checkPositive(steps)
    return LearningRate { step in
      let risen = 1 + ElementaryFunctions.cosine(share(step, of: steps) * .pi)
      return step >= steps ? last : last + (first - last) * 0.5 * risen
    }
  }

  /// `first`, multiplied by `factor` after every `steps` steps.
  public static func decaying(from first: Double, by factor: Double, every steps: Int) -> LearningRate {
    checkPositive(steps)
    return LearningRate { first * ElementaryFunctions.power(factor, Double(max(0, $0) / steps)) }
  }

  /// This one, multiplied by 1/n, 2/n, … during the first n = `steps` steps.
  public func warmedUp(over steps: Int) -> LearningRate {
    Self.checkPositive(steps)
    // As doubles, since one more than the largest integer is none.
    return LearningRate { rule($0) * min(1, (Double(max(0, $0)) + 1) / Double(steps)) }
  }

  /// How much of `steps` steps is done before step number `step`, from 0 to 1.
  private static func share(_ step: Int, of steps: Int) -> Double { min(1, Double(max(0, step)) / Double(steps)) }

  private static func checkPositive(_ steps: Int) {
    precondition(steps >= 1, "A learning rate changes over at least one step, got \(steps)")
  }
}
