import AdjointTesting
import Testing

@testable import Adjoint

/// What depends on constants alone is computed when a program is compiled, as long as that is little work: so much is
/// done, and not more.
@Suite(.timeLimit(.minutes(20))) struct FoldingTests {
  /// The values that a node gets whose inputs are constants, each computed by no gate; `nil` if it stays a gate.
  private func folded(_ node: Node, _ folding: inout FoldConstants) -> TensorValues? {
    let storage = node.graph.snapshot().storage
    let row = storage.rows[node.id.int]
    return folding.fold(row.gate, row.signature, Array(storage.inputs(of: node.id)), in: storage)
  }

  /// The operations that folding a node takes; `nil` if it stays a gate.
  private func work(_ node: Node) -> Int? {
    var folding = FoldConstants()
    return folded(node, &folding) == nil ? nil : folding.operations
  }

  private func ones(_ shape: Shape) -> Node { Graph().constant(1, shape) }

  @Test func `a result of as many elements as the limit says is folded, and one of more is not`() {
    let most = FoldConstants.largestResult
    #expect(work(-ones([most])) != nil)
    #expect(work(-ones([most + 1])) == nil)
    #expect(work(ones([2 * most]).sliced(0..<most)) == most)
    #expect(work(ones([2 * most]).sliced(0..<most + 1)) == nil)
  }

  @Test func `operands of as many bytes as the limit says are read, and more are not`() {
    let most = FoldConstants.mostOperandBytes / MemoryLayout<Double>.size
    #expect(work(ones([most]).sum()) == most + 1)
    #expect(work(ones([most + 1]).sum()) == nil)
    let graph = Graph()
    let table = graph.constant(1, [most / 4, 4])
    #expect(work(table.gatheringRows(graph.constant([0] as [Int32], [1]))) == nil)
  }

  @Test func `a product of as many operations as the limit says is folded, and one of more is not`() {
    func work(inner: Int) -> Int? {
      let graph = Graph()
      return self.work(graph.constant(1, [64, inner]).matmul(graph.constant(1, [inner, 64])))
    }
    let inner = (FoldConstants.mostOperations - 2 * 64 * 64) / (64 * 64 + 2 * 64)
    let count = work(inner: inner)
    #expect(count.map { (64 * 64 * inner...FoldConstants.mostOperations).contains($0) } == true)
    #expect(work(inner: inner + 1) == nil)
  }

  /// A scan of constants, and whether it is still one when it is compiled.
  private func isLoop(steps: Int) throws -> Bool {
    let graph = Graph()
    let run = graph.scan(over: [], from: [graph.constant(1)], steps: steps) { state, _ in
      (state: [state[0] * 0.5 + 1], outputs: [])
    }
    let session = try Program(run.state[0]).makeSession()
    if steps < 100_000 {
      try session.forward()
      #expect(try session.read(run.state[0]) == 2)
    }
    return session.program.plan.calls.contains { $0 is LoopPlan }
  }

  @Test func `a scan of few steps is folded, and one of many is left to run`() throws {
    #expect(try !isLoop(steps: 1_000))
    #expect(try isLoop(steps: FoldConstants.mostOperations))
    #expect(try isLoop(steps: 10_000_000))
  }

  @Test func `gates whose definitions do many operations an element count them`() {
    let graph = Graph()
    let row = graph.constant(1, [1, 4_096]), image = graph.constant(1, [1, 1, 64, 64])
    #expect(work(row.sum()) != nil)
    #expect(work(row.cumulativeSum(axis: 1)) == nil)
    #expect(work(graph.apply(CircularConvolution(), to: [row, row])) == nil)
    #expect(work(graph.apply(Convolution(), to: [image, graph.constant(1, [1, 1, 32, 32])])) == nil)
    #expect(work(graph.apply(MaxPool(PoolingWindow(33, stride: 1)), to: [image])) == nil)
    #expect(work(graph.apply(MaxPool(PoolingWindow(2, stride: 2)), to: [graph.constant(1, [1, 1, 16, 16])])) != nil)
  }

  @Test func `all gates of a graph together do no more than their limit says`() {
    let count = FoldConstants.largestResult
    let slice = ones([2 * count]).sliced(0..<count)
    var folding = FoldConstants()
    for number in 1...FoldConstants.mostOperationsOfGraph / count {
      #expect(folded(slice, &folding) != nil)
      #expect(folding.operations == number * count)
    }
    #expect(folded(slice, &folding) == nil)
    #expect(folding.operations == FoldConstants.mostOperationsOfGraph)
  }

  @Test(arguments: GateCatalog.all) func `a folded gate has the bits that it has when it runs`(
    gate: any SampledGate.Type
  )
    throws
  {
    for sample in gate.samples {
      for type in [ElementType.float32, .float64] {
        let running = SampleGraph(sample, type), graph = Graph()
        let constants = running.operands.map { operand in
          let value = running.values[operand]!
          return graph.constant(doubles: value.values, value.shape, value.elementType)
        }
        var folding = FoldConstants()
        let values = try #require(folded(graph.applying(sample.gate, constants), &folding), "\(sample) stays a gate")
        let expected = try running.computed().values
        #expect(
          values.doubles(count: expected.count).map(\.bitPattern) == expected.map(\.bitPattern), "\(sample), \(type)")
      }
    }
  }

  /// A constant of more bytes than folding reads, elements being their places.
  private func data(_ type: ElementType, _ shape: Shape) -> Node {
    Graph().constant(doubles: (0..<shape.elementCount).map { element(at: $0, type) }, shape, type)
  }

  /// A place, as far as the type can tell it.
  private func element(at place: Int, _ type: ElementType) -> Double { Double(place % (1 << min(type.precision, 24))) }

  @Test(arguments: ElementType.allCases) func `a slice of a large constant reads the elements that it shows`(
    type: ElementType
  ) throws {
    let shape: Shape = [64, 50, 48]
    let whole = data(type, shape)
    for (starts, extents) in [
      ([0, 0, 0], [1, 1, 1]), ([63, 49, 47], [1, 1, 1]), ([63, 49, 0], [1, 1, 48]), ([3, 4, 5], [6, 7, 8]),
      ([60, 0, 47], [4, 50, 1]), ([7, 0, 0], [2, 50, 48]),
    ] {
      var folding = FoldConstants()
      let values = try #require(
        folded(whole.graph.apply(Slice(starts: starts, extents: extents), to: [whole]), &folding))
      let expected = Shape(extents).indices.map { index in
        element(at: zip(zip(index, starts).map(+), shape.strides).reduce(0) { $0 + $1.0 * $1.1 }, type)
      }
      #expect(values.doubles(count: expected.count) == expected)
      #expect(folding.operations == expected.count)
    }
  }

  @Test func `batches of constant data are all of it that a program keeps`() throws {
    let whole = data(.float32, [512, 512]), graph = whole.graph
    let weights = graph.input("weights", [512])
    let outputs = (0..<4).map { whole.sliced(8 * $0..<8 * $0 + 4) * weights }
    let constants = try Program(outputs).plan.placement.constants
    #expect(constants.map { $0.values.elementCount } == [Int?](repeating: 4 * 512, count: 4))
  }

  @Test func `a constant larger than any memory is compiled without being written out`() throws {
    let huge = ones([1 << 40])
    #expect(try Program(huge.sliced(5..<9) * 2).plan.calls.isEmpty)
    #expect(try Program(huge.sum()).plan.calls.count > 0)
  }
}
