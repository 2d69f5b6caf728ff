import AdjointTesting
import Testing

@testable import Adjoint

/// Scans whose steps cast one floating-point type to another are the graph in which the steps follow one another.
@Suite(.timeLimit(.minutes(20))) struct CastingScanTests {
  /// A step in several types, in arithmetic that rounds once an operation, each state being read once.
  enum Form: String, CaseIterable {
    /// Everything is held as float32 and computed as float64.
    case wideInside
    /// A sum in float64 of what is float32, and the rest of the step.
    case wideState
    /// Everything is held as float16.
    case halves
    /// Two loops of two types, one of which reads the other, and weights of both.
    case twoStates
    /// A loop of two types.
    case circle
    /// A gate that has no lanes keeps all of it in one loop.
    case whole
    /// The same, held as float16: its gradients grow in the state.
    case wholeHalves
    /// No state.
    case map

    /// The types of the parts of the state, of the sequences and of the weights.
    var types: (state: [ElementType], elements: [ElementType], weights: [ElementType]) {
      switch self {
      case .wideInside: ([.float32], [.float32], [.float32])
      case .wideState: ([.float64], [.float32], [.float64])
      case .halves: ([.float16], [.bfloat16], [.float16])
      case .twoStates: ([.float32, .float64], [.float64], [.float32, .float64])
      case .circle: ([.float32, .float64], [.float32], [.float32])
      case .whole: ([.float32], [.float64], [.float64])
      case .wholeHalves: ([.float16], [.float32], [.float16])
      case .map: ([], [.float32, .float16], [.float64])
      }
    }

    func step(_ state: [Node], _ x: [Node], _ w: [Node]) -> (state: [Node], outputs: [Node]) {
      /// A cubic of a value, so that backward reads it.
      func bent(_ value: Node) -> Node { value - 0.25 * (value * square(value)) }
      switch self {
      case .wideInside:
        let wide = bent(state[0].cast(to: .float64) * w[0].cast(to: .float64) + x[0].cast(to: .float64))
        let next = wide.cast(to: .float32)
        return ([next], [next, wide])
      case .wideState:
        let wide = x[0].cast(to: .float64)
        let next = state[0] + wide * w[0]
        return ([next], [bent(x[0]), next.cast(to: .float32)])
      case .halves, .wholeHalves:
        let element = self == .halves ? x[0].cast(to: .float32) : x[0].cumulativeSum()
        let wide = bent(state[0].cast(to: .float32) * w[0].cast(to: .float32) + element)
        let next = wide.cast(to: .float16)
        return ([next], [next, wide])
      case .twoStates:
        let first = bent(state[0] * w[0]) + x[0].cast(to: .float32)
        let second = bent(state[1] * w[1] + first.cast(to: .float64))
        return ([first, second], [second, first])
      case .circle:
        let second = state[1].cast(to: .float32) * w[0]
        return ([bent(second + x[0]), bent(0.5 * state[0].cast(to: .float64))], [second])
      case .whole:
        let wide = bent(state[0].cast(to: .float64) * w[0] + x[0].cumulativeSum())
        let next = wide.cast(to: .float32)
        return ([next], [wide])
      case .map:
        let wide = x[0].cast(to: .float64) * w[0] + x[1].cast(to: .float64)
        return ([], [bent(wide).cast(to: .float32), bent(wide).cast(to: .float16)])
      }
    }
  }

  /// One form for so many steps, as a scan or step after step, with what is compared.
  private struct Run {
    let graph = Graph()
    var variables: [Node] = []
    /// What has the same bits whether it is a scan or not, and sums over all steps, which may be added up in another
    /// order.
    var exact: [Node] = [], sums: [Node] = []
    var state: [Node] = [], outputs: [Node] = []

    init(_ form: Form, steps: Int, isReversed: Bool, isScan: Bool) throws {
      let types = form.types, graph = graph, row: Shape = [3]
      let state = types.state.enumerated().map { graph.input("state\($0)", row, $1) }
      let x = types.elements.enumerated().map { graph.input("x\($0)", [steps, 3], $1) }
      let w = types.weights.enumerated().map { graph.input("w\($0)", row, $1) }
      variables = state + x + w
      if isScan {
        let run = graph.scan(over: x, from: state, reversed: isReversed) { form.step($0, $1, w) }
        (self.state, outputs) = (run.state, run.outputs)
      } else {
        var last = state, all = [[Node]](repeating: [], count: steps)
        for time in isReversed ? Array((0..<steps).reversed()) : Array(0..<steps) {
          let step = form.step(last, x.map { $0.sliced(time..<time + 1).reshaped(row) }, w)
          (last, all[time]) = (step.state, step.outputs)
        }
        self.state = last
        outputs = all[0].indices.map { output in concatenate(all.map { $0[output].reshaped([1, 3]) }) }
      }
      let results = self.state + outputs
      let upstream = results.enumerated().map { graph.numbers($1.shape, $1.elementType, seed: 40 + $0) }
      let gradients = try graph.gradients(of: results, upstream: upstream, withRespectTo: variables)
        .map { try #require($0) }
      let directions = variables.enumerated().map { graph.numbers($1.shape, $1.elementType, seed: 70 + $0) }
      let tangents = try graph.jacobianVectorProduct(of: results, along: directions, withRespectTo: variables)
        .map { try #require($0) }
      #expect(zip(gradients, variables).allSatisfy { $0.signature == $1.signature })
      #expect(zip(tangents, results).allSatisfy { $0.signature == $1.signature })
      // A scan adds up what is the same in every step; differentiated once more, other sums follow.
      let firstWeight = state.count + x.count
      exact = results + tangents + gradients.prefix(firstWeight)
      sums = Array(gradients.suffix(w.count))
      for gradient in gradients.prefix(firstWeight) where gradient.elementType.hasArithmetic {
        let slope = (gradient * graph.numbers(gradient.shape, gradient.elementType, seed: 90)).sum()
        // Where nothing moves it, a scan may give zeros.
        sums += zip(try graph.gradients(of: [slope], withRespectTo: variables), variables).map {
          $0 ?? graph.constant(0, $1.shape, $1.elementType)
        }
      }
    }

    var fed: [Node: ReferenceTensor] {
      Dictionary(
        uniqueKeysWithValues: variables.enumerated().map { number, node in
          let values = CastingScanTests.numbers(node.shape.elementCount, seed: number)
          return (node, ReferenceTensor(node.shape, node.elementType, values))
        })
    }

    func values(of nodes: [Node], _ options: Program.Options = Program.Options()) throws -> [ReferenceTensor] {
      let session = try Program(nodes, options: options).makeSession()
      for (variable, value) in fed {
        do { try session.write(value, to: variable) } catch SessionError.notInProgram {}
      }
      try session.forward()
      return try nodes.map { try session.referenceValue(of: $0) }
    }
  }

  /// Numbers between −0.6 and 0.6 that look like nothing in particular.
  fileprivate static func numbers(_ count: Int, seed: Int) -> [Double] {
    (0..<count).map { (Double(($0 * 53 + seed * 29 + ($0 + seed) * ($0 + seed) * 7) % 121) - 60) / 100 }
  }

  private func isNear(_ a: ReferenceTensor, _ b: ReferenceTensor, _ type: ElementType) -> Bool {
    a.shape == b.shape && a.elementType == b.elementType
      && zip(a.values, b.values).allSatisfy { ($0 - $1).magnitude <= 16 * type.ulpOfOne * max(1, $1.magnitude) }
  }

  @Test(arguments: Form.allCases, 1...5)
  func `values, tangents and gradients are those of the steps one after the other`(form: Form, steps: Int) throws {
    let types = form.types
    // Sums of second derivatives go through the narrowest of the types.
    let narrowest = (types.state + types.elements + types.weights).min { $0.precision < $1.precision }!
    for isReversed in [false, true] {
      let scan = try Run(form, steps: steps, isReversed: isReversed, isScan: true)
      let unrolled = try Run(form, steps: steps, isReversed: isReversed, isScan: false)
      let (own, other) = (try scan.values(of: scan.exact), try unrolled.values(of: unrolled.exact))
      #expect(own.count == other.count)
      for (number, (own, other)) in zip(own, other).enumerated() {
        #expect(own.firstDifference(from: other) == nil, "result \(number), reversed: \(isReversed)")
      }
      let (ownSums, sums) = (try scan.values(of: scan.sums), try unrolled.values(of: unrolled.sums))
      #expect(ownSums.count == sums.count)
      for (number, (own, other)) in zip(ownSums, sums).enumerated() {
        #expect(isNear(own, other, narrowest), "sum \(number), reversed: \(isReversed): \(own), not \(other)")
      }
    }
  }

  @Test(arguments: Form.allCases, [false, true])
  func `the definition of a scan is what a program computes, and so is all of it in one`(
    form: Form, isReversed: Bool
  ) throws {
    let scan = try Run(form, steps: 3, isReversed: isReversed, isScan: true)
    let packed = scan.outputs[0].inputs[0]
    let nodes = scan.exact + [packed]
    let defined = try ReferenceEngine(scan.graph).run(feeding: scan.fed)
    for (node, value) in zip(nodes, try scan.values(of: nodes)) {
      let expected = try #require(defined[node])
      #expect(value.firstDifference(from: expected) == nil, "\(node)")
    }
  }

  @Test(arguments: [Form.twoStates, .halves, .circle, .wholeHalves])
  func `a long scan is the same however it is compiled`(form: Form) throws {
    let steps = 2 * ChunkedScan.fewestSteps + 1
    let scan = try Run(form, steps: steps, isReversed: false, isScan: true)
    let nodes = scan.exact + scan.sums
    let expected = try scan.values(of: nodes)
    var apart = Program.Options(reusesBuffers: false)
    apart.fusesElementwise = false
    apart.unitWork = 0
    for (value, expected) in zip(try scan.values(of: nodes, apart), expected) {
      #expect(value.firstDifference(from: expected) == nil)
    }
    // Gradients that were added up in float16 at each step would have lost their last digits.
    let unrolled = try Run(form, steps: steps, isReversed: false, isScan: false)
    func weightGradients(_ run: Run) throws -> [ReferenceTensor] {
      try run.values(of: Array(run.sums.prefix(form.types.weights.count)))
    }
    for (own, other) in zip(try weightGradients(scan), try weightGradients(unrolled)) {
      #expect(isNear(own, other, own.elementType), "\(own), not \(other)")
    }
  }

  @Test func `a part of another type than what is packed is cast from where it lies`() throws {
    let graph = Graph()
    let packed = graph.input("packed", [9], .float64)
    let parts = [ElementType.float32, .float16, .int32].map { type in
      graph.apply(ScanPart(start: 2, result: [2, 3], type: type), to: [packed])
    }
    let values = ReferenceTensor([9], .float64, (0..<9).map { Double($0) / 3 })
    let defined = try ReferenceEngine(graph).run(feeding: [packed: values])
    for division in [nil, Division.finest] {
      var options = Program.Options()
      options.division = division
      let session = try Program(parts, options: options).makeSession()
      try session.write(values, to: packed)
      try session.forward()
      for part in parts {
        let expected = try #require(defined[part])
        #expect(try session.referenceValue(of: part).firstDifference(from: expected) == nil)
      }
    }
  }

  @Test func `an output of integers is refused with its type`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let line: UInt = #line + 1
    let run = graph.scan(over: [x], from: []) { _, x in (state: [], outputs: [x[0].cast(to: .int32)]) }
    let error = #expect(throws: GraphError.self) { try Program(run.outputs) }
    #expect(error?.description.contains("the outputs of a scan are floats, and this one is int32: cast it") == true)
    #expect(error.map { "\($0.location)".hasSuffix(":\(line)") } == true)
  }
}

extension Node {
  fileprivate var signature: Signature { Signature(elementType: elementType, shape: shape) }
}

extension Graph {
  fileprivate func numbers(_ shape: Shape, _ type: ElementType, seed: Int) -> Node {
    constant(doubles: CastingScanTests.numbers(shape.elementCount, seed: seed), shape, type)
  }
}
