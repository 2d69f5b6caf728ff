/// A number that a gate should give, exactly, and what its rounding is measured by.
package struct ExactNumber: Sendable {
  let value: DoubleDouble
  /// The magnitude of the largest term of the sum that the number is: its rounding is felt where terms cancel.
  let largestTerm: DoubleDouble
  /// Whether anything is right: there is no derivative, and no convention for it.
  private(set) var isFree = false

  init(_ value: DoubleDouble) { (self.value, largestTerm) = (value, value.magnitude) }

  /// A sum of terms that may cancel.
  static func sum(_ terms: DoubleDouble...) -> ExactNumber {
    ExactNumber(
      value: terms.reduce(0, +), largestTerm: terms.map(\.magnitude).reduce(0) { $0 < $1 ? $1 : $0 })
  }

  static let free: ExactNumber = {
    var number = ExactNumber(.init(.nan))
    number.isFree = true
    return number
  }()

  private init(value: DoubleDouble, largestTerm: DoubleDouble) {
    (self.value, self.largestTerm) = (value, largestTerm)
  }
}

extension ExactNumber: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  package init(floatLiteral value: Double) { self.init(DoubleDouble(value)) }
  package init(integerLiteral value: Int) { self.init(DoubleDouble(Double(value))) }
}

/// A function's value and its first and second derivatives at one point.
package struct ExactDerivatives: Sendable {
  let value: ExactNumber
  /// By each operand.
  let first: [ExactNumber]
  /// By each operand and then by each, a symmetric matrix.
  let second: [[ExactNumber]]

  /// Of one operand.
  init(_ value: ExactNumber, _ first: ExactNumber, _ second: ExactNumber) {
    self.init(value, [first], [[second]])
  }

  init(_ value: ExactNumber, _ first: [ExactNumber], _ second: [[ExactNumber]]) {
    (self.value, self.first, self.second) = (value, first, second)
  }

  subscript(quantity: AccuracyQuantity) -> ExactNumber {
    switch quantity {
    case .value: value
    case .first(let operand): first[operand]
    case .second(let one, let other): second[one][other]
    }
  }
}

/// Which of a function's numbers.
package enum AccuracyQuantity: Hashable, Sendable, CustomStringConvertible {
  case value
  case first(Int)
  case second(Int, Int)

  package var order: Int {
    switch self {
    case .value: 0
    case .first: 1
    case .second: 2
    }
  }

  package var description: String {
    switch self {
    case .value: "the value"
    case .first(let operand): "the derivative by operand \(operand)"
    case .second(let one, let other): "the derivative by operands \(one) and \(other)"
    }
  }

  /// Of a function of `arity` operands.
  static func all(arity: Int) -> [AccuracyQuantity] {
    [.value] + (0..<arity).map { .first($0) } + (0..<arity).flatMap { i in (0..<arity).map { .second(i, $0) } }
  }
}

/// What a gate computes, and its derivatives, as formulas without cancellation that keep their digits over the whole
/// range of doubles.
package struct ExactFormula: Sendable {
  package typealias Real = DoubleDouble
  let arity: Int
  /// Operands around which the formula changes, or where special rules hold.
  let landmarks: [Double]
  /// The only values of the last operand, if it is none that takes every number.
  let last: [Double]?
  private let formula: @Sendable ([Real]) -> ExactDerivatives

  init(
    arity: Int, landmarks: [Double] = [], last: [Double]? = nil,
    _ formula: @escaping @Sendable ([Real]) -> ExactDerivatives
  ) {
    (self.arity, self.landmarks, self.last, self.formula) = (arity, landmarks, last, formula)
  }

  /// A function of one operand, and its limits at −∞ and ∞. NaN gives NaN.
  init(
    atMinusInfinity lower: ExactDerivatives, atInfinity upper: ExactDerivatives, landmarks: [Double] = [],
    _ formula: @escaping @Sendable (Real) -> ExactDerivatives
  ) {
    self.init(arity: 1, landmarks: landmarks) { x in
      if x[0].isNaN { return ExactDerivatives(.nan, .nan, .nan) }
      return x[0].isInfinite ? (x[0].isNegative ? lower : upper) : formula(x[0])
    }
  }

  /// The exact numbers at `operands`.
  ///
  /// A derivative that comes out as NaN although no operand is one is an indeterminate form: nothing is asked of it.
  package func callAsFunction(_ operands: [Double]) -> ExactDerivatives {
    let exact = formula(operands.map { Real($0) })
    if operands.contains(where: \.isNaN) { return exact }
    func determinate(_ number: ExactNumber) -> ExactNumber { number.value.isNaN ? .free : number }
    return ExactDerivatives(
      exact.value, exact.first.map(determinate), exact.second.map { $0.map(determinate) })
  }
}

extension ExactNumber {
  static let nan = ExactNumber(DoubleDouble(.nan))
  static let infinity = ExactNumber(DoubleDouble(.infinity))
}
