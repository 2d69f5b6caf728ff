import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// What is said of memory, against the plan looked at in another way, and against what a session then has.
@Suite(.timeLimit(.minutes(20))) struct InspectedMemoryTests {
  /// The bytes of values in need at each step, added up step by step; the most of them, with what lasts.
  private func countedLiveness(_ program: Program) -> Int {
    let plan = program.plan
    let buffers = plan.placement.buffers
    // Who has to do with a piece of a buffer has to do with all of it.
    func whole(_ buffer: Int) -> Int { buffers[buffer].whole < 0 ? buffer : buffers[buffer].whole }
    var touched = [[Int]](repeating: [], count: buffers.count)
    for (number, step) in plan.steps.enumerated() {
      for place in Array(plan.operands[step.operands]) + Array(plan.operands[step.results])
      where plan.placement.isTransient(place) {
        touched[whole(place.index)].append(number)
      }
    }
    let lives = buffers.indices.compactMap { number -> (steps: ClosedRange<Int>, bytes: Range<Int>)? in
      guard let first = touched[number].min(), let last = touched[number].max() else { return nil }
      let start = plan.slots[buffers[number].slot].bytes.lowerBound + buffers[number].offset
      return (first...last, start..<start + buffers[number].byteCount)
    }
    // What two values share, as a result and the operand that it is written over, is there once.
    var most = 0
    for step in plan.steps.indices {
      var (live, end) = (0, 0)
      let ranges = lives.filter { $0.steps.contains(step) }.map(\.bytes).sorted { $0.lowerBound < $1.lowerBound }
      for range in ranges {
        live += max(0, range.upperBound - max(range.lowerBound, end))
        end = max(end, range.upperBound)
      }
      most = max(most, live)
    }
    let lasting = buffers.indices.filter { [.input, .result].contains(buffers[$0].lifetime) && whole($0) == $0 }
      .reduce(0) { $0 + buffers[$1].byteCount }
    return most + lasting + 4 * plan.placement.float32Slots + 8 * plan.placement.float64Slots
  }

  @Test(arguments: InspectedKind.allCases)
  func `what is alive at once is what step by step adds up to`(kind: InspectedKind) throws {
    let program = try kind.program().program
    #expect(program.livenessBytes == countedLiveness(program))
    #expect(program.sessionBytes >= program.livenessBytes)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `so it is of random graphs`(seed: UInt64) throws {
    let sample = RandomGraphs(nodeCount: 150, maximalFanOut: 20, tensorShape: [64], tensorShare: 0.8).graph(seed: seed)
    for fuses in [true, false] {
      var options = Program.Options()
      (options.measuresCosts, options.fusesElementwise) = (false, fuses)
      let program = try Program(sample.output, options: options)
      #expect(program.livenessBytes == countedLiveness(program))
    }
  }

  @Test func `a value written over its operand takes no memory beside it`() throws {
    let graph = Graph()
    let x = graph.parameter("x", [64, 64]), w = graph.parameter("w", [64, 64])
    var options = Program.Options()
    (options.measuresCosts, options.fusesElementwise) = (false, false)
    let y = relu(exp(x.matmul(w))).matmul(w)
    // The product, its exponential and that one's rectification lie in one place, beside the result.
    #expect(try Program(y, options: options).livenessBytes == 2 * 64 * 64 * 4)
    options.reusesBuffers = false
    #expect(try Program(y, options: options).livenessBytes == 3 * 64 * 64 * 4, "an operand and a result at a time")
  }

  @Test(arguments: InspectedKind.allCases, [1, 2])
  func `a session takes the bytes that its program says, reserved at once or taken by a step`(
    kind: InspectedKind, width: Int
  ) throws {
    for isReserved in [true, false] {
      let session = try kind.session(on: GraphExecutor(width: width))
      if isReserved { try session.reserveMemory() } else { try session.step() }
      let wanted = session.program.sessionBytes
      #expect(session.memory.allocated == wanted && session.memory.peak == wanted, "\(session.memory), \(wanted)")
      #expect(session.memory.active >= session.memory.allocated)
      for _ in 0..<2 { try session.step() }
      #expect(session.memory.allocated == wanted && session.memory.peak == wanted)
      session.resetPeakMemory()
      try session.step()
      #expect(session.memory.peak == wanted)
    }
  }

  // MARK: what is stale afterwards

  /// A session whose upstream gradients are given, with what has come out of a step.
  private func weighted() throws -> (session: Session, x: Node, y: Node, bits: [ReferenceTensor]) {
    let graph = Graph()
    let x = graph.input("x", [40]), w = graph.parameter("w", [40], .uniform(-1...1, seed: 1))
    let y = tanh(x * w) * exp(x)
    let session = try Program(y, gradientsFor: [x, w]).makeSession()
    try session.write((0..<40).map { Float($0) / 40 }, to: x)
    try session.writeUpstream((0..<40).map { 1 + Float($0 % 7) }, of: y)
    try session.step()
    return (session, x, y, try [session.referenceValue(of: y), session.referenceGradient(of: x)])
  }

  private func expectBits(_ session: Session, _ x: Node, _ y: Node, _ bits: [ReferenceTensor]) throws {
    #expect(try session.referenceValue(of: y).isIdentical(to: bits[0]))
    #expect(try session.referenceGradient(of: x).isIdentical(to: bits[1]))
  }

  @Test func `reserving forgets what was computed and keeps what was fed`() throws {
    let (session, x, y, bits) = try weighted()
    try session.reserveMemory()
    #expect(throws: SessionError.self) { try session.gradient(of: x, as: Float.self) }
    try session.forward()
    try session.reserveMemory()
    #expect(throws: SessionError.self) { try session.read(y, as: Float.self) }
    #expect(throws: SessionError.self) { try session.backward() }
    try session.step()
    try expectBits(session, x, y, bits)
    try session.reserveMemory()
    try session.forward()
    #expect(throws: SessionError.self) { try session.gradient(of: x, as: Float.self) }
    try session.backward()
    try expectBits(session, x, y, bits)
  }

  @Test func `trimming forgets what a backward pass would read, and no result`() throws {
    let (session, x, y, bits) = try weighted()
    try session.trimMemory()
    try expectBits(session, x, y, bits)
    try session.forward()
    try session.trimMemory()
    #expect(try session.referenceValue(of: y).isIdentical(to: bits[0]))
    #expect(throws: SessionError.self) { try session.backward() }
    try session.forward()
    try session.backward()
    try expectBits(session, x, y, bits)
    #expect(session.memory.allocated == session.program.sessionBytes)
  }
}
