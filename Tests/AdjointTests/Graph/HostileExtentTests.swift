import AdjointTesting
import Testing

@testable import Adjoint

/// No extent, size or number of steps ends the process: each is computed with, or is an error that names the user's
/// line.
@Suite(.timeLimit(.minutes(20))) struct HostileExtentTests {
  struct Size: Sendable, CustomTestStringConvertible {
    let name: String, line: UInt
    let accepted: Set<Int>
    let node: @Sendable (Graph, Int) -> Node
    var testDescription: String { name }

    /// - Parameter accepted: the sizes among ``sizes`` that make sense here.
    init(
      _ name: String, accepting accepted: Set<Int> = [], line: UInt = #line,
      _ node: @escaping @Sendable (Graph, Int) -> Node
    ) {
      (self.name, self.accepted, self.line, self.node) = (name, accepted, line, node)
    }
  }

  private static let sizes = [Int.min, -1, 0, 1 << 48 + 1, 1 << 62, Int.max]

  private static func images(_ graph: Graph) -> Node { graph.input("images", [2, 4, 4, 4]) }
  private static func convolved(_ graph: Graph, _ window: ConvolutionWindow, line: UInt = #line) -> Node {
    graph.apply(Convolution(window), to: [images(graph), graph.input("kernels", [4, 4, 2, 2])], line: line)
  }
  private static func labels(_ graph: Graph) -> Node { graph.input("labels", [3], .int32) }
  private static func x(_ graph: Graph) -> Node { graph.input("x", [4, 4]) }

  static let table = [
    Size("input") { $0.input("a", [2, $1]) },
    Size("parameter of zeros") { $0.parameter("a", [$1]) },
    Size("parameter, drawn") { $0.parameter("a", [$1, 2], .glorotUniform(seed: 1)) },
    Size("parameter, given") { $0.parameter("a", [$1], .values([1, 2] as [Float])) },
    Size("kernels") { $0.parameter("a", [$1, 2, $1, 3], Initializer.heNormal(seed: 1).forKernels) },
    Size("constant") { $0.constant(1, [$1]) },
    Size("constant, given") { $0.constant([1, 2] as [Float], [$1]) },
    Size("reshape") { x($0).reshaped([$1, 4]) },
    Size("reshape twice") { x($0).reshaped([$1, $1]) },
    Size("broadcast") { $0.input("one", [1]).broadcast(to: [$1]) },
    Size("broadcast twice") { $0.input("one", [1]).broadcast(to: [$1, $1]) },
    Size("slice, extent") { $0.apply(Slice(starts: [1, 0], extents: [$1, 4]), to: [x($0)]) },
    Size("slice, start", accepting: [0]) { $0.apply(Slice(starts: [$1, 0], extents: [3, 4]), to: [x($0)]) },
    Size("slice, both") { $0.apply(Slice(starts: [$1, 0], extents: [$1, 4]), to: [x($0)]) },
    Size("sliced to") { x($0).sliced(min($1, 0)..<max($1, 0)) },
    Size("sliced from") { x($0).sliced($1..<Int.max) },
    Size("sliced along", accepting: [-1, 0]) { x($0).sliced(1..<2, axis: $1) },
    Size("padded before", accepting: [0]) { x($0).padded(front: $1, back: 0) },
    Size("padded after", accepting: [0]) { x($0).padded(front: 1, back: $1) },
    Size("padded on both sides", accepting: [0]) { x($0).padded(front: $1, back: $1, axis: 1) },
    Size("pad, start", accepting: [0]) { $0.apply(Pad(starts: [$1, 0], result: [9, 9]), to: [x($0)]) },
    Size("pad, result") { $0.apply(Pad(starts: [1, 0], result: [$1, 9]), to: [x($0)]) },
    Size("pad, start and result") { $0.apply(Pad(starts: [$1, 1], result: [$1, $1]), to: [x($0)]) },
    Size("place", accepting: [-1, 0]) { x($0)[$1] },
    Size("places from", accepting: [-1, 0]) { x($0)[..., $1...] },
    Size("places to", accepting: [-1]) { x($0)[..<$1] },
    Size("squeezed") { x($0).squeezed(axes: [$1]) },
    Size("expanded", accepting: [-1, 0]) { x($0).expanded(axis: $1) },
    Size("exchanged", accepting: [-1, 0]) { x($0).swappingAxes($1, 1) },
    Size("flipped", accepting: [-1, 0]) { x($0).flipped(axes: [$1]) },
    Size("tiled") { x($0).tiled([$1, 2]) },
    Size("split into") { x($0).split(into: $1)[0] },
    Size("split to sizes") { x($0).split(sizes: [$1, 4])[0] },
    Size("stacked", accepting: [-1, 0]) { stack([x($0)], axis: $1) },
    Size("product along", accepting: [-1, 0]) { x($0).product(axes: [$1]) },
    Size("gathered along", accepting: [-1, 0]) { x($0).gathering($0.input("p", [4, 4], .int32), axis: $1) },
    Size("replaced along", accepting: [-1, 0]) {
      x($0).scattering($0.input("v", [4, 4]), at: $0.input("p", [4, 4], .int32), axis: $1)
    },
    Size("sorted along", accepting: [-1, 0]) { x($0).sorted(axis: $1) },
    Size("greatest") { x($0).topK($1).values },
    Size("part of packed values", accepting: [0]) {
      $0.apply(ScanPart(start: $1, result: [2]), to: [$0.input("p", [8])])
    },
    Size("entries of rows") { $0.apply(LogProbability(entry: 1, isLoss: false, result: [$1, 2]), to: [x($0)]) },
    Size("scatter, rows") { $0.apply(ScatterAddRows(rowCount: $1), to: [$0.input("v", [3, 2]), labels($0)]) },
    Size("one-hot") { oneHot(labels($0), classes: $1) },
    Size("taps") { $0.apply(CircularCorrelation(taps: $1), to: [x($0), $0.input("y", [4, 4])]) },
    Size("origin", accepting: [0]) { circularConvolution(x($0), $0.input("taps", [3]), origin: $1) },
    Size("stride") { convolved($0, ConvolutionWindow(stride: Extents2D(1, $1))) },
    Size("padding", accepting: [0]) { convolved($0, ConvolutionWindow(padding: Extents2D($1, 1))) },
    Size("dilation") { convolved($0, ConvolutionWindow(dilation: Extents2D($1, $1))) },
    Size("groups") { convolved($0, ConvolutionWindow(groups: $1)) },
    Size("all of a window") {
      let all = Extents2D($1, $1)
      return convolved($0, ConvolutionWindow(stride: all, padding: all, dilation: all, groups: $1))
    },
    Size("image of a gradient") {
      let gate = ConvolutionInputGradient(image: Extents2D($1, 4))
      return $0.apply(gate, to: [images($0), $0.input("kernels", [4, 4, 1, 1])])
    },
    Size("groups of a gradient") {
      let gate = ConvolutionInputGradient(ConvolutionWindow(groups: $1), image: 4)
      return $0.apply(gate, to: [images($0), $0.input("kernels", [4, 4, 1, 1])])
    },
    Size("kernel of a gradient") {
      let gate = ConvolutionKernelGradient(kernel: Extents2D($1, $1))
      return $0.apply(gate, to: [images($0), $0.input("upstream", [2, 4, 4, 4])])
    },
    Size("pooling, window") { maxPool(images($0), window: Extents2D($1, 2), stride: 1) },
    Size("pooling, window and stride") { averagePool(images($0), window: Extents2D($1, $1)) },
    Size("pooling, stride") { maxPool(images($0), window: 2, stride: Extents2D(1, $1)) },
    Size("pooling, padding", accepting: [0]) { averagePool(images($0), window: 2, padding: Extents2D($1, 1)) },
    Size("pooling, all") {
      let all = Extents2D($1, $1)
      return averagePool(images($0), window: all, stride: all, padding: all, countsPadding: true)
    },
    Size("image of a pooling's gradient") {
      let window = PoolingWindow(2, stride: 2)
      return $0.apply(AveragePoolGradient(window, image: Extents2D($1, $1)), to: [images($0)])
    },
    Size("radius", accepting: [0, 1 << 48 + 1, 1 << 62, .max]) { localResponseNormalization(images($0), radius: $1) },
    Size("steps") { $0.scan(over: [], from: [x($0)], steps: $1) { s, _ in (s, []) }.state[0] },
    Size("steps with outputs") {
      $0.scan(over: [], from: [x($0)], steps: $1) { s, _ in (state: s, outputs: s) }.outputs[0]
    },
    Size("axis of a sum", accepting: [-1, 0]) { x($0).sum(axes: [$1]) },
    Size("axis of a concatenation", accepting: [-1, 0]) { concatenate([x($0), $0.input("y", [4, 4])], axis: $1) },
    Size("permutation", accepting: [0]) { x($0).transposed([$1, 1]) },
  ]

  @Test(arguments: table) func `a size that makes no sense is an error with the line`(size: Size) throws {
    for extent in Self.sizes {
      let graph = Graph()
      let node = size.node(graph, extent)
      if size.accepted.contains(extent) {
        #expect(throws: Never.self, "\(extent)") { try Program(node) }
      } else {
        let error = #expect(throws: GraphError.self, "\(extent)") { try Program(node) }
        let message = error?.description ?? "no error"
        #expect(error?.kind == .shapeMismatch)
        #expect(names(message, linesFrom: size.line), "\(extent): \(message)")
        // What is computed from a refused node is refused for the same reason, and so is its gradient.
        let later = #expect(throws: GraphError.self) { try Program(exp(node).sum()) }
        #expect(later == error)
        #expect(throws: GraphError.self) { try graph.gradients(of: [node.sum()], withRespectTo: [node]) }
      }
      try expectUsable(graph)
    }
  }

  /// Whether the error is of a gate made on one of the few lines that a row of a table has.
  private func names(_ message: String, linesFrom line: UInt) -> Bool {
    (line..<line + 6).contains { message.contains(" at AdjointTests/HostileExtentTests.swift:\($0): ") }
  }

  /// That a graph takes gates and compiles as if nothing had been refused.
  private func expectUsable(_ graph: Graph) throws {
    let y = graph.input("after", [3])
    let session = try Program(square(y).sum(), gradientsFor: [y]).makeSession()
    try session.write([1, 2, 3] as [Float], to: y)
    try session.step()
    #expect(try session.gradient(of: y, as: Float.self) == [2, 4, 6])
  }

  // MARK: products

  struct Product: Sendable, CustomTestStringConvertible {
    let name: String, line: UInt
    /// What the message says, where other checks behind this one would refuse the sizes for a worse reason.
    let reason: String?
    let node: @Sendable (Graph) throws -> Node
    var testDescription: String { name }

    init(
      _ name: String, saying reason: String? = nil, line: UInt = #line,
      _ node: @escaping @Sendable (Graph) throws -> Node
    ) {
      (self.name, self.reason, self.line, self.node) = (name, reason, line, node)
    }
  }

  private static func ones(_ rank: Int) -> Shape { Shape([Int](repeating: 1, count: rank)) }

  /// Sizes that make sense each, and not together.
  static let products = [
    Product("input") { $0.input("a", [1 << 32, 1 << 32]) },
    Product("reshape") { x($0).reshaped([1 << 32, 1 << 32, 1 << 4]) },
    Product("broadcast") { x($0).broadcast(to: [1 << 31, 1 << 31, 4, 4]) },
    Product("stretching both ways") { maximum($0.input("a", [1 << 31, 1]), $0.input("b", [1, 1 << 33])) },
    Product("matrix product") { $0.input("a", [1 << 31, 1]).matmul($0.input("b", [1, 1 << 31])) },
    Product("batch of products") {
      $0.apply(Matmul(), to: [$0.input("a", [1 << 40, 1, 1]), $0.input("b", [1, 1, 1])])
    },
    Product("concatenation") {
      concatenate([Node](repeating: $0.input("a", [1 << 48]), count: 40_000))
    },
    Product("gathered rows") { $0.input("a", [2, 1 << 40]).gatheringRows($0.input("rows", [1 << 40], .int32)) },
    Product("one-hot") { oneHot($0.input("labels", [1 << 30], .int32), classes: 1 << 40) },
    Product("argmax") { $0.input("a", [1 << 32]).argmax() },
    Product("convolution, products", saying: "takes more than 2^60 products") {
      convolution($0.input("a", [1, 1, 1 << 24, 1 << 24]), $0.input("k", [1, 1, 1 << 23, 1 << 23]))
    },
    Product("convolution, kernel by dilation") {
      let (a, k) = ($0.input("a", [1, 1, 1 << 47, 1]), $0.input("k", [1, 1, 1 << 47, 1]))
      return convolution(a, k, padding: Extents2D(1 << 24, 0), dilation: Extents2D(16_777_216, 1))
    },
    Product("convolution, long kernel", saying: "has at most 16777216 rows and columns") {
      convolution($0.input("a", [1, 1, 1 << 40, 1]), $0.input("k", [1, 1, 1 << 30, 1]))
    },
    Product("convolution, room", saying: "takes more room than any memory has") {
      let window = ConvolutionWindow(stride: 4_096, padding: 16_777_216, dilation: 4_095)
      let operands = [$0.input("a", [1 << 10, 1, 1, 1]), $0.input("k", [1, 1, 1 << 12, 1 << 12])]
      return $0.apply(Convolution(window), to: operands)
    },
    Product("pooling, pixels") {
      let image = $0.input("a", [1, 1, 1 << 47, 1])
      return averagePool(
        image, window: Extents2D(1 << 47, 1 << 24), stride: 1, padding: Extents2D(0, 1 << 23), countsPadding: true)
    },
    Product("triangle") { lowerTriangular(diagonal: $0.input("d", [1 << 33]), below: $0.input("l", [1])) },
    Product("triangle, table") {
      let d = 1 << 20
      return lowerTriangular(diagonal: $0.input("d", [d]), below: $0.input("l", [d * (d - 1) / 2]))
    },
    Product("outputs of a scan", saying: "an output of all steps would have shape") {
      $0.scan(over: [], from: [$0.input("a", [1 << 30])], steps: 1 << 30) { s, _ in (s, s) }.outputs[0]
    },
    Product("results of a scan") {
      $0.scan(over: [], from: [$0.input("a", [1 << 47])], steps: 2) { s, _ in (s, s) }.outputs[0]
    },
    Product("axes") { $0.input("a", ones(33)) },
    Product("axes by reshape") { $0.input("a").reshaped(ones(33)) },
    Product("axes by broadcast") { $0.input("a").broadcast(to: ones(33)) },
    Product("axes by rows") { $0.input("a", ones(17)).gatheringRows($0.input("rows", ones(17), .int32)) },
    Product("axes by labels") { oneHot($0.input("labels", ones(32), .int32), classes: 2) },
    Product("axes by steps") {
      $0.scan(over: [], from: [$0.input("a", ones(32))], steps: 2) { s, _ in (s, s) }.outputs[0]
    },
    Product("Jacobian") {
      let a = $0.input("a", [1 << 25])
      return try $0.jacobian(of: square(a), withRespectTo: a)
    },
    Product("Hessian") {
      let a = $0.input("a", [1 << 32])
      return try $0.hessian(of: square(a).sum(), withRespectTo: a)
    },
    Product("axes of a Jacobian") {
      let a = $0.input("a", ones(32))
      return try $0.jacobian(of: square(a), withRespectTo: a)
    },
  ]

  @Test(arguments: products) func `sizes that do not go together are an error with the line`(product: Product) throws {
    let graph = Graph()
    let error = #expect(throws: GraphError.self) {
      let node = try product.node(graph)
      // Compiling what is not refused in time might take for ever.
      if node.isRefused || product.reason == nil { _ = try Program(node) }
    }
    let message = error?.description ?? "no error"
    #expect(message.contains(product.reason ?? ""), "\(message)")
    #expect(error?.kind == .shapeMismatch)
    #expect(names(message, linesFrom: product.line), "\(message)")
    try expectUsable(graph)
  }

  @Test func `as many axes as there may be are computed with`() throws {
    let graph = Graph()
    // Four axes of two elements, apart from one another.
    let shape = Shape((0..<Shape.mostAxes).map { $0 % 8 == 0 ? 2 : 1 })
    let x = graph.input("x", shape, .float64)
    let moved = x.transposed().cumulativeSum(axis: 7) * x.sum(axes: [0, 8, -8], keepsAxes: true).transposed()
    let pad = Pad(
      starts: shape.dimensions.map { $0 - 1 }, result: Shape(shape.dimensions.map { $0 == 2 ? 3 : 1 }))
    let padded = graph.apply(pad, to: [x]).sliced(1..<2, axis: 24)
    let loss = square(moved).sum() + concatenate([x, x], axis: -1).max() + padded.mean()
    for verdict in try GradientChecker().check(
      loss, withRespectTo: [x],
      at: [x: ReferenceTensor(shape, .float64, (0..<16).map { Double($0 * 7 % 16) / 4 - 2 })])
    {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test(arguments: [1 << 48 + 1, 1 << 62, Int.max]) func `a window tells its result for an image of any size`(
    extent: Int
  ) throws {
    let window = ConvolutionWindow(padding: 16_777_216, dilation: 16_777_216)
    #expect(try window.result(of: Extents2D(extent, 4), under: 1).height >= extent)
    #expect(throws: ShapeError.self) { try window.result(of: Extents2D(extent, 4), under: Extents2D(extent, extent)) }
  }

  @Test func `what is refused within a derivative is an error, not a trap`() throws {
    let graph = Graph()
    let x = graph.input("x", [1 << 30]), w = graph.parameter("w", [1 << 30])
    // The forward scan keeps no step; its gradient would have to keep all of them.
    let run = graph.scan(over: [], from: [x], steps: 1 << 20) { state, _ in (state: [tanh(state[0] * w)], outputs: []) }
    #expect(throws: Never.self) { try Program(run.state[0]) }
    let error = #expect(throws: GraphError.self) { try Program(run.state[0].sum(), gradientsFor: [w]) }
    #expect(error?.kind == .shapeMismatch)
    #expect(error?.description.contains("HostileExtentTests.swift:") == true, "\(error?.description ?? "no error")")
    let tangent = graph.constant(1, [1 << 30])
    #expect(throws: GraphError.self) {
      try graph.jacobianVectorProduct(of: [run.state[0]], along: [tangent], withRespectTo: [w])
    }
    try expectUsable(graph)
  }

  // MARK: memory

  @Test(
    arguments: [
      .uniform(-1...1, seed: 1), .normal(seed: 1), .heNormal(seed: 1), .heUniform(seed: 1), .glorotNormal(seed: 1),
      .glorotUniform(seed: 1), .constant(2),
    ] as [Initializer])
  func `initial values that no machine holds are refused by name when they are made`(initializer: Initializer) throws {
    let graph = Graph()
    let w = graph.parameter("w", [1 << 40, 1 << 4], initializer), x = graph.input("x")
    func isRefused(_ error: SessionError?) -> Bool {
      guard case .memoryLimit("the parameter w", let requested, _, _)? = error else { return false }
      return requested == 1 << 46
    }
    let session = try Program(w.sum() * x).makeSession()
    try session.write(1, to: x)
    #expect(isRefused(#expect(throws: SessionError.self) { try session.forward() }))
    #expect(isRefused(#expect(throws: SessionError.self) { try ParameterStore().makeParameters(of: graph) }))
    try expectUsable(graph)
  }

  @Test func `a value that no machine holds is refused by a run`() throws {
    let graph = Graph()
    let x = graph.input("x"), all = x.broadcast(to: [1 << 40])
    let session = try Program(all).makeSession()
    let error = #expect(throws: SessionError.self) {
      try session.write([1] as [Float], to: x)
      try session.forward()
    }
    guard case .memoryLimit? = error else {
      Issue.record("not a memory limit: \(String(describing: error))")
      return
    }
  }

  @Test func `initial values are the same bits written in place as listed`() {
    let shape: Shape = [3, 5, 2]
    let rules: [Initializer] = [
      .zeros, .constant(0.1), .uniform(-3...2, seed: 4), .normal(mean: 1, deviation: 2, seed: 5), .heNormal(seed: 6),
      .heUniform(seed: 7).forKernels, .glorotNormal(seed: 8), .glorotUniform(seed: 9),
      .values((0..<30).map(Double.init)),
    ]
    for rule in rules {
      for type in [ElementType.float32, .float64] {
        let (listed, written) = (
          UnsafeMutableRawPointer.allocate(byteCount: 240, alignment: 64),
          UnsafeMutableRawPointer.allocate(byteCount: 240, alignment: 64)
        )
        defer {
          listed.deallocate()
          written.deallocate()
        }
        rule.elements(shape: shape).write(to: listed, count: 30, as: type)
        rule.write(to: written, shape: shape, as: type)
        let bytes = [listed, written].map { (memory: UnsafeMutableRawPointer) in
          Array(UnsafeRawBufferPointer(start: memory, count: 30 * type.byteCount))
        }
        #expect(bytes[0] == bytes[1], "\(rule) \(type)")
      }
    }
  }
}

/// Sums, differences and products of extents stop at the ends of `Int`.
@Suite(.timeLimit(.minutes(20))) struct ExtentTests {
  private static let numbers = [Int.min, .min + 1, -1 << 32, -3, -1, 0, 1, 2, 1 << 31, 1 << 32, .max - 1, .max]

  /// `value`, or the end of `Int` that is next to it.
  private func clamped(_ value: Int128) -> Extent { Extent(Int(clamping: value)) }

  @Test func `they are the exact ones where these are numbers, and the nearest numbers elsewhere`() {
    for a in Self.numbers {
      for b in Self.numbers {
        #expect(Extent(a) + Extent(b) == clamped(Int128(a) + Int128(b)), "\(a) + \(b)")
        #expect(Extent(a) - Extent(b) == clamped(Int128(a) - Int128(b)), "\(a) - \(b)")
        #expect(Extent(a) * Extent(b) == clamped(Int128(a) * Int128(b)), "\(a) * \(b)")
        #expect((Extent(a) < Extent(b)) == (a < b))
      }
    }
    #expect(Extent.product([Int]()) == 1)
    #expect(Extent.product([3, 5]) == 15)
  }
}

/// Numbers that int32 does not have, wherever a float becomes one.
@Suite(.timeLimit(.minutes(20))) struct NoIntegerTests {
  /// Gives what it reads as int32.
  private struct Integers: ElementwiseGate {
    static let name = "integers"
    func value(_ x: ElementOperands) -> Double { x[0] }
    func elementType(_ inputs: [ElementType]) -> ElementType { .int32 }
    func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  }

  private static let none = [Double.nan, .infinity, -.infinity, 3e9, -3e9]

  @Test func `rounding gives the nearest int32, and 0 for a NaN`() {
    let cases: [(Double, Int32)] = [
      (2.7, 2), (-2.7, -2), (3e9, .max), (-3e9, .min), (.infinity, .max), (-.infinity, .min), (.nan, 0),
      (2_147_483_647.5, .max), (-2_147_483_648.5, .min),
    ]
    for (value, integer) in cases { #expect(Int32(rounding: value) == integer, "\(value)") }
  }

  @Test(arguments: none) func `a gate that gives no int32 where it should fails by name`(value: Double) throws {
    let graph = Graph()
    let x = graph.input("x", [2], .float64)
    let y = graph.apply(Integers(), to: [x]); let line = #line
    let session = try Program(y).makeSession()
    try session.write([1, value], to: x)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    let message = error?.description ?? "no error"
    #expect(
      message.contains("the gate integers of ") && message.contains("the result holds int32, and \(value) is none"))
    #expect(message.contains("HostileExtentTests.swift:\(line)"), "\(message)")
    try session.write([1, 2.5], to: x)
    try session.forward()
    #expect(try session.read(y, as: Int32.self) == [1, 2])
  }

  @Test(arguments: none, [[], [2]] as [Shape]) func `a constant that is no int32 after a gate fails when it is run`(
    value: Double, shape: Shape
  ) throws {
    let graph = Graph()
    let y = graph.apply(Integers(), to: [graph.constant(value, shape, .float64)])
    let session = try Program(y).makeSession()
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("\(value) is none") == true)
  }

  @Test(arguments: none) func `reference values that are no int32 are refused where they are written`(
    value: Double
  ) throws {
    let graph = Graph()
    let labels = graph.input("labels", [2], .int32)
    let hot = oneHot(labels, classes: 3)
    let session = try Program(hot).makeSession()
    let wrong = ReferenceTensor([2], .int32, [0, value])
    let error = #expect(throws: SessionError.self) { try session.write(wrong, to: labels) }
    #expect(error?.description.contains("labels") == true)
    #expect(throws: (any Error).self) { try ReferenceEngine(graph).run(feeding: [labels: wrong]) }
    try session.write([0, 2] as [Int32], to: labels)
    try session.forward()
    #expect(try session.read(hot, as: Float.self) == [1, 0, 0, 0, 0, 1])
  }
}
