import Adjoint
import AdjointTesting
import Testing

/// Derivatives of every order through every form that a scan is compiled into are those of the loop written out, by
/// arithmetic of Taylor series in a plain loop.
@Suite(.timeLimit(.minutes(20))) struct ScanFormTests {
  /// A form, so many steps, and the modes by which it is differentiated, the first of which is applied first.
  struct Case: Sendable, CustomTestStringConvertible {
    let form: ScanForm
    let length: Int
    let modes: [[DifferentiationMode]]
    var testDescription: String { "\(form) of \(length) steps" }
  }

  /// Lengths around each number of steps at which some form is compiled in another way.
  private static let cases: [Case] = {
    let chunk = ChunkedScan.fewestSteps, plain = SplitScan.mostPlainSteps
    let most = (ChunkedScan.mostChunks + 1) * chunk + 5
    let first: [[DifferentiationMode]] = [[.reverse], [.forward]]
    let second = first + [[.reverse, .reverse], [.forward, .reverse]]
    let all = second + [[.reverse, .forward], [.forward, .forward]]
    func cases(_ forms: [ScanForm], _ lengths: [Int], _ modes: [[DifferentiationMode]]) -> [Case] {
      forms.flatMap { form in lengths.map { Case(form: form, length: $0, modes: modes) } }
    }
    // One step, two; sums of many terms; one chunk, two, three of unequal length, and as many as there may be.
    return cases(ScanForm.allCases, [1], first) + cases(ScanForm.allCases, [2], all)
      + cases([.whole, .nested], [plain, plain + 1], second) + cases([.map, .layer, .circle], [3 * chunk + 1], first)
      + cases([.layers, .passing, .wholeLayers], [2 * chunk - 1, 2 * chunk, most], first)
      + cases([.layers, .passing, .wholeLayers], [3 * chunk + 1], second)
  }()

  /// Checks the loss and derivatives by each sequence of modes, the first of which is applied first.
  private func check(
    _ scanned: ScannedForm, _ modes: [[DifferentiationMode]], within tolerance: Double = 1e-11
  ) throws {
    let expected = scanned.derivatives()
    var known: [[DifferentiationMode]: Node] = [[]: scanned.loss]
    func derivative(_ modes: [DifferentiationMode]) throws -> Node {
      if let node = known[modes] { return node }
      let node = try scanned.slope(of: derivative(Array(modes.dropLast())), modes[modes.count - 1])
      known[modes] = node
      return node
    }
    let all = [[]] + modes
    let computed = try scanned.values(of: all.map(derivative))
    for (modes, value) in zip(all, computed) {
      let right = expected[modes.count]
      #expect(
        (value - right).magnitude <= tolerance * max(1, right.magnitude),
        "\(scanned.form) of \(scanned.length) steps, \(scanned.reading), \(modes): \(value), not \(right)")
    }
  }

  @Test(arguments: cases, [false, true])
  func `derivatives by both modes and of second order are the loop's at every length`(
    test: Case, isReversed: Bool
  ) throws {
    if test.length <= 2 || isReversed == (test.length % 2 == 1) {
      try check(ScannedForm(test.form, length: test.length, isReversed: isReversed), test.modes)
    }
  }

  @Test(arguments: ScanForm.allCases, ScanForm.Reading.allCases)
  func `each variable alone has its derivatives, whatever is read of the results`(
    form: ScanForm, reading: ScanForm.Reading
  ) throws {
    let scanned = ScannedForm(form, length: 3, isReversed: reading == .lastState, reading: reading)
    var nodes: [Node] = [], expected: [Double] = []
    for variable in scanned.variables.indices {
      func slope(of value: Node, _ mode: DifferentiationMode) throws -> Node {
        try scanned.slope(of: value, mode) { $0 == variable }
      }
      let first = try slope(of: scanned.loss, .reverse)
      nodes += try [first, slope(of: scanned.loss, .forward), slope(of: first, .reverse)]
      let derivatives = scanned.derivatives { $0 == variable }
      expected += [derivatives[1], derivatives[1], derivatives[2]]
    }
    for (number, (value, right)) in zip(try scanned.values(of: nodes), expected).enumerated() {
      #expect(
        (value - right).magnitude <= 1e-11 * max(1, right.magnitude),
        "derivative \(number % 3) by variable \(number / 3): \(value), not \(right)")
    }
  }

  @Test(arguments: [ScanForm.map, .layers, .circle, .whole])
  func `third derivatives are those of the loop by any modes`(form: ScanForm) throws {
    try check(ScannedForm(form, length: 3), [[.reverse, .reverse, .reverse], [.forward, .reverse, .forward]])
  }

  /// What a program may do with a scan.
  private static let options: [Program.Options] = {
    var apart = Program.Options(reusesBuffers: false)
    apart.fusesElementwise = false
    apart.unitWork = 0
    return [
      Program.Options(), Program.Options(accumulation: .arrivalOrder), apart, Program.Options(checkpointing: ["loop"]),
    ]
  }()

  @Test(arguments: ScanForm.allCases, [3, 2 * ChunkedScan.fewestSteps + 1])
  func `a program's gradients are the loop's, whatever its options are`(form: ScanForm, length: Int) throws {
    let scanned = ScannedForm(form, length: length)
    let expected = scanned.derivatives()
    for options in Self.options {
      let (loss, slope) = try scanned.step(options)
      #expect((loss - expected[0]).magnitude <= 1e-12 * max(1, expected[0].magnitude))
      #expect((slope - expected[1]).magnitude <= 1e-11 * max(1, expected[1].magnitude), "\(slope), not \(expected[1])")
    }
  }

  /// Rows of one element more than a multiple of what memory is rounded to.
  @Test(arguments: ScanForm.allCases, [ElementType.float32, .float64])
  func `values of a step that end just behind a boundary of memory stay apart`(form: ScanForm, type: ElementType) throws
  {
    for length in [2, 3] {
      try check(
        ScannedForm(form, length: length, width: 17, type), [[.reverse], [.forward]],
        within: type == .float64 ? 1e-11 : 1e-4)
    }
  }

  @Test(arguments: ScanForm.allCases, [false, true])
  func `the definition of a scan is the loop`(form: ScanForm, isReversed: Bool) throws {
    let scanned = ScannedForm(form, length: 3, isReversed: isReversed)
    let defined = try ReferenceEngine(scanned.graph).run(feeding: scanned.fed)
    let loss = try #require(defined[scanned.loss]).values[0], expected = scanned.derivatives()[0]
    #expect((loss - expected).magnitude <= 1e-12 * max(1, expected.magnitude), "\(loss), not \(expected)")
  }

  @Test func `a state of more parts than loops are looked for in is one loop`() throws {
    try check(ScannedForm(.many, length: 3, width: 1), [[.reverse], [.forward]])
  }
}
