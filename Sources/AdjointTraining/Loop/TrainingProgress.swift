internal import Notation

/// How far training is.
public struct TrainingProgress: Hashable, Sendable, CustomStringConvertible {
  /// Steps done since the parameters began, and where this call of `train` ends.
  public let step: Int, lastStep: Int
  /// The mean loss of the steps since the report before.
  public let loss: Double
  /// Since this call of `train` began.
  public let stepsPerSecond: Double

  /// What a ``Validation`` has just measured, if it has.
  public let measure: Double?

  public init(step: Int, lastStep: Int, loss: Double, stepsPerSecond: Double, measure: Double? = nil) {
    self.step = step
    self.measure = measure
    self.lastStep = lastStep
    self.loss = loss
    self.stepsPerSecond = stepsPerSecond
  }

  /// At the speed so far.
  public var timeLeft: Duration {
    stepsPerSecond > 0 ? .seconds(min(Double(lastStep - step) / stepsPerSecond, 1e9)) : .zero
  }

  /// `step 1200/4000  loss 0.1234  830 steps/s  3 s left`, and the measure after the loss.
  public var description: String {
    let measured = measure.map { "  measure \(Self.short($0))" } ?? ""
    return "step \(step)/\(lastStep)  loss \(Self.short(loss))\(measured)  "
      + "\(Self.short(stepsPerSecond)) steps/s  \(remaining) left"
  }

  private var remaining: String {
    let seconds = Int(timeLeft.components.seconds)
    func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3600 { return "\(seconds / 60):\(twoDigits(seconds % 60)) min" }
    return "\(seconds / 3600):\(twoDigits(seconds / 60 % 60)) h"
  }

  /// Four digits or so, of a number of any size.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let magnitude = value.magnitude
    if magnitude >= 1e9 || (magnitude > 0 && magnitude < 1e-3) {
      var exponent = 0
      var mantissa = value
      while mantissa.magnitude >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
      while mantissa.magnitude < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
      return "\(NumberText.fixed(mantissa, decimals: 2))e\(exponent)"
    }
    return NumberText.fixed(value, decimals: magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 4)
  }
}
