import DependencyScheduling
import Kernels
import Testing

@testable import Adjoint

/// Gradients of slices, which are sums of pads: what they take of memory, and that no bit differs from the sums' own.
@Suite(.timeLimit(.minutes(20))) struct SumOfPadsTests {
  /// A value, pieces of it along an axis, and what is computed of each.
  private struct Case {
    let graph = Graph()
    let x: Node
    let outputs: [Node]

    init(_ shape: Shape, axis: Int, pieces: [Range<Int>]) {
      let x = graph.input("x", shape, .float64)
      self.x = x
      // Some gradients are −0.
      outputs = pieces.enumerated().map { number, range in x.sliced(range, axis: axis) * (number % 2 == 0 ? -1 : 2) }
    }

    /// Whether the gradient is computed by one call that places the pieces, and its bits.
    func gradient(leavingOut passes: Set<CompilerPass>, width: Int = 1) throws -> (isJoined: Bool, bits: [UInt64]) {
      var options = Program.Options()
      options.leftOut = passes
      let session = try Program(outputs, gradientsFor: [x], options: options)
        .makeSession(on: try GraphExecutor(width: width))
      try session.write([Double](repeating: 1, count: x.shape.elementCount), to: x)
      for (number, output) in outputs.enumerated() {
        let count = output.shape.elementCount
        try session.writeUpstream((0..<count).map { ($0 + number) % 3 == 0 ? 0 : -Double($0 % 2) }, of: output)
      }
      try session.step()
      let isJoined = session.program.plan.calls.contains { call in
        if call is SumOfPadsCall { return true }
        return (call as? any ChainedCall).map { $0.chain(0..<call.extent).0.operandCount > 1 } ?? false
      }
      return (isJoined, try session.gradient(of: x, as: Double.self).map(\.bitPattern))
    }
  }

  static let cases: [(Shape, axis: Int, pieces: [Range<Int>])] = [
    ([13], 0, [0..<4, 4..<13]), ([13], 0, [6..<9, 1..<4]), ([5, 13], 1, [1..<4, 9..<13, 4..<6]),
    // Read in place by a chain.
    ([9_000], 0, [0..<3_000, 3_000..<9_000]), ([9_000], 0, [5_000..<9_000, 100..<3_000]),
    ([2_000, 3], 0, [1..<40, 500..<1_999]),
    // More pieces than are added one after the other, and than there are groups of so many.
    ([4_200], 0, (0..<40).map { 100 * $0..<100 * $0 + 97 }), ([3, 700], 1, (0..<300).map { 2 * $0..<2 * $0 + 1 }),
  ]

  @Test(arguments: cases) func `a gradient of slices has the bits of the sum of pads`(
    shape: Shape, axis: Int, pieces: [Range<Int>]
  ) throws {
    let sliced = Case(shape, axis: axis, pieces: pieces)
    let expected = try sliced.gradient(leavingOut: [.joinPads])
    for width in 1...2 {
      let (isJoined, bits) = try sliced.gradient(leavingOut: [], width: width)
      #expect(isJoined)
      #expect(bits == expected.bits)
    }
    #expect(try sliced.gradient(leavingOut: [.foldIntoSplices]).bits == expected.bits)
    #expect(expected.bits.contains(0) && !expected.bits.contains((-0.0).bitPattern))
  }

  @Test(arguments: [128, 4_096])
  func `the gradient of many slices takes the memory of the slices, and neither session nor program keeps gaps`(
    width: Int
  ) throws {
    let graph = Graph()
    let count = 512
    let w = graph.parameter("w", [count * width])
    let terms = (0..<count).map { number in
      square(w.sliced(number * width..<(number + 1) * width - 1)).sum()
    }
    let loss = graph.apply(Accumulate(), to: terms)
    let program = try Program(loss, gradientsFor: [w])
    #expect(program.plan.placement.constants.isEmpty && program.constantBytes == 0)
    // The gradient and the pieces that it is put together from.
    let bytes = count * width * 4
    #expect(program.sessionBytes <= 3 * bytes, "\(program.sessionBytes) bytes for a parameter of \(bytes)")
  }

  @Test func `pads that are summed twice are not taken for pieces, and those that others read are`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    func pad(_ start: Int) -> Node { graph.apply(Pad(starts: [start], result: [6]), to: [x]) }
    let shown = graph.apply(Accumulate(), to: [pad(0), pad(2)])
    let all = graph.apply(Accumulate(), to: [shown, pad(4)]), last = pad(3)
    let twice = graph.apply(Accumulate(), to: [pad(1), last, last])
    let own = pad(4), other = graph.apply(Accumulate(), to: [pad(1), own])
    let session = try Program([shown, all, twice, other, own]).makeSession()
    try session.write([1, 2] as [Float], to: x)
    try session.forward()
    #expect(try session.read(shown, as: Float.self) == [1, 2, 1, 2, 0, 0])
    #expect(try session.read(all, as: Float.self) == [1, 2, 1, 2, 1, 2])
    #expect(try session.read(twice, as: Float.self) == [0, 1, 2, 2, 4, 0])
    #expect(try session.read(other, as: Float.self) == [0, 1, 2, 0, 1, 2])
    #expect(try session.read(own, as: Float.self) == [0, 0, 0, 0, 1, 2])
    let joined = session.program.plan.calls.count { $0 is SumOfPadsCall }
    #expect(joined == 2)
  }
}
