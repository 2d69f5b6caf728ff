import Adjoint
import AdjointTesting
import DependencyScheduling
import StressScale
import Testing

/// Sizes of one element beyond a vector, a cache line, a stripe: memory that overlaps by one element, or ends one
/// element early, shows in a value or in the memory beside.
@Suite(.timeLimit(.minutes(20)), .watched()) struct OddSizeTests {
  /// One more than a multiple of 16.
  static let sizes = [1, 17, 33, 49, 4_097]

  private static let guardCount = 17, guardValue: Float = -12_345

  // The reference is slow: its graphs take no long sizes, which the other tests have.
  @Test(arguments: sizes[1...3]) func `sessions of odd sizes have the bits of the reference`(count: Int) throws {
    let sample = RandomGraphs(nodeCount: 30, maximalFanOut: 4, tensorShape: [count], tensorShare: 0.8)
    for seed in 1...UInt64(StressScale.repetitions(2)) {
      let stressed = try StressedProgram(sample.graph(seed: seed))
      for options in [Program.Options(), .fine()] {
        let program = try stressed.program(options)
        let session = try stressed.session(
          program, on: GraphExecutor.eager(width: 1), memoryLimit: program.sessionBytes)
        try session.step()
        let stepped = try stressed.difference(of: session)
        try #require(stepped == nil, "\(count) elements, seed \(seed), \(options)")
        try session.trimMemory()
        try session.forward()
        try session.backward()
        let passed = try stressed.difference(of: session)
        try #require(passed == nil, "\(count) elements, seed \(seed), \(options), two passes")
      }
    }
  }

  /// Whole numbers, so that both accumulations are exact.
  @Test(arguments: [1, 17, 4_097]) func `sums of odd sizes are whole in both accumulations`(count: Int) throws {
    let stressed = try WholeNumberGraphs(nodeCount: 30, shape: [count]).program(seed: UInt64(count))
    try StressMatrix.requireReference(stressed, "\(count) elements", widths: [3], isExact: true)
  }

  @Test(arguments: sizes) func `lent memory of odd sizes is read and written to its last element and not beyond`(
    count: Int
  ) throws {
    let graph = Graph()
    let x = graph.input("x", [count]), other = graph.input("other", [count])
    let y = tanh(x * other) + x
    let program = try Program([y], gradientsFor: [x, other])
    func values(_ factor: Float) -> [Float] { (0..<count).map { Float(($0 * 7) % 31) * factor - 0.5 } }
    let own = program.makeSession(on: try GraphExecutor(width: 1))
    try own.write(values(0.0625), to: x)
    try own.write(values(-0.03125), to: other)
    try own.writeUpstream(values(0.125), of: y)
    try own.step()

    let lent = program.makeSession(on: try GraphExecutor(width: 1), memoryLimit: program.sessionBytes)
    try lent.write(values(-0.03125), to: other)
    try lent.writeUpstream(values(0.125), of: y)
    // What lies beside the values is neither read nor written.
    func framed(_ inner: [Float], _ frame: Float) -> [Float] {
      [Float](repeating: frame, count: Self.guardCount) + inner + [Float](repeating: frame, count: Self.guardCount)
    }
    let source = framed(values(0.0625), .nan)
    var output = framed([Float](repeating: 0, count: count), Self.guardValue), gradient = output
    let place = Self.guardCount..<Self.guardCount + count
    do {
      var outputs = output.mutableSpan, gradients = gradient.mutableSpan
      var target = outputs.extracting(place), downstream = gradients.extracting(place)
      try lent.lending(source.span.extracting(place), asInput: x) {
        try lent.lending(&target, asOutput: y) {
          try lent.lending(&downstream, asGradientOf: x) { try lent.step() }
        }
      }
    }
    #expect(try output == framed(own.read(y, as: Float.self), Self.guardValue))
    #expect(try gradient == framed(own.gradient(of: x, as: Float.self), Self.guardValue))
    #expect(try lent.gradient(of: other, as: Float.self) == own.gradient(of: other, as: Float.self))
  }
}
