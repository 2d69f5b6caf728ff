import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// A constant that repeats one value is written out for those who read each element, once for all of them, and for
/// nobody else.
@Suite(.timeLimit(.minutes(20))) struct RepeatedConstantTests {
  /// More elements than constants are folded to.
  private static let count = FoldConstants.largestResult + 17

  /// One number for each of so many elements: given as a number, as an array, or shown in other shapes.
  private func repeated(_ value: Double, _ graph: Graph, _ type: ElementType) -> [Node] {
    let shape: Shape = [Self.count]
    let scalar = graph.constant(value, [], type)
    let array = graph.constant(doubles: [Double](repeating: value, count: Self.count), shape, type)
    let slice = scalar.broadcast(to: [2, Self.count]).sliced(1..<2)
    return [
      graph.constant(value, shape, type), array, scalar.broadcast(to: shape),
      slice.transposed().reshaped(shape),
    ]
  }

  @Test(arguments: ElementType.ofArithmetic + [.int32])
  func `an elementwise gate reads the number`(type: ElementType) throws {
    for value in type == .int32 ? [3, 0, -7] : [-0.0, 0.1, .infinity] {
      let graph = Graph()
      let x = graph.input("x", [Self.count], type)
      let outputs = repeated(value, graph, type).flatMap { constant in
        type == .int32
          ? [graph.apply(AddIntegers(), to: [x, constant])] : [x + constant, constant / x, maximum(constant, x)]
      }
      let program = try Program(outputs)
      // An integer lies in no slab.
      let integers = program.plan.placement.constants.map(\.elementCount)
      #expect(integers == (type == .int32 ? [1] : []), "\(value)")
      let session = program.makeSession()
      let elements = ReferenceTensor([Self.count], type, (0..<Self.count).map { Double($0 % 9 - 4) })
      try session.write(elements, to: x)
      try session.forward()
      let expected = try ReferenceEngine(graph).run(feeding: [x: elements])
      for output in outputs {
        let value = try #require(expected[output])
        #expect(try session.referenceValue(of: output).firstDifference(from: value) == nil)
      }
    }
  }

  @Test(arguments: ElementType.allCases) func `gates that read each element share the largest of one value`(
    type: ElementType
  ) throws {
    let graph = Graph()
    let x = graph.input("x", [3, 5], type)
    func beside(_ value: Double, _ shape: Shape) -> Node {
      concatenate([x, graph.constant(value, shape, type)], axis: 1)
    }
    let outputs = [[3, 5], [3, 50], [3, 2]].map { beside(1, Shape($0)) }, others = [beside(0, [3, 7])]
    let program = try Program(outputs + others)
    let counts = program.plan.placement.constants.map(\.elementCount).sorted()
    #expect(counts == [3 * 7, 3 * 50])
    let session = program.makeSession()
    let elements = (0..<15).map { Double($0 % 2) }
    try session.write(ReferenceTensor([3, 5], type, elements), to: x)
    try session.forward()
    for (output, value) in zip(outputs + others, [1.0, 1, 1, 0]) {
      let width = output.shape[1]
      let expected = (0..<3 * width).map { $0 % width < 5 ? elements[$0 / width * 5 + $0 % width] : value }
      #expect(try session.referenceValue(of: output).values == expected)
    }
    // The larger ones' memory, whoever is placed first.
    let turned = try Program(outputs.reversed() + others)
    #expect(turned.plan.placement.constants.map(\.elementCount).sorted() == counts)
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `zeros of both signs have memory of their own, and NaNs are told by their bits or not at all`(type: ElementType)
    throws
  {
    let graph = Graph()
    let x = graph.input("x", [4], type)
    let zeros = [0.0, -0.0].map { graph.constant($0, [4], type) }
    let program = try Program(zeros.map { concatenate([x, $0]) })
    #expect(program.plan.placement.constants.count == 2)
    let session = program.makeSession()
    try session.write(ReferenceTensor([4], type, [1, 1, 1, 1]), to: x)
    try session.forward()
    for (zero, output) in zip(zeros.indices, program.endpoints.outputs) {
      let values = try session.referenceValue(of: Node(graph: graph, id: output)).values.suffix(4)
      #expect(values.allSatisfy { $0 == 0 && $0.sign == (zero == 0 ? .plus : .minus) })
    }
    #expect(TensorValues([Float.nan, .nan]).onlyValue == nil && TensorValues([0, -0.0] as [Float]).onlyValue == nil)
    #expect(TensorValues([0.1, 0.1, 0.1.nextUp]).onlyValue == nil)
    #expect(TensorValues([-3, -3] as [Int32]).onlyValue == -3 && TensorValues([-3, -2] as [Int32]).onlyValue == nil)
  }

  @Test func `a number that a product reads as a matrix is written out once, by no gate`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 200])
    let ones = graph.constant(1).broadcast(to: [200, 200])
    let program = try Program([x.matmul(ones), x.matmul(ones.transposed()), x + 1])
    #expect(program.plan.placement.constants.map(\.elementCount) == [200 * 200])
    #expect(program.plan.calls.allSatisfy { !($0 is BroadcastCall) && !($0 is MovementCall) })
    let session = program.makeSession()
    try session.write([Float](repeating: 0.5, count: 400), to: x)
    try session.forward()
    for output in program.endpoints.outputs.prefix(2) {
      #expect(try session.read(Node(graph: graph, id: output), as: Float.self) == [Float](repeating: 100, count: 400))
    }
  }

  @Test func `a gate on numbers alone gives all elements of its result`() throws {
    let graph = Graph()
    let a = graph.constant(3, [Self.count]), b = graph.constant(0.5, [Self.count]), x = graph.input("x", [Self.count])
    let all = [a * b, exp(a) - b, maximum(a, b) * x]
    for fuses in [true, false] {
      var options = Program.Options()
      options.fusesElementwise = fuses
      let session = try Program(all, options: options).makeSession()
      try session.write([Float](repeating: 2, count: Self.count), to: x)
      try session.forward()
      let values = try all.map { try session.read($0, as: Float.self) }
      #expect(values[0].allSatisfy { $0 == 1.5 } && values[2].allSatisfy { $0 == 6 })
      #expect(values[1].allSatisfy { $0 == values[1][0] && abs($0 - 19.585_537) < 1e-5 })
      #expect(session.program.constantBytes == 0)
    }
  }
}
