public import Adjoint

/// What is measured every so many steps of a training, on data that it is not trained on, and what follows from it.
///
/// ```swift
/// let validation = try Validation(every: 200, better: .higher, patience: 5) { parameters in
///   try evaluation.accuracy(labels: "labels", with: parameters)
/// }
/// ```
/// A measure that is infinite or NaN is worse than any other. What was measured is part of a training's state: saved,
/// and resumed with.
public struct Validation: Sendable {
  /// Which of two measures is better.
  public struct Direction: Hashable, Sendable {
    let sign: Double
    /// The lower one, as of losses.
    public static let lower = Direction(sign: 1)
    /// The higher one, as of accuracies.
    public static let higher = Direction(sign: -1)
  }

  /// Measures with the parameters given, from which it reads one version.
  public typealias Measure = @Sendable (_ parameters: ParameterStore) throws -> Double

  let steps: Int
  let better: Direction
  let patience: Int?
  let keepsBest: Bool
  let rateFactor: Double
  let ratePatience: Int?
  let measure: Measure

  /// - Parameters:
  ///   - steps: between two measures, at least 1.
  ///   - better: which of two measures is better.
  ///   - patience: ends the training after so many measures in a row that are no better than the best one, at least 1;
  ///     `nil` never does.
  ///   - keepsBest: whether the parameters of the best measure are kept, for ``Trainer/bestParameters()``. It costs
  ///     their memory.
  ///   - rateFactor: what learning rates are multiplied by after `ratePatience` measures in a row that are no better,
  ///     above 0 and at most 1.
  ///   - ratePatience: at least 1; `nil` leaves the rates as they are.
  ///   - measure: is called with the trainer's parameters, on the thread that trains, or on one of Dispatch's where
  ///     the training is asynchronous.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(
    every steps: Int, better: Direction = .lower, patience: Int? = nil, keepsBest: Bool = false,
    multiplyingRateBy rateFactor: Double = 0.1, afterPatience ratePatience: Int? = nil,
    measure: @escaping Measure
  ) throws(TrainingError) {
    try TrainingError.check(steps: steps, "steps")
    if let patience { try TrainingError.check(patience >= 1, "patience", patience, "at least 1") }
    if let ratePatience { try TrainingError.check(ratePatience >= 1, "ratePatience", ratePatience, "at least 1") }
    try TrainingError.check(rateFactor > 0 && rateFactor <= 1, "rateFactor", rateFactor, "above 0 and at most 1")
    (self.steps, self.better, self.patience, self.keepsBest) = (steps, better, patience, keepsBest)
    (self.rateFactor, self.ratePatience, self.measure) = (rateFactor, ratePatience, measure)
  }
}

/// What the measures of a training have been.
public struct ValidationRecord: Hashable, Sendable {
  /// The last measure; `nil` before the first.
  public private(set) var last: Double?
  /// The best measure so far, and the number of steps taken before it.
  public private(set) var best: Double?
  public private(set) var bestStep = 0
  /// How many measures in a row were no better than the best.
  public private(set) var countSinceBest = 0
  /// What the learning rates are multiplied by.
  public private(set) var rateFactor = 1.0
  private var countOnPlateau = 0

  init() {}

  /// Notes a measure; returns whether it is the best so far.
  mutating func note(_ measure: Double, after step: Int, _ validation: Validation) -> Bool {
    last = measure
    if measure.isFinite, best.map({ (measure - $0) * validation.better.sign < 0 }) ?? true {
      (best, bestStep, countSinceBest, countOnPlateau) = (measure, step, 0, 0)
      return true
    }
    countSinceBest += 1
    countOnPlateau += 1
    if let patience = validation.ratePatience, countOnPlateau >= patience {
      rateFactor *= validation.rateFactor
      countOnPlateau = 0
    }
    return false
  }

  // MARK: state files

  /// All of it as numbers of 64 bits, by name.
  var numbers: [String: UInt64] {
    var numbers = [
      "bestStep": UInt64(bestStep), "countSinceBest": UInt64(countSinceBest),
      "countOnPlateau": UInt64(countOnPlateau), "rateFactor": rateFactor.bitPattern,
    ]
    numbers["last"] = last?.bitPattern
    numbers["best"] = best?.bitPattern
    return numbers
  }

  static let names = ["last", "best", "bestStep", "countSinceBest", "countOnPlateau", "rateFactor"]

  /// - Returns: `nil` for numbers that no training has.
  init?(_ numbers: [String: UInt64]) {
    func count(_ name: String) -> Int? { numbers[name].flatMap { $0 < 1 << 53 ? Int($0) : nil } }
    guard let bestStep = count("bestStep"), let countSinceBest = count("countSinceBest"),
      let countOnPlateau = count("countOnPlateau"), let factor = numbers["rateFactor"].map(Double.init(bitPattern:)),
      factor >= 0, factor <= 1
    else { return nil }
    (self.bestStep, self.countSinceBest, self.countOnPlateau) = (bestStep, countSinceBest, countOnPlateau)
    rateFactor = factor
    last = numbers["last"].map(Double.init(bitPattern:))
    best = numbers["best"].map(Double.init(bitPattern:))
    if let best, !best.isFinite { return nil }
  }
}
