internal import Notation
public import Adjoint

/// What a ``GradientChecker`` found for one variable: its worst element, in numbers and in a sentence.
public struct GradientVerdict: Hashable, Sendable, CustomStringConvertible {
  /// The variable's name.
  public let variable: String
  public let shape: Shape
  /// The index of the element whose gradients lie furthest apart.
  public let index: [Int]
  /// That element's gradient as the program computes it; `nil` where no gradient reaches the variable.
  public let analytic: Double?
  /// The same by central finite differences.
  public let numeric: Double
  /// |analytic - numeric| over the larger of the two, or over the checker's floor where both are smaller.
  public let relativeError: Double
  /// How far the element was moved to either side.
  public let step: Double
  public let tolerance: Double

  /// Whether every element is within the tolerance; never with a NaN.
  public var isCorrect: Bool { relativeError <= tolerance }

  /// `gradient of W[2, 3] is 0.51, finite differences (step 1e-05) give 0.48: 5.9 % apart, at most 0.0001 % expected`
  public var description: String {
    let element = index.isEmpty ? variable : "\(variable)[\(index.map(String.init).joined(separator: ", "))]"
    let verdict = isCorrect ? "" : ", at most \(Self.percent(tolerance)) expected"
    guard let analytic else {
      return "no gradient reaches \(element), finite differences (step \(step)) give \(numeric)"
        + (isCorrect ? "" : ": expected none")
    }
    return "gradient of \(element) is \(analytic), finite differences (step \(step)) give \(numeric): "
      + "\(Self.percent(relativeError)) apart" + verdict
  }

  /// Two significant digits.
  static func percent(_ fraction: Double) -> String {
    let value = fraction * 100
    guard value.isFinite, value != 0 else { return value == 0 ? "0 %" : "infinitely many %" }
    guard value >= 1e-300 else { return "less than 1e-300 %" }
    return "\(NumberText.significant(value, digits: 2)) %"
  }
}
