import Adjoint
import DependencyScheduling
import GradientMemory
import StressScale
import Testing

/// The allocator's own accounts of constants: the bytes of one copy while a program lives, none afterwards.
@Suite(.timeLimit(.minutes(20)), .watched()) struct ConstantAccountTests {
  /// x · table, of so many elements, with zeros that are read as they stand.
  private struct Model: Sendable {
    let program: Program
    let x: Node
    let executor: GraphExecutor
    let count: Int
    /// What the allocator takes for the table and the zeros.
    var constantBytes: Int {
      BufferArena.reservedByteCount(for: 4 * count) + BufferArena.reservedByteCount(for: 4 * 3)
    }

    init(_ count: Int) throws {
      let graph = Graph()
      let x = graph.input("x", [count])
      self.x = x
      let table = graph.constant((0..<count).map { Float($0 % 5) - 2 }, [count])
      let padded = [3, 2, 1].map { concatenate([x.sliced(0..<1), graph.constant(0, [$0])]) }
      program = try Program((x * table).sum(), gradientsFor: [x], alsoComputing: padded)
      executor = try GraphExecutor(width: 1)
      self.count = count
    }

    func session() throws -> Session {
      let session = program.makeSession(on: executor, memoryLimit: program.sessionBytes)
      try session.write([Float](repeating: 1, count: count), to: x)
      try session.step()
      let gradient = try session.gradient(of: x, as: Float.self)
      precondition(gradient.indices.allSatisfy { gradient[$0] == Float($0 % 5) - 2 }, "a session reads the constants")
      return session
    }
  }

  @Test func `programs and their sessions that end, in whichever order, leave no byte in any account`() async {
    await #expect(processExitsWith: .success) {
      // The only thing that runs in its process, so that the allocator's own counts are this test's.
      guard BufferArena.processStatistics != nil else { return }
      do { _ = try Model(5_121).session() }  // after which the allocator has what it keeps
      func allocated() -> Int { BufferArena.processStatistics!.allocated }
      let start = allocated()
      for count in [17, 1_025, 40_961, 300_000] {
        var model: Model? = try Model(count)
        let (bytes, own) = (model!.constantBytes, model!.program.sessionBytes)
        precondition(model!.program.constantBytes == bytes, "the program states its constants")
        precondition(allocated() == start, "a program that nobody runs takes nothing")
        var sessions: [Session] = []
        for number in 1...4 {
          sessions.append(try model!.session())
          let taken = allocated() - start
          precondition(taken == bytes + number * own, "\(number) sessions take \(taken) bytes")
        }
        sessions.removeFirst(3)
        precondition(allocated() - start == bytes + own)
        if count % 2 == 0 {
          sessions = []
          precondition(allocated() - start == bytes, "the program keeps its constants")
          sessions.append(try model!.session())
          precondition(allocated() - start == bytes + own, "and takes them once")
        }
        model = nil
        precondition(allocated() - start == bytes + own, "a session keeps its program")
        sessions = []
        precondition(allocated() == start, "\(allocated() - start) bytes are left of \(count) elements")
      }
    }
  }
}
