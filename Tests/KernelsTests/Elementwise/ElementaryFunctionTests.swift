import Kernels
import LibC
import Testing

/// The polynomials against the double-precision library, over every exponent, sign, subnormal number and NaN: for
/// floats a sweep that steps by a prime through all of them, or all of them with ADJOINT_SOAK=1.
@Suite(.timeLimit(.minutes(20))) struct ElementaryFunctionTests {
  struct Function: Sendable, CustomTestStringConvertible {
    let operation: ElementwiseOperation
    /// How many floats the result may lie from the correctly rounded one.
    let tolerance: Int64
    let exact: @Sendable (Double) -> Double
    var testDescription: String { "\(operation)" }
  }

  static let functions = [
    Function(operation: .exponential, tolerance: 2) { exp($0) },
    Function(operation: .logarithm, tolerance: 2) { log($0) },
    Function(operation: .tanh, tolerance: 3) { tanh($0) },
    Function(operation: .sigmoid, tolerance: 3, exact: sigmoid),
    Function(operation: .errorFunction, tolerance: 2) { erf($0) },
    Function(operation: .exponentialMinusOne, tolerance: 2) { expm1($0) },
    Function(operation: .softplus, tolerance: 3) { max($0, 0) + log1p(exp(-abs($0))) },
    Function(operation: .sigmoidSlope, tolerance: 3, exact: sigmoidSlope),
    Function(operation: .bell, tolerance: 2, exact: bell),
    Function(operation: .normalDistribution, tolerance: 4, exact: normalDistribution),
    Function(operation: .tanhNormalDistribution, tolerance: 3, exact: tanhNormalDistribution),
    Function(operation: .sine, tolerance: 1) { sin($0) },
    Function(operation: .cosine, tolerance: 1) { cos($0) },
    Function(operation: .squareRoot, tolerance: 0) { $0.squareRoot() },
  ]

  @Test(arguments: functions)
  func `a function of a float is right to the last few bits everywhere`(function: Function) {
    let soak = getenv("ADJOINT_SOAK") != nil
    let step: UInt64 = soak ? 1 : 20_011
    let block = 1 << 14
    let plan = BroadcastPlan(output: [block], operands: [[block]])
    var inputs = [Float](repeating: 0, count: block)
    var outputs = [Float](repeating: 0, count: block)
    var worst: (steps: Int64, at: Float) = (0, 0)
    var next: UInt64 = 0
    while next < 1 << 32 {
      inputs.withUnsafeMutableBufferPointer { inputs in
        outputs.withUnsafeMutableBufferPointer { outputs in
          for index in 0..<block {
            inputs[index] = Float(bitPattern: UInt32(truncatingIfNeeded: next))
            next += step
          }
          withUnsafePointer(to: UnsafeRawPointer(inputs.baseAddress!)) {
            runElementwise(
              function.operation, .float32, plan: plan, inputs: $0, output: outputs.baseAddress!, range: 0..<block)
          }
          for index in 0..<block {
            let distance = steps(between: outputs[index], and: Float(function.exact(Double(inputs[index]))))
            if distance > worst.steps { worst = (distance, inputs[index]) }
          }
        }
      }
    }
    print("\(function.operation): at most \(worst.steps) floats off, at \(worst.at)")
    #expect(worst.steps <= function.tolerance, "at \(worst.at)")
  }

  /// Doubles of every exponent, sign and kind, and those next to multiples of π/2, where an angle loses most digits.
  private static func doubles(_ count: Int) -> [Double] {
    let step = UInt64.max / UInt64(count) | 1
    let anywhere = (0..<UInt64(count)).map { Double(bitPattern: $0 &* step) }
    let small = (0..<count).map { Double($0 - count / 2) * 0x1.000003p-12 }
    let exponents = (0..<count / 4).flatMap { index in
      let place = Double(2 * index - count / 4) / Double(count / 4)
      return [place * 760, place * 40]
    }
    let turns = (1..<count / 8).flatMap { turn in
      let angle = Double(turn * 3) * (Double.pi / 2)
      return [angle, angle.nextUp, -angle.nextDown]
    }
    let edges = [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, .leastNormalMagnitude, 709.78, -745.1]
    return anywhere + small + exponents + turns + edges
  }

  /// The library's own results are within one double of the right ones.
  @Test(arguments: functions)
  func `a function of a double is right to the last few bits`(function: Function) {
    let inputs = Self.doubles(getenv("ADJOINT_SOAK") != nil ? 1 << 22 : 1 << 16)
    let outputs = elementwise(function.operation, output: [inputs.count], [([inputs.count], inputs)])
    var worst: (steps: Int64, at: Double) = (0, 0)
    for (input, output) in zip(inputs, outputs) {
      let distance = steps(between: output, and: function.exact(input))
      if distance > worst.steps { worst = (distance, input) }
    }
    #expect(worst.steps <= function.tolerance, "at \(worst.at)")
  }
}
