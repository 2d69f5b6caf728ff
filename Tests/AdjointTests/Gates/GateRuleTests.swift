import Testing

@testable import Adjoint

/// What each gate accepts and gives, and what it refuses: shapes at the bounds of its rule and one beyond, types,
/// numbers of operands.
@Suite(.timeLimit(.minutes(20))) struct GateRuleTests {
  struct Rule: Sendable, CustomTestStringConvertible {
    let gate: any Gate
    /// What it makes of operands of these shapes; `nil` if it refuses them.
    let cases: [(inputs: [Shape], result: Shape?)]
    var testDescription: String { "\(type(of: gate).name) \(gate)" }

    init(_ gate: any Gate, _ cases: ([Shape], Shape?)...) {
      (self.gate, self.cases) = (gate, cases.map { ($0.0, $0.1) })
    }
  }

  private static func window(
    _ extents: Extents2D, stride: Extents2D = 1, padding: Extents2D = 0
  ) -> PoolingWindow {
    PoolingWindow(extents, stride: stride, padding: padding)
  }

  static let moving: [Rule] = [
    Rule(
      Slice(starts: [1, 0], extents: [2, 3]), ([[3, 3]], [2, 3]), ([[4, 3]], [2, 3]), ([[2, 3]], nil),
      ([[3, 2]], nil), ([[3]], nil), ([[3, 3, 1]], nil)),
    Rule(Slice(starts: [0], extents: [1]), ([[1]], [1]), ([[]], nil)),
    Rule(Slice(starts: [-1], extents: [2]), ([[3]], nil)),
    Rule(Slice(starts: [1], extents: [0]), ([[3]], nil)),
    Rule(Slice(starts: [0], extents: [1, 1]), ([[1]], nil)),
    Rule(
      Pad(starts: [1, 0], result: [3, 3]), ([[2, 3]], [3, 3]), ([[1, 3]], [3, 3]), ([[3, 3]], nil), ([[2, 4]], nil),
      ([[3]], nil)),
    Rule(Pad(starts: [-1], result: [3]), ([[1]], nil)),
    Rule(
      Concatenate(axis: 1), ([[2, 3], [2, 1]], [2, 4]), ([[2, 3]], [2, 3]), ([[2, 3], [3, 3]], nil),
      ([[2, 3], [2, 3], [1, 3]], nil), ([[2, 3], [2]], nil), ([[2, 3], [2, 3, 1]], nil), ([[2]], nil), ([], nil)),
    Rule(Concatenate(axis: -1), ([[2, 3], [2, 3]], [2, 6])), Rule(Concatenate(axis: -3), ([[2, 3], [2, 3]], nil)),
    Rule(
      SpliceRows(pieces: [.init(rows: 0..<2, start: 0), .init(rows: 1..<3, start: 2)], rowCount: 4),
      ([[2, 5], [3, 5]], [4, 5]), ([[1, 5], [3, 5]], nil), ([[2, 5], [2, 5]], nil), ([[2, 5], [3, 4]], nil),
      ([[2, 5], []], nil), ([[2, 5]], nil)),
    Rule(SpliceRows(pieces: [.init(rows: 0..<2, start: 3)], rowCount: 4), ([[2]], nil)),
    Rule(
      SpliceRows(pieces: [.init(rows: 0..<2, start: 0), .init(rows: 0..<2, start: 1)], rowCount: 4),
      ([[2], [2]], nil)),
    Rule(
      SumOfPads(axis: 1, starts: [1, 3], extent: 5), ([[4, 2], [4, 1]], [4, 5]), ([[4, 2], [4, 2]], [4, 5]),
      ([[4, 3], [4, 1]], nil), ([[4, 2], [4, 3]], nil), ([[4, 2], [3, 1]], nil), ([[4], [4]], nil), ([[4, 2]], nil)),
    Rule(SumOfPads(axis: 0, starts: [-1], extent: 5), ([[2]], nil)),
    Rule(
      Transpose([1, 2, 0]), ([[2, 3, 4]], [3, 4, 2]), ([[2, 3]], nil), ([[2, 3, 4, 1]], nil), ([[2, 3, 4], [1]], nil)),
    Rule(Cast(to: .int32), ([[2, 3]], [2, 3]), ([[]], []), ([[2], [2]], nil), ([], nil)),
    Rule(Transpose([0, 0]), ([[2, 2]], nil)), Rule(Transpose([1, 2]), ([[2, 2]], nil)),
    Rule(Reshape([2, 3]), ([[6]], [2, 3]), ([[3, 2]], [2, 3]), ([[5]], nil), ([[7]], nil), ([[]], nil)),
    Rule(
      Broadcast(to: [2, 3]), ([[3]], [2, 3]), ([[2, 1]], [2, 3]), ([[]], [2, 3]), ([[2]], nil), ([[4]], nil),
      ([[1, 2, 3]], nil), ([[2, 2, 3]], nil)),
    Rule(Broadcast(to: [1, 3]), ([[2, 3]], nil)),
    Rule(
      GatherRows(), ([[4, 3], [2, 5]], [2, 5, 3]), ([[4], []], []), ([[], [2]], nil), ([[4, 3]], nil)),
    Rule(
      ScatterAddRows(rowCount: 4), ([[2, 5, 3], [2, 5]], [4, 3]), ([[2, 5], [2, 5]], [4]), ([[2, 5], [5]], nil),
      ([[2], [2, 5]], nil)),
    Rule(
      ReplaceRows(), ([[4, 3], [2, 5, 3], [2, 5]], [4, 3]), ([[4], [], []], [4]), ([[4, 3], [2], [2]], nil),
      ([[], [2], [2]], nil)),
    Rule(OneHot(classes: 4), ([[2, 3]], [2, 3, 4]), ([[]], [4]), ([[2], [2]], nil)),
    Rule(StopGradient(), ([[2, 3]], [2, 3])),
  ]

  static let summing: [Rule] = [
    Rule(Sum(axes: [0, 2]), ([[2, 3, 4]], [3]), ([[2, 3]], nil), ([[2, 3, 4], [1]], nil)),
    Rule(Sum(axes: [1], keepsAxes: true), ([[2, 3]], [2, 1]), ([[2]], nil)),
    Rule(Mean(axes: [1]), ([[2, 3]], [2]), ([[2]], nil)),
    Rule(MaximumOverAxes(axes: [1]), ([[2, 3]], [2]), ([[2]], nil)),
    Rule(EuclideanNorm(axes: [1]), ([[2, 3]], [2]), ([[2]], nil)),
    Rule(MeanSquare(axes: [1]), ([[2, 3]], [2]), ([[2]], nil)),
    Rule(SquaredNorm(axes: [1], keepsAxes: false), ([[2, 3]], [2]), ([[2]], nil)),
    Rule(ScaledNorm(axes: [1]), ([[2, 3]], [2, 1]), ([[2]], nil)),
    Rule(ScaledMeanSquare(axes: [1]), ([[2, 3]], [2, 1]), ([[2]], nil)),
    Rule(Argmax(axis: 1), ([[2, 3, 4]], [2, 4]), ([[2]], nil), ([[]], nil)),
    Rule(Adjoint.CumulativeSum(axis: 1), ([[2, 3]], [2, 3]), ([[2]], nil)),
    Rule(CumulativeProduct(axis: 1), ([[2, 3]], [2, 3]), ([[2]], nil), ([[2, 3], [2, 3]], nil)),
    Rule(
      LinearRecurrence(axis: 1, fromTheEnd: false, factorsBehind: false), ([[2, 3], [2, 3]], [2, 3]),
      ([[2, 3], [2, 1]], nil), ([[2], [2]], nil), ([[2, 3]], nil)),
    Rule(
      Matmul(), ([[2, 3], [3, 4]], [2, 4]), ([[2, 3], [4, 3]], nil), ([[2, 4], [3, 4]], nil), ([[3], [3, 4]], nil),
      ([[2, 3], [3]], nil), ([[5, 1, 2, 3], [6, 3, 4]], [5, 6, 2, 4]), ([[5, 2, 3], [6, 3, 4]], nil), ([[2, 3]], nil)),
    Rule(Matmul(transposeA: true), ([[3, 2], [3, 4]], [2, 4]), ([[2, 3], [3, 4]], nil)),
    Rule(Matmul(transposeB: true), ([[2, 3], [4, 3]], [2, 4]), ([[2, 3], [3, 4]], nil)),
    Rule(
      AccumulateProduct(product: Matmul()), ([[2, 4], [2, 3], [3, 4]], [2, 4]), ([[2, 3], [2, 3], [3, 4]], nil),
      ([[1, 4], [2, 3], [3, 4]], nil), ([[2, 3], [3, 4]], nil)),
    Rule(Accumulate(), ([[2, 3], [2, 3]], [2, 3]), ([[2, 3], [3]], nil), ([[2, 3], [2, 3], [2, 1]], nil)),
    Rule(AddIntegers(), ([[2, 3], [3]], [2, 3]), ([[2, 3], [2]], nil)),
    Rule(Multiply(), ([[2, 1], [3]], [2, 3]), ([[2, 3], [2]], nil), ([[2, 3]], nil), ([[2], [2], [2]], nil)),
    Rule(Select(), ([[2, 1], [3], []], [2, 3]), ([[2], [3], []], nil), ([[2], [2]], nil)),
    Rule(Exponential(), ([[2, 3]], [2, 3]), ([[2], [2]], nil), ([], nil)),
    Rule(
      CircularConvolution(origin: 1), ([[2, 4], [2, 4]], [2, 4]), ([[2, 4], [2, 2]], [2, 4]),
      ([[2, 4], [2, 5]], nil),
      ([[2, 4], [2, 1]], nil), ([[2, 4], [1, 2]], nil), ([[2, 4], [2]], nil), ([[], []], nil)),
    Rule(CircularConvolution(origin: -1), ([[4], [2]], nil)),
    Rule(
      CircularCorrelation(taps: 3, origin: 2), ([[2, 3], [2, 3]], [2, 3]), ([[2, 2], [2, 2]], nil),
      ([[2, 4], [2, 3]], nil), ([[], []], nil)),
    Rule(CircularCorrelation(taps: 3, origin: 3), ([[4], [4]], nil)),
    Rule(CircularCorrelation(taps: 0), ([[4], [4]], nil)),
  ]

  static let rows: [Rule] = [
    Rule(ArgSort(isDescending: true), ([[2, 3]], [2, 3]), ([[4]], [4]), ([[]], nil), ([[2], [2]], nil), ([], nil)),
    Rule(Softmax(), ([[2, 3]], [2, 3]), ([[]], nil)), Rule(LogSoftmax(), ([[2, 3]], [2, 3]), ([[]], nil)),
    Rule(LogSumExp(), ([[2, 3]], [2]), ([[3]], []), ([[]], nil), ([[2], [2]], nil)),
    Rule(SoftmaxGradient(), ([[2, 3], [2, 3]], [2, 3]), ([[2, 3], [3]], nil), ([[], []], nil)),
    Rule(Centred(), ([[2, 3], [2, 3]], [2, 3]), ([[2, 3], [2, 1]], nil)),
    Rule(LogSoftmaxGradient(), ([[2, 3], [2, 3]], [2, 3]), ([[2, 3], [3, 2]], nil)),
    Rule(
      CrossEntropy(), ([[2, 5, 3], [2, 5]], [2, 5]), ([[3], []], []), ([[2, 3], [3]], nil), ([[2, 3], [2, 1]], nil),
      ([[2, 3], [2, 3]], nil), ([[], []], nil)),
    Rule(
      CrossEntropyGradient(), ([[2], [2, 3], [2]], [2, 3]), ([[3], [2, 3], [2]], nil), ([[2], [2, 3], [3]], nil),
      ([[2, 1], [2, 3], [2]], nil)),
    Rule(SoftCrossEntropy(), ([[2, 3], [2, 3]], [2]), ([[2, 3], [3]], nil), ([[], []], nil)),
    Rule(
      LogProbability(entry: 2, isLoss: true, result: [2]), ([[2, 3]], [2]), ([[2, 2]], nil), ([[3, 3]], nil),
      ([[1, 3]], nil)),
    Rule(LogProbability(entry: -1, isLoss: false, result: []), ([[3]], nil)),
    Rule(
      Dropout(rate: 0.5, seed: 1, stream: 1), ([[2, 3], []], [2, 3]), ([[2, 3], [1]], nil), ([[2, 3]], nil)),
    Rule(Dropout(rate: 0, seed: 1, stream: 1), ([[2], []], [2])),
    Rule(Dropout(rate: 1, seed: 1, stream: 1), ([[2], []], nil)),
    Rule(Dropout(rate: -0.1, seed: 1, stream: 1), ([[2], []], nil)),
    Rule(Dropout(rate: .nan, seed: 1, stream: 1), ([[2], []], nil)),
    Rule(ChannelWindowSum(radius: 0), ([[2, 3]], [2, 3]), ([[2, 3, 4, 5]], [2, 3, 4, 5]), ([[3]], nil)),
    Rule(ChannelWindowSum(radius: -1), ([[2, 3]], nil)),
  ]

  static let windows: [Rule] = [
    Rule(
      Convolution(), ([[2, 3, 5, 4], [6, 3, 5, 2]], [2, 6, 1, 3]), ([[2, 3, 5, 4], [6, 3, 6, 2]], nil),
      ([[2, 3, 5, 4], [6, 3, 5, 5]], nil), ([[2, 3, 5, 4], [6, 2, 1, 1]], nil), ([[3, 5, 4], [6, 3, 1, 1]], nil),
      ([[2, 3, 5, 4], [6, 3, 1]], nil), ([[2, 3, 5, 4]], nil)),
    Rule(
      Convolution(.init(stride: Extents2D(2, 3), padding: Extents2D(1, 0))),
      ([[1, 1, 5, 7], [1, 1, 3, 2]], [1, 1, 3, 2]),
      ([[1, 1, 1, 8], [1, 1, 3, 2]], [1, 1, 1, 3]), ([[1, 1, 1, 8], [1, 1, 4, 2]], nil)),
    Rule(
      Convolution(.init(dilation: Extents2D(2, 3))), ([[1, 1, 5, 7], [1, 1, 3, 3]], [1, 1, 1, 1]),
      ([[1, 1, 4, 7], [1, 1, 3, 3]], nil), ([[1, 1, 5, 6], [1, 1, 3, 3]], nil)),
    Rule(
      Convolution(.init(groups: 2)), ([[1, 4, 2, 2], [6, 2, 1, 1]], [1, 6, 2, 2]),
      ([[1, 4, 2, 2], [5, 2, 1, 1]], nil),
      ([[1, 5, 2, 2], [6, 2, 1, 1]], nil), ([[1, 4, 2, 2], [6, 4, 1, 1]], nil)),
    Rule(Convolution(.init(groups: 0)), ([[1, 4, 2, 2], [6, 4, 1, 1]], nil)),
    Rule(Convolution(.init(stride: Extents2D(1, 0))), ([[1, 1, 2, 2], [1, 1, 1, 1]], nil)),
    Rule(Convolution(.init(stride: Extents2D(0, 1))), ([[1, 1, 2, 2], [1, 1, 1, 1]], nil)),
    Rule(Convolution(.init(padding: Extents2D(0, -1))), ([[1, 1, 4, 4], [1, 1, 1, 1]], nil)),
    Rule(Convolution(.init(dilation: Extents2D(0, 1))), ([[1, 1, 2, 2], [1, 1, 1, 1]], nil)),
    Rule(Convolution(.init(stride: Extents2D(1 << 24, 1))), ([[1, 1, 2, 2], [1, 1, 1, 1]], [1, 1, 1, 2])),
    Rule(Convolution(.init(stride: Extents2D(1 << 24 + 1, 1))), ([[1, 1, 2, 2], [1, 1, 1, 1]], nil)),
    Rule(
      ConvolutionInputGradient(.init(stride: 2), image: Extents2D(6, 5)),
      ([[2, 4, 2, 2], [4, 3, 3, 2]], [2, 3, 6, 5]),
      ([[2, 4, 3, 2], [4, 3, 3, 2]], nil), ([[2, 4, 4, 1], [4, 3, 3, 2]], nil), ([[2, 4, 2, 1], [4, 3, 3, 2]], nil),
      ([[2, 5, 2, 2], [4, 3, 3, 2]], nil),
      ([[4, 2, 2], [4, 3, 3, 2]], nil)),
    Rule(
      ConvolutionKernelGradient(.init(groups: 2), kernel: Extents2D(2, 3)),
      ([[2, 4, 3, 4], [2, 6, 2, 2]], [6, 2, 2, 3]),
      ([[2, 4, 3, 4], [2, 5, 2, 2]], nil), ([[2, 4, 3, 4], [1, 6, 2, 2]], nil), ([[2, 4, 3, 4], [2, 6, 2, 3]], nil),
      ([[2, 3, 3, 4], [2, 6, 2, 2]], nil)),
    Rule(
      MaxPool(window(Extents2D(2, 3), stride: Extents2D(1, 2))), ([[2, 3, 2, 3]], [2, 3, 1, 1]),
      ([[2, 3, 4, 6]], [2, 3, 3, 2]), ([[2, 3, 1, 3]], nil), ([[2, 3, 2, 2]], nil), ([[3, 2, 3]], nil)),
    Rule(MaxPool(window(2, padding: Extents2D(1, 0))), ([[1, 1, 1, 2]], [1, 1, 2, 1])),
    Rule(MaxPool(window(2, padding: Extents2D(2, 0))), ([[1, 1, 3, 3]], nil)),
    Rule(MaxPool(window(2, padding: Extents2D(0, 2))), ([[1, 1, 3, 3]], nil)),
    Rule(MaxPool(window(Extents2D(0, 1))), ([[1, 1, 3, 3]], nil)),
    Rule(MaxPool(window(2, stride: 0)), ([[1, 1, 3, 3]], nil)),
    Rule(
      MaxPoolGradient(window(2)), ([[2, 3, 3, 2], [2, 3, 4, 3]], [2, 3, 4, 3]), ([[2, 3, 4, 3], [2, 3, 4, 3]], nil),
      ([[2, 3, 3, 2], [2, 4, 4, 3]], nil)),
    Rule(
      MaxPoolSelection(window(2)), ([[2, 3, 4, 3], [2, 3, 4, 3]], [2, 3, 3, 2]), ([[2, 3, 3, 2], [2, 3, 4, 3]], nil)),
    Rule(AveragePool(window(2)), ([[2, 3, 4, 3]], [2, 3, 3, 2]), ([[2, 3, 1, 3]], nil)),
    Rule(
      AveragePoolGradient(window(2), image: Extents2D(4, 3)), ([[2, 3, 3, 2]], [2, 3, 4, 3]), ([[2, 3, 2, 2]], nil),
      ([[2, 3, 3, 3]], nil), ([[3, 3, 2]], nil)),
  ]

  private func check(_ rule: Rule) {
    for (inputs, expected) in rule.cases {
      let result = try? rule.gate.shape(inputs)
      #expect(result == expected, "of \(inputs)")
    }
  }

  @Test(arguments: moving) func `what moves elements accepts shapes up to its bounds and none beyond`(rule: Rule) {
    check(rule)
  }
  @Test(arguments: summing) func `what sums and multiplies accepts shapes that fit and no others`(rule: Rule) {
    check(rule)
  }
  @Test(arguments: rows) func `what works on rows and channels accepts shapes that fit and no others`(rule: Rule) {
    check(rule)
  }
  @Test(arguments: windows) func `what works on windows accepts shapes up to its bounds and none beyond`(rule: Rule) {
    check(rule)
  }

  @Test func `each gate of the catalogue with operands has a rule here, or is elementwise`() {
    let ruled = (Self.moving + Self.summing + Self.rows + Self.windows).map { type(of: $0.gate).name }
    let missing = GateCatalog.all.filter { gate in
      !(gate is any ElementwiseGate.Type) && gate.samples.contains { !$0.operands.isEmpty }
        && !ruled.contains(gate.name)
    }
    #expect(missing.map { $0.name } == [ScanPart.name])
  }

  @Test(arguments: GateCatalog.all) func `an operand too few or too many is refused`(gate: any SampledGate.Type) {
    for sample in gate.samples where !sample.operands.isEmpty {
      let shapes = sample.operands.map(\.shape)
      #expect((try? sample.gate.shape(shapes)) != nil, "\(sample)")
      if gate == Accumulate.self || gate == Concatenate.self || gate == ScanPart.self { continue }
      #expect((try? sample.gate.shape(shapes + [shapes[0]])) == nil, "\(sample)")
      #expect((try? sample.gate.shape(Array(shapes.dropLast()))) == nil, "\(sample)")
    }
  }

  /// Gates that only show or move elements, of any type.
  private static let ofAnyType: [any SampledGate.Type] = [
    Broadcast.self, Reshape.self, Slice.self, Pad.self, Transpose.self, Concatenate.self, GatherRows.self, Cast.self,
    StopGradient.self,
  ]

  @Test(arguments: GateCatalog.all) func `operands of one float type give it, and others are refused`(
    gate: any SampledGate.Type
  ) {
    for sample in gate.samples where !sample.operands.isEmpty {
      for type in [ElementType.float32, .float64] {
        let types = sample.operands.map { $0.isDifferentiable ? type : .int32 }
        let result = try? sample.gate.elementType(types)
        switch sample.gate {
        case is Argmax, is ArgSort, is AddIntegers: #expect(result == .int32)
        case let gate as OneHot: #expect(result == gate.result)
        case let gate as Cast: #expect(result == gate.result)
        default: #expect(result == type, "\(sample)")
        }
        for position in types.indices {
          for other in ElementType.allCases where other != types[position] {
            var mixed = types
            mixed[position] = other
            let isIndexed = types.count > 1 && types.contains(.int32) && !types.allSatisfy { $0 == .int32 }
            let isAlone = types.count == 1 || isIndexed && types.filter { $0 != .int32 }.count == 1
            let isOperand = !isIndexed || types[position] != .int32
            let fits = other.hasArithmetic && types[position].hasArithmetic || Self.ofAnyType.contains { $0 == gate }
            let given = try? sample.gate.elementType(mixed)
            #expect((given != nil) == (isAlone && isOperand && fits), "operand \(position) of \(sample) as \(other)")
          }
        }
      }
    }
  }
}
