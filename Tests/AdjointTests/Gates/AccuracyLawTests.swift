import Adjoint
import AdjointTesting
import Foundation
import StressScale
import Testing

/// Value and derivatives over the whole range of both float types, against exact formulas.
@Suite(.timeLimit(.minutes(20))) struct AccuracyLawTests {
  private static let density = StressScale.isSoak ? AccuracyDensity.soak : .test

  /// Numbers are the same under a sanitizer, which would take minutes.
  private static let isMeant = !StressScale.isSanitized

  @Test(.enabled(if: isMeant), arguments: GateCatalog.all.filter { $0 is any ElementwiseGate.Type })
  func `value and derivatives are right over the whole range`(gate: any SampledGate.Type) throws {
    let subjects = AccuracySubject.subjects(of: gate)
    #expect(!subjects.isEmpty, "no exact formula of \(gate.name) is written down")
    for subject in subjects { try expectAccuracy(of: subject) }
  }

  @Test(.enabled(if: isMeant), arguments: AccuracySubject.composed)
  func `functions composed of gates are right over the whole range`(subject: AccuracySubject) throws {
    try expectAccuracy(of: subject)
  }

  private func expectAccuracy(of subject: AccuracySubject) throws {
    let violations = try AccuracyLaw(density: Self.density).violations(of: subject)
    #expect(violations.isEmpty, "\(subject):\n\(violations.joined(separator: "\n"))")
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["ADJOINT_ACCURACY_TABLE"] != nil))
  func `the table of the largest errors is printed`() throws {
    print(try AccuracyTable.markdown(density: Self.density))
  }

  // MARK: the law itself

  @Test func `a slope from an output that has rounded is caught, on every road`() throws {
    let formula = try #require(ExactFormulas.formula(of: Tanh()))
    let violations = try AccuracyLaw().violations(of: AccuracySubject(TanhByItsOutput(), formula))
    for type in ["float32", "float64"] {
      let firsts = ["program", "program, unfused", "program of scalars", "program in a scan", "gradients", "forward"]
      for road in firsts {
        #expect(violations.contains { $0.hasPrefix("\(type), \(road): the derivative by operand 0") }, "\(road)")
      }
      let seconds = ["program of gradients", "reverse over reverse", "forward over reverse", "forward over forward"]
      for road in seconds {
        #expect(violations.contains { $0.hasPrefix("\(type), \(road): the derivative by operands 0 and 0") }, "\(road)")
      }
    }
  }

  @Test func `a slope that overflows before a small upstream gradient meets it is caught`() throws {
    let formula = try #require(ExactFormulas.formula(of: Square()))
    let violations = try AccuracyLaw().violations(of: AccuracySubject(SquareByItsSlope(), formula))
    #expect(violations.contains { $0.contains("times 2^-8 · 2^0 is") && $0.contains("inf") })
  }

  @Test func `a value that is wrong beyond the largest square is caught`() throws {
    let formula = try #require(ExactFormulas.formula(of: Square()))
    #expect(
      try AccuracyLaw().violations(of: AccuracySubject(SquareWithAHole(), formula)).contains {
        $0.contains("the value")
      })
  }

  @Test func `a gate of which no formula is known is not called accurate`() throws {
    for gate in [SquareByItsSlope.self, SquareUnderItsName.self, SquareOfRows.self] as [any SampledGate.Type] {
      let violations = try GateLaw.accuracy.violations(of: gate)
      #expect(violations.description.contains("none of the package's"), "\(gate)")
    }
    #expect(try GateLaw.accuracy.violations(of: Negate.self) == [])
    #expect(try GateLaw.accuracy.violations(of: Softmax.self) == [], "a gate of the package that is not elementwise")
    #expect(Set(GateLaw.ofAnyGate).union([.accuracy]) == Set(GateLaw.all))
  }
}

private struct TanhByItsOutput: ElementwiseGate, SampledGate {
  static let name = "tanhByItsOutput"
  func value(_ x: ElementOperands) -> Double { Foundation.tanh(x[0]) }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream * (1 - square(node.output))] }
  static let samples = [GateSample(Self(), .uniform([3]))]
}

private struct SquareByItsSlope: ElementwiseGate, SampledGate {
  static let name = "squareByItsSlope"
  func value(_ x: ElementOperands) -> Double { x[0] * x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream * (2 * node.inputs[0])] }
  static let samples = [GateSample(Self(), .uniform([3]))]
}

/// It has the name of a gate whose formula is known.
private struct SquareUnderItsName: ElementwiseGate, SampledGate {
  static let name = Square.name
  func value(_ x: ElementOperands) -> Double { x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
  static let samples = [GateSample(Self(), .uniform([3]))]
}

private struct SquareOfRows: RowGate, SampledGate {
  static let name = "squareOfRows"
  var kernel: Kernel { .custom { _ in } }
  func row(_ x: [Double]) -> [Double] { x.map { $0 * $0 } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
  static let samples = [GateSample(Self(), .uniform([3]))]
}

/// NaN where its square overflows.
private struct SquareWithAHole: ElementwiseGate, SampledGate {
  static let name = "squareWithAHole"
  func value(_ x: ElementOperands) -> Double { x[0] * x[0] == .infinity ? .nan : x[0] * x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream * node.inputs[0] * 2] }
  static let samples = [GateSample(Self(), .uniform([3]))]
}
