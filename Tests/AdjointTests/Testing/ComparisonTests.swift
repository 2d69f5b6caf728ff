import Adjoint
import Testing

@testable import AdjointTesting

/// What compares results tells every pair of different numbers apart, wherever among the elements they stand.
@Suite(.timeLimit(.minutes(20))) struct ComparisonTests {
  /// Two numbers, and whether they pass for the same.
  struct Pair: Sendable, CustomTestStringConvertible {
    let one: Double, other: Double
    let isSame: Bool
    var testDescription: String { "\(one) and \(other)" }
  }

  private static let payload = Double(nan: 0x123, signaling: false)

  static let pairs: [Pair] = [
    Pair(one: 0, other: -0.0, isSame: false), Pair(one: 1, other: 1, isSame: true),
    Pair(one: -0.0, other: -0.0, isSame: true), Pair(one: 1, other: Double(1).nextUp, isSame: false),
    Pair(one: 1, other: -1, isSame: false), Pair(one: .nan, other: payload, isSame: true),
    Pair(one: .nan, other: -.nan, isSame: true), Pair(one: .nan, other: 0, isSame: false),
    Pair(one: .nan, other: .infinity, isSame: false), Pair(one: .infinity, other: .infinity, isSame: true),
    Pair(one: .infinity, other: -.infinity, isSame: false),
    Pair(one: .infinity, other: .greatestFiniteMagnitude, isSame: false),
    Pair(one: 0, other: .leastNonzeroMagnitude, isSame: false),
  ]

  /// 17 elements: a vector and a tail of one.
  private static let shape: Shape = [17]

  private func tensor(_ number: Double, at place: Int) -> ReferenceTensor {
    ReferenceTensor(Self.shape, .float64, (0..<17).map { $0 == place ? number : Double($0) })
  }

  @Test(arguments: pairs) func `tensors are identical where all bits are, any NaN being like another`(pair: Pair) {
    for place in [0, 7, 15, 16] {
      for (one, other) in [(pair.one, pair.other), (pair.other, pair.one)] {
        let (left, right) = (tensor(one, at: place), tensor(other, at: place))
        #expect(left.isIdentical(to: right) == pair.isSame, "element \(place)")
        #expect(left.firstDifference(from: right) == (pair.isSame ? nil : "element \(place) is \(one), not \(other)"))
        let exact = KernelBound.exact.firstViolation(left, right, magnitude: 1)
        #expect((exact == nil) == pair.isSame, "element \(place)")
      }
    }
  }

  @Test func `tensors of other shapes and types are not identical`() {
    let ones = [Double](repeating: 1, count: 6)
    let tensor = ReferenceTensor([2, 3], .float32, ones)
    let others = [
      ReferenceTensor([3, 2], .float32, ones), ReferenceTensor([6], .float32, ones),
      ReferenceTensor([2, 3], .float64, ones), ReferenceTensor([2, 3], .int32, ones),
      ReferenceTensor([5], .float32, Array(ones.dropLast())),
    ]
    #expect(tensor.isIdentical(to: tensor) && tensor.firstDifference(from: tensor) == nil)
    for other in others {
      for (left, right) in [(tensor, other), (other, tensor)] {
        #expect(!left.isIdentical(to: right))
        let words = "\(left.shape) \(left.elementType) is not \(right.shape) \(right.elementType)"
        #expect(left.firstDifference(from: right) == words)
      }
    }
  }

  // MARK: bounds

  private func violation(_ bound: KernelBound, _ value: Double, _ expected: Double, _ type: ElementType, of sum: Double)
    -> String?
  {
    bound.firstViolation(
      ReferenceTensor([2], type, [1, value]), ReferenceTensor([2], type, [1, expected]), magnitude: sum)
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `a bound takes what is just within it, and nothing beyond`(type: ElementType) {
    let epsilon = type == .float64 ? 0x1p-52 : 0x1p-23
    for expected in [1.0, -1, 1024, 0x1p-20] {
      let unit = epsilon * expected.magnitude
      for sign in [1.0, -1] {
        #expect(violation(.relative(ulps: 4), expected + sign * 4 * unit, expected, type, of: 1e6) == nil)
        let beyond = violation(.relative(ulps: 4), expected + sign * 6 * unit, expected, type, of: 1e6)
        #expect(beyond?.hasPrefix("element 1 is ") == true, "\(expected)")
        // A sum of terms of 2048 is told by them, even where they cancel.
        let term = epsilon * 2048
        #expect(violation(.absolute(ulps: 4), expected + sign * 4 * term, expected, type, of: 2048) == nil)
        #expect(violation(.absolute(ulps: 4), expected + sign * 6 * term, expected, type, of: 2048) != nil)
        #expect(violation(.absolute(ulps: 4), expected + sign * 6 * max(unit, epsilon), expected, type, of: 1) != nil)
      }
    }
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `no bound takes a NaN or an infinity for a number, nor a number for them`(type: ElementType) {
    for bound in [KernelBound.exact, .relative(ulps: 4), .absolute(ulps: 1e6)] {
      for special in [Double.nan, .infinity, -.infinity] {
        #expect(violation(bound, special, special, type, of: 1) == nil)
        #expect(violation(bound, special, 1, type, of: 1) != nil, "\(special) for 1")
        #expect(violation(bound, 1, special, type, of: 1) != nil, "1 for \(special)")
      }
      #expect(violation(bound, .infinity, -.infinity, type, of: 1) != nil)
      #expect(violation(bound, .nan, .infinity, type, of: 1) != nil)
      #expect(violation(bound, .infinity, .nan, type, of: 1) != nil)
    }
  }

  // MARK: the judge of accuracy

  @Test(arguments: [ElementType.float32, .float64])
  func `the judge allows as many ulps as the bound says, and no more`(type: ElementType) {
    let judge = AccuracyJudge(type: type)
    let ulp = type == .float64 ? 0x1p-52 : 0x1p-23
    let bound = AccuracyBound()  // 8 ulp and 4 smallest subnormal numbers
    for exact in [1.0, -1, 1.5] {
      let allowed = judge.allowed(ExactNumber(DoubleDouble(exact)), bound)
      for sign in [1.0, -1] {
        #expect(allowed.contains(exact + sign * 8 * ulp) && !allowed.contains(exact + sign * 9 * ulp))
        #expect(judge.ulps(of: exact + sign * 9 * ulp, from: ExactNumber(DoubleDouble(exact))) == 9)
      }
      for wrong in [Double.nan, .infinity, -.infinity, -exact, 0] { #expect(!allowed.contains(wrong), "\(wrong)") }
    }
    let tiny = type == .float64 ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
    let none = judge.allowed(0, bound)
    // Units of 0 are smallest subnormal numbers, too.
    #expect(none.contains(12 * tiny) && !none.contains(13 * tiny) && none.contains(-0.0))
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `the judge asks for a NaN or an infinity where one is right, and takes them nowhere else`(type: ElementType) {
    let judge = AccuracyJudge(type: type)
    let numbers: [Double] = [.nan, .infinity, -.infinity, 0, 1, -1, type == .float64 ? .greatestFiniteMagnitude : 3e38]
    func taken(_ exact: ExactNumber) -> [Double] {
      let allowed = judge.allowed(exact, AccuracyBound())
      return numbers.filter { allowed.contains($0) }
    }
    #expect(taken(.nan).count == 1 && taken(.nan)[0].isNaN)
    #expect(taken(.infinity) == [.infinity])
    #expect(taken(ExactNumber(-DoubleDouble(.infinity))) == [-.infinity])
    #expect(taken(.free).count == numbers.count)
    #expect(taken(1) == [1])
    #expect(judge.ulps(of: .nan, from: 1).isInfinite)
    #expect(judge.ulps(of: 1, from: .nan).isInfinite && judge.ulps(of: 1, from: .infinity).isInfinite)
    #expect(judge.ulps(of: -.infinity, from: .infinity).isInfinite)
    // Beyond the type an infinity is right, of the same sign.
    let beyond = ExactNumber(DoubleDouble(1).scaled(by: type == .float64 ? 1030 : 130))
    #expect(taken(beyond) == [.infinity])
  }

  @Test func `a sum is judged by its largest term`() {
    let judge = AccuracyJudge(type: .float64)
    let sum = ExactNumber.sum(1, 1024, -1024)
    let allowed = judge.allowed(sum, AccuracyBound())
    #expect(allowed.contains(1 + 8 * 0x1p-42) && !allowed.contains(1 + 9 * 0x1p-42))
  }
}
