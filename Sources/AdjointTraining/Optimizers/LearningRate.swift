internal import Kernels

/// The learning rate of each step: a function of the number of steps before it, so that a resumed run goes on with the
/// rate it had.
///
/// ```swift
/// let rate = try LearningRate.cosine(from: 0.01, to: 0.0001, over: 10_000).warmedUp(over: 500)
/// ```
/// Rates and numbers of steps may come from a file of settings: those that have no meaning are a
/// ``TrainingError/notAllowed(parameter:value:allowed:)``.
public struct LearningRate: Sendable {
  private let rule: @Sendable (Int) -> Double

  /// Your own: the rate of the step that `step` others have come before.
  public init(_ rule: @escaping @Sendable (_ step: Int) -> Double) { self.rule = rule }

  /// The rate of the step that `step` others have come before. The schedules below have one for every number: for a
  /// negative one that of the first step.
  public func value(at step: Int) -> Double { rule(step) }

  /// The same for every step.
  ///
  /// - Parameter rate: at least 0 and finite, as all rates here.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public static func constant(_ rate: Double) throws(TrainingError) -> LearningRate {
    try TrainingError.check(notNegative: rate, "rate")
    return LearningRate { _ in rate }
  }

  /// From `first` to `last` in a straight line over `steps` steps, and `last` from then on.
  ///
  /// - Parameters:
  ///   - first: the first step's.
  ///   - last: that of all steps after them.
  ///   - steps: at least 1.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public static func linear(
    from first: Double, to last: Double, over steps: Int
  ) throws(TrainingError) -> LearningRate {
    try check(first, last, over: steps)
    return LearningRate { $0 >= steps ? last : first + (last - first) * share($0, of: steps) }
  }

  /// From `first` to `last` along half a cosine over `steps` steps, and `last` from then on (Loshchilov, Hutter 2017).
  ///
  /// - Parameters:
  ///   - first: the first step's.
  ///   - last: that of all steps after them.
  ///   - steps: at least 1.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public static func cosine(
    from first: Double, to last: Double = 0, over steps: Int
  ) throws(TrainingError) -> LearningRate {
    try check(first, last, over: steps)
    return LearningRate { step in
      let risen = 1 + ElementaryFunctions.cosine(share(step, of: steps) * .pi)
      return step >= steps ? last : last + (first - last) * 0.5 * risen
    }
  }

  /// `first`, multiplied by `factor` after every `steps` steps.
  ///
  /// - Parameters:
  ///   - first: the first step's.
  ///   - factor: at least 0 and finite.
  ///   - steps: at least 1.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public static func decaying(
    from first: Double, by factor: Double, every steps: Int
  ) throws(TrainingError) -> LearningRate {
    try TrainingError.check(notNegative: first, "first")
    try TrainingError.check(notNegative: factor, "factor")
    try TrainingError.check(steps: steps, "steps")
    return LearningRate { first * ElementaryFunctions.power(factor, Double(max(0, $0) / steps)) }
  }

  /// This one, multiplied by 1/n, 2/n, … during the first n = `steps` steps.
  ///
  /// - Parameter steps: at least 1.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public func warmedUp(over steps: Int) throws(TrainingError) -> LearningRate {
    try TrainingError.check(steps: steps, "steps")
    // As doubles, since one more than the largest integer is none.
    return LearningRate { rule($0) * min(1, (Double(max(0, $0)) + 1) / Double(steps)) }
  }

  /// How much of `steps` steps is done before step number `step`, from 0 to 1.
  private static func share(_ step: Int, of steps: Int) -> Double { min(1, Double(max(0, step)) / Double(steps)) }

  private static func check(_ first: Double, _ last: Double, over steps: Int) throws(TrainingError) {
    try TrainingError.check(notNegative: first, "first")
    try TrainingError.check(notNegative: last, "last")
    try TrainingError.check(steps: steps, "steps")
  }
}
