import AdjointPictures
public import Adjoint
import AdjointTesting
import DependencyScheduling
import DocumentedCode
import Foundation
import Testing

/// The code of README.md, CONTRIBUTING.md and the articles, compiled and run; the last test sees that it is the same.
@Suite(.timeLimit(.minutes(20))) struct DocumentationTests {
  @Test func `the first example gives what it says`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let f = (x + y) * z

    let program = try Program(f, gradientsFor: [x, y, z])
    let session = program.makeSession()
    try session.write(-2, to: x)
    try session.write(5, to: y)
    try session.write(-4, to: z)
    try session.step()

    print(try session.read(f))  // -12.0
    print(try session.gradient(of: x))  // -4.0
    print(try session.gradient(of: z))  // 3.0
    #expect(try session.read(f) == -12)
    #expect(try [x, y, z].map { try session.gradient(of: $0) } == [-4, -4, 3])
  }

  @Test func `a host embeds one program in many sessions`() async throws {
    let graph = Graph()
    let images = graph.input("images", [16, 64])
    let labels = graph.input("labels", [16], .int32)
    let weights = graph.parameter("weights", [64, 10], .heNormal(seed: 1))
    let logits = images.matmul(weights)
    let loss = crossEntropy(logits: logits, labels: labels).named("loss")

    let program = try Program(loss, gradientsFor: graph.parameters, alsoComputing: [logits])

    let executor = try GraphExecutor(width: 4, qos: .utility, label: "app.training")
    let session = program.makeSession(on: executor, memoryLimit: 64 << 20)

    let pixels = [Float](repeating: 0.5, count: 16 * 64)
    try session.write(pixels, to: images)
    try session.write([Int32](repeating: 3, count: 16), to: labels)
    try await session.step()

    try await session.step { gradient in
      try gradient.withValues(as: Float.self) { print(gradient.variable.name, $0.count) }
    }

    try session.withGradient(of: weights, as: Float.self) { gradient in
      try session.withMutableValues(of: weights, as: Float.self) { weights in
        for i in 0..<gradient.count { weights[i] -= 0.1 * gradient[i] }
      }
    }
    let before = try session.read(loss)
    try await session.step()
    #expect(try session.read(loss) < before)

    var downstream = [Float](repeating: 0, count: 64 * 10)
    var target = downstream.mutableSpan
    try await session.lending(pixels.span, asInput: images) {
      try await session.lending(&target, asGradientOf: weights) {
        try await session.step()
      }
    }
    #expect(downstream.contains { $0 != 0 })
    try session.write(pixels, to: images)
    try await session.forward()

    let predictor = try Program(logits)
    let serving = predictor.makeSession(on: executor, parameters: session.parameters)
    try serving.write(pixels, to: images)
    try await serving.forward()
    #expect(try serving.read(logits, as: Float.self) == session.read(logits, as: Float.self))

    let token = CancellationToken()
    token.cancel()
    #expect(throws: CancellationError.self) { try session.step(cancellation: token) }
    try await session.step()

    print(session.memory)  // 8 KiB allocated, 48 KiB active, 9 KiB at the peak, 2000 KiB retained
    assert(session.memory.peak <= program.sessionBytes)
    #expect(session.memory.peak <= 64 << 20)
  }

  @Test func `a program in a container is as wide as it may be, and its sessions are bounded`() throws {
    let graph = Graph()
    let x = graph.input("x", [64, 64])
    let program = try Program(tanh(x.matmul(x)))

    let allowed = GraphExecutor()
    print(allowed.width)  // what `docker run --cpus` and `--cpuset-cpus` leave
    allowed.followAllowance()  // asks again, after the limit has changed

    #expect(allowed.width == GraphExecutor.shared.width)

    let share = 64 << 20
    print(program.sessionBytes + program.constantBytes)  // told before any session is made
    let bounded = program.makeSession(on: allowed, memoryLimit: share)
    try bounded.reserveMemory()  // all of it now, rather than in the first request

    let taken = bounded.memory.peak
    #expect(taken > 0 && taken <= program.sessionBytes)
    try bounded.write([Float](repeating: 0.5, count: 64 * 64), to: x)
    try bounded.forward()
    #expect(bounded.memory.peak == taken)
    let refused = program.makeSession(on: allowed, memoryLimit: 1_024)
    #expect(throws: SessionError.self) { try refused.reserveMemory() }
  }

  @Test func `the written gates do what they say, twice differentiated too`() throws {
    let graph = Graph()
    let x = graph.input("x", [3], .float64)
    let y = softsign(x), sums = graph.apply(CumulativeSum(), to: [x])
    let slopes = try graph.gradients(of: [y.sum()], withRespectTo: [x])[0]!
    let weighted = graph.constant([1.0, 2, 4], [3]) * sums
    let session = try Program(
      [slopes.sum(), weighted.sum()], gradientsFor: [x], alsoComputing: [y, sums]
    ).makeSession()
    try session.write([-1.0, 0.5, 3], to: x)
    try session.step()
    #expect(try session.read(y, as: Double.self) == [-0.5, 0.5 / 1.5, 0.75])
    #expect(try session.read(sums, as: Double.self) == [-1, -0.5, 2.5])
    // d/dx 1 / (1 + |x|)² = -2 sign(x) / (1 + |x|)³; the weighted sums send 1 + 2 + 4, 2 + 4 and 4 back.
    let expected = [2 / 8.0 + 7, -2 / 3.375 + 6, -2 / 64.0 + 4]
    for (gradient, value) in zip(try session.gradient(of: x, as: Double.self), expected) {
      #expect(abs(gradient - value) < 1e-14)
    }
  }

  @Test func `the written gates obey every law`() throws {
    #expect(try GateLaw.violations(on: GateSample(Softsign(), .distinct([2, 3]))) == [])
    #expect(
      try GateLaw.violations(
        on: GateSample(CumulativeSum(), .uniform([2, 3])), GateSample(CumulativeSum(fromTheEnd: true), .uniform([4])))
        == [])
  }

  @Test func `derivatives of every kind are nodes of the graph`() throws {
    let graph = Graph()
    let x = graph.input("x", [2], .float64), v = graph.input("v", [2], .float64)
    let f = square(x.sum()) + exp(x).sum()

    let slope = try graph.gradient(of: f, withRespectTo: x)
    let along = try graph.jacobianVectorProduct(of: [f], along: [v], withRespectTo: [x])[0]!
    let product = try graph.hessianVectorProduct(of: f, along: [v], withRespectTo: [x])[0]
    let hessian = try graph.hessian(of: f, withRespectTo: x)
    let session = try Program([slope, along, product, hessian]).makeSession()

    try session.write([0.0, 0], to: x)
    try session.write([1.0, 10], to: v)
    try session.forward()
    #expect(try session.read(slope, as: Double.self) == [1, 1])
    #expect(try session.read(along) == 11)
    #expect(try session.read(product, as: Double.self) == [23, 32])
    #expect(try session.read(hessian, as: Double.self) == [3, 2, 2, 3])
  }

  @Test func `what is selected away has no slope, as the article says`() throws {
    let graph = Graph()
    let p = graph.input("p", [2]), x = graph.input("x"), y = graph.input("y")
    let entropy = select(greater(p, graph.constant(0)), -(p * log(p)), graph.constant(0)).sum()  // no slope at p = 0
    let length = maximum(sqrt(square(x) + square(y)), graph.constant(1e-10))  // nor at x = y = 0
    let sum = entropy + length
    let session = try Program(sum, gradientsFor: [p, x, y]).makeSession()
    try session.write([0, 1] as [Float], to: p)
    try session.write(0, to: x)
    try session.write(0, to: y)
    try session.step()
    #expect(try session.read(sum) == Double(1e-10 as Float))
    #expect(try session.gradient(of: p, as: Float.self) == [0, -1])
    #expect(try session.gradient(of: x) == 0 && session.gradient(of: y) == 0)
  }

  @Test func `a recurrence has the shapes that the article says`() throws {
    let graph = Graph()
    let frames = graph.input("frames", [100, 16, 8])
    let weights = graph.parameter("weights", [8, 8], .glorotUniform(seed: 1))
    let run = graph.scan(over: [frames], from: [graph.constant(0, [16, 8])]) { state, frame in
      let hidden = tanh(state[0].matmul(weights) + frame[0])
      return (state: [hidden], outputs: [hidden.mean()])
    }
    let loss = square(run.state[0]).mean() + run.outputs[0].sum()
    let program = try Program(loss, gradientsFor: [weights])

    #expect(run.state[0].shape == [16, 8] && run.outputs[0].shape == [100])
    let session = program.makeSession()
    try session.write([Float](repeating: 0.1, count: 100 * 16 * 8), to: frames)
    try session.step()
    #expect(try session.read(loss).isFinite)

    let steps = graph.input("steps", [100], .int32)
    let noisy = graph.scan(over: [frames, steps], from: []) { _, element in
      (state: [], outputs: [dropout(element[0], rate: 0.1, step: element[1], seed: 1)])
    }
    #expect(noisy.outputs[0].shape == [100, 16, 8])
  }

  @Test func `a shape mismatch reads as the article shows it`() throws {
    let graph = Graph()
    let images = graph.input("images", [128, 784], fileID: "App/Model.swift", line: 12)
    let weights = graph.parameter("weights", [768, 10], fileID: "App/Model.swift", line: 13)
    let logits = images.matmul(weights, fileID: "App/Model.swift", line: 14)
    let error = #expect(throws: GraphError.self) { try Program(logits) }
    let shown = try Self.block("matmul at", in: "Sources/Adjoint/Adjoint.docc/ReadingAnError.md")
    #expect(error?.description == shown)
  }

  @Test func `a NaN is traced to its producer`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let f = sqrt(log(x).named("logarithm")).named("root")
    let session = try Program(f, gradientsFor: [x]).makeSession()
    try session.write(0.5, to: x)

    if let bad = try session.firstNonFinite() { print(bad) }
    #expect(try session.firstNonFinite()?.nodeName == "root")
  }

  @Test func `a step that must be finite is refused as the article says`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [], .constant(-1))
    let loss = log(w)
    let slope = try graph.gradients(of: [loss], withRespectTo: [w])[0]!
    let program = try Program(
      loss, updating: [ParameterUpdate(w, to: w - 0.1 * slope)], requiringFinite: [loss, slope])
    let session = program.makeSession()
    let error = #expect(throws: SessionError.self) { try session.step() }
    guard case .notFinite(_, let producer) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(producer?.gate == "log")
    #expect(try session.read(w, as: Float.self) == [-1])
  }

  @Test func `pictures and traces are written as the article says`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let loss = square(graph.scope("first") { tanh(x) }).sum().named("loss")
    let session = try Program(loss, gradientsFor: [x]).makeSession()
    try session.write([1, 2, 3, 4] as [Float], to: x)
    try session.step()
    let folder = FileManager.default.temporaryDirectory.appending(path: "adjoint-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    let structure = graph.svg()
    let picture = graph.svg(of: [loss], values: session)
    try picture.write(to: folder.appending(path: "loss.svg"), atomically: true, encoding: .utf8)

    let overview = graph.svg(options: PictureOptions(mostItems: 20, closed: ["first"]))
    #expect(Set([structure, picture, overview]).count == 3)

    let trace = try session.trace(.step)
    print(trace.summary)
    try trace.perfettoJSON.write(to: folder.appending(path: "step.json"), atomically: true, encoding: .utf8)

    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.sorted() == ["loss.svg", "step.json"])
  }

  @Test func `checkpointed scopes take less memory`() throws {
    let graph = Graph()
    let x = graph.parameter("x", [64, 64], .uniform(-1...1, seed: 1))
    let weights = graph.parameter("weights", [64, 64], .uniform(-0.2...0.2, seed: 2))

    var hidden = x
    for layer in 0..<16 {
      hidden = graph.scope("layer\(layer)") { tanh(tanh(hidden.matmul(weights)).matmul(weights)) }
    }
    let layers = (0..<16).map { "layer\($0)" }
    let options = Program.Options(checkpointing: layers)
    let frugal = try Program(square(hidden).mean(), gradientsFor: [weights], options: options)

    let lavish = try Program(square(hidden).mean(), gradientsFor: [weights])
    #expect(frugal.sessionBytes * 4 < lavish.sessionBytes * 3)
  }

  @Test func `explanations read as the article shows them`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let q = (x + y).named("q"), f = (q * z).named("f")
    var options = Program.Options()
    options.measuresCosts = false
    let program = try Program(f, gradientsFor: [x, y, z], options: options)
    print(program.explanation)
    let shown = try Self.block("program: 3 inputs", in: Self.walk) + "\n"
    #expect(ExplainedProgram.comparable(program.explanation) == ExplainedProgram.comparable(shown))

    let scene = Graph()
    let images = scene.input("images", [2, 1, 8, 8])
    let kernels = scene.parameter("kernels", [4, 1, 3, 3], .heNormal(seed: 1))
    let map = relu(convolution(images, kernels).named("edges")).named("map")
    let network = try Program(map, gradientsFor: [kernels], options: options)
    print(network.explanation)
    let shownToo = try Self.block("program: 1 input", in: Self.walk) + "\n"
    #expect(ExplainedProgram.comparable(network.explanation) == ExplainedProgram.comparable(shownToo))
  }

  private static let walk = "Sources/Adjoint/Adjoint.docc/HowAGraphBecomesAProgram.md"

  @Test func `the files that the article names are there`() throws {
    let text = try DocumentedCode.text(of: Self.walk)
    let spans = text.split(separator: "`", omittingEmptySubsequences: false)
    let files = spans.indices.filter { $0 % 2 == 1 && spans[$0].hasSuffix(".swift") }.map { String(spans[$0]) }
    #expect(files.count > 10)
    for file in files {
      let path = DocumentedCode.root.appending(path: "Sources/Adjoint").appending(path: file).path
      #expect(FileManager.default.fileExists(atPath: path), "\(file)")
    }
  }

  @Test func `the walk down a step names six files, and what is in them`() throws {
    let text = try DocumentedCode.text(of: "CONTRIBUTING.md")
    let section = try #require(text.components(separatedBy: "## A step, from the call").last)
      .components(separatedBy: "\n## ")[0]
    let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(rows.count == 6)
    for row in rows {
      let words = row.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
      let source = try DocumentedCode.text(of: words[0])
      #expect(words.count > 1)
      for name in words.dropFirst() {
        #expect(source.contains("func \(name)(") || source.contains("struct \(name):"), "\(name) in \(words[0])")
      }
    }
  }

  @Test(arguments: [
    "README.md", "CONTRIBUTING.md", "Sources/Adjoint/Adjoint.docc/Adjoint.md",
    "Sources/Adjoint/Adjoint.docc/Embedding.md", "Sources/Adjoint/Adjoint.docc/Deploying.md",
    "Sources/Adjoint/Adjoint.docc/WritingAGate.md",
    "Sources/Adjoint/Adjoint.docc/ReadingAnError.md", "Sources/Adjoint/Adjoint.docc/ThreadsAndReproducibility.md",
    "Sources/Adjoint/Adjoint.docc/Memory.md", "Sources/Adjoint/Adjoint.docc/Derivatives.md",
    "Sources/Adjoint/Adjoint.docc/Recurrences.md",
    "Sources/Adjoint/Adjoint.docc/Traces.md",
    "Sources/AdjointPictures/AdjointPictures.docc/AdjointPictures.md",
    "Sources/Adjoint/Adjoint.docc/HowAGraphBecomesAProgram.md",
  ])
  func `every paragraph of Swift in the documentation is compiled here`(file: String) throws {
    // What trains is compiled where training is tested.
    let newcomers = DocumentedCode.root.appending(path: "Tests/AdjointTrainingTests/NewcomerTests.swift").path
    let compiled = try CompiledCode(of: [#filePath, newcomers], and: ["import Adjoint", ""])
    #expect(try compiled.missing(of: DocumentedCode.articleBlocks(of: file)) == [])
  }

  /// The fenced block of `file` that begins with `start`.
  private static func block(_ start: String, in file: String) throws -> String {
    let text = try DocumentedCode.text(of: file)
    let blocks = text.components(separatedBy: "```").map { $0.trimmingCharacters(in: .newlines) }
    return try #require(blocks.first { $0.hasPrefix(start) })
  }
}

/// Softsign: y = x / (1 + |x|).   x̄ = ȳ / (1 + |x|)².
public struct Softsign: ElementwiseGate {
  public static let name = "softsign"
  public init() {}
  public func value(_ x: ElementOperands) -> Double { x[0] / (1 + x[0].magnitude) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, 1 / square(1 + abs(node.inputs[0])))]
  }
}

extension Softsign: SampledGate {
  package static let samples = [
    GateSample(Softsign(), .distinct([2, 3])),
    GateSample(Softsign(), .values([], [0.7])),
  ]
}

/// x / (1 + |x|), elementwise.
public func softsign(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Softsign(), to: [x], fileID: fileID, line: line)
}

/// Running sums along the last axis: yᵢ = x₀ + … + xᵢ.   x̄ᵢ = ȳᵢ + … + ȳₙ: the same from the other end.
struct CumulativeSum: Gate {
  static let name = "cumulativeSum"
  var fromTheEnd = false

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    guard inputs.count == 1, inputs[0].rank >= 1 else {
      throw ShapeError("cumulativeSum reads one operand with at least one axis, got \(inputs)")
    }
    return inputs[0]
  }

  var kernel: Kernel {
    .custom { [fromTheEnd] arguments in
      switch arguments.outputType {
      case .float64: try runningSums(of: arguments, as: Double.self, fromTheEnd: fromTheEnd)
      default: try runningSums(of: arguments, as: Float.self, fromTheEnd: fromTheEnd)
      }
    }
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(CumulativeSum(fromTheEnd: !fromTheEnd), to: [upstream])]
  }

  func estimatedNanoseconds(_ inputs: [Shape]) -> Double? { Double(inputs[0].elementCount) }
}

private func runningSums<T: GraphScalar & FloatingPoint>(
  of arguments: KernelArguments, as type: T.Type, fromTheEnd: Bool
) throws {
  let x = try arguments.input(0, as: T.self), y = try arguments.output(as: T.self)
  let length = arguments.outputShape.dimensions.last!
  for start in stride(from: 0, to: x.count, by: length) {
    var sum = T.zero
    for i in 0..<length {
      let place = start + (fromTheEnd ? length - 1 - i : i)
      sum += x[place]
      y[place] = sum
    }
  }
}

/// The running sums of rows, which workers may share out.
final class RunningSums: KernelCall {
  static let name = "running sums"
  let extent: Int
  private let type: ElementType, length: Int, fromTheEnd: Bool, traffic: Float

  init(_ shapes: CallShapes, fromTheEnd: Bool) {
    type = shapes.result.elementType
    length = shapes.result.shape.dimensions.last!
    extent = shapes.result.shape.elementCount / length
    (self.fromTheEnd, traffic) = (fromTheEnd, shapes.traffic)
  }

  private func elements(of rows: Range<Int>) -> Range<Int> { rows.lowerBound * length..<rows.upperBound * length }
  func elementsRead(of position: Int, by rows: Range<Int>) -> Range<Int>? { elements(of: rows) }
  func elementsWritten(to number: Int, by rows: Range<Int>) -> Range<Int>? { elements(of: rows) }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { true }
  func cost(at speeds: CostModel) -> Float { 4 * speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ rows: Range<Int>
  ) {
    switch type {
    case .float64: add(inputs[0].assumingMemoryBound(to: Double.self), outputs[0], rows)
    default: add(inputs[0].assumingMemoryBound(to: Float.self), outputs[0], rows)
    }
  }

  private func add<T: FloatingPoint>(_ x: UnsafePointer<T>, _ output: UnsafeMutableRawPointer, _ rows: Range<Int>) {
    let y = output.assumingMemoryBound(to: T.self)
    for row in rows {
      var sum = T.zero
      for i in 0..<length {
        let place = row * length + (fromTheEnd ? length - 1 - i : i)
        sum += x[place]
        y[place] = sum
      }
    }
  }
}
