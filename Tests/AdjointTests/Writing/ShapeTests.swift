import Adjoint
import AdjointTesting
import Testing

/// Functions that move elements, and constants from their entries, against plain loops.
@Suite(.timeLimit(.minutes(20))) struct ShapeTests {
  /// What `body` makes of 0, 1, 2 … in `shape`, and which multiples of the first, second … element of the result go
  /// back.
  private func run(
    _ shape: Shape, _ body: (Node) -> Node
  ) throws -> (shape: Shape, values: [Float], gradient: [Float]) {
    let graph = Graph()
    let x = graph.input("x", shape)
    let y = body(x)
    let weights = graph.constant((0..<y.shape.elementCount).map { Float($0 + 1) }, y.shape)
    let session = try Program((y * weights).sum(), gradientsFor: [x], alsoComputing: [y]).makeSession()
    try session.write((0..<shape.elementCount).map { Float($0) }, to: x)
    try session.step()
    return (y.shape, try session.read(y, as: Float.self), try session.gradient(of: x, as: Float.self))
  }

  @Test func `axes of one element come and go`() throws {
    #expect(try run([1, 2, 1, 3]) { $0.squeezed() }.shape == [2, 3])
    #expect(try run([1, 2, 1, 3]) { $0.squeezed(axes: [-2]) }.shape == [1, 2, 3])
    #expect(try run([2, 3]) { $0.squeezed() }.shape == [2, 3])
    #expect(try run([2, 3]) { $0.expanded(axis: 0) }.shape == [1, 2, 3])
    #expect(try run([2, 3]) { $0.expanded(axis: -1) }.shape == [2, 3, 1])
    let middle = try run([2, 3]) { $0.expanded(axis: 1) }
    #expect(
      middle.shape == [2, 1, 3] && middle.values == [0, 1, 2, 3, 4, 5] && middle.gradient == [1, 2, 3, 4, 5, 6])
  }

  @Test func `two axes are exchanged`() throws {
    let result = try run([2, 3]) { $0.swappingAxes(0, -1) }
    #expect(result.shape == [3, 2] && result.values == [0, 3, 1, 4, 2, 5] && result.gradient == [1, 3, 5, 2, 4, 6])
    #expect(try run([2, 3, 4]) { $0.swappingAxes(-1, -2) }.shape == [2, 4, 3])
  }

  @Test func `elements are reversed along the axes, and so are gradients`() throws {
    let rows = try run([2, 3]) { $0.flipped(axes: [0]) }
    #expect(rows.values == [3, 4, 5, 0, 1, 2] && rows.gradient == [4, 5, 6, 1, 2, 3])
    let columns = try run([2, 3]) { $0.flipped(axes: [-1]) }
    #expect(columns.values == [2, 1, 0, 5, 4, 3] && columns.gradient == [3, 2, 1, 6, 5, 4])
    let middle = try run([2, 2, 2]) { $0.flipped(axes: [1]) }
    #expect(middle.values == [2, 3, 0, 1, 6, 7, 4, 5] && middle.shape == [2, 2, 2])
    let all = try run([2, 3]) { $0.flipped() }
    #expect(all.values == [5, 4, 3, 2, 1, 0] && all.gradient == [6, 5, 4, 3, 2, 1])
  }

  @Test func `a value is repeated as a whole, and its gradient is the sum`() throws {
    let vector = try run([2]) { $0.tiled([3]) }
    #expect(vector.values == [0, 1, 0, 1, 0, 1] && vector.gradient == [1 + 3 + 5, 2 + 4 + 6])
    let matrix = try run([2, 2]) { $0.tiled([2, 2]) }
    #expect(matrix.shape == [4, 4])
    #expect(matrix.values == [0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3])
    #expect(try run([2]) { $0.tiled([2, 1]) }.shape == [2, 2] && run([2, 2]) { $0.tiled([3]) }.shape == [2, 6])
    #expect(try run([1]) { $0.tiled([4]) }.values == [0, 0, 0, 0] && run([3]) { $0.tiled([]) }.values == [0, 1, 2])
  }

  @Test func `parts lie one after the other, and stacked ones side by side`() throws {
    let back = try run([2, 4]) { concatenate($0.split(into: 2, axis: 1).reversed(), axis: 1) }
    #expect(back.values == [2, 3, 0, 1, 6, 7, 4, 5] && back.gradient == [3, 4, 1, 2, 7, 8, 5, 6])
    let uneven = try run([5]) { x in
      let parts = x.split(sizes: [1, 3, 1])
      return concatenate([parts[2], parts[1], parts[0]])
    }
    #expect(uneven.values == [4, 1, 2, 3, 0])
    let rows = try run([2]) { stack([$0, 2 * $0, -$0]) }
    #expect(rows.shape == [3, 2] && rows.values == [0, 1, 0, 2, 0, -1] && rows.gradient == [1 + 6 - 5, 2 + 8 - 6])
    let columns = try run([2]) { stack([$0, 2 * $0], axis: -1) }
    #expect(columns.shape == [2, 2] && columns.values == [0, 0, 1, 2])
  }

  @Test func `constants are made of their entries`() throws {
    let graph = Graph()
    let matrix = graph.constant([[1, 2, 3], [4, 5, 6.5]]), vector = graph.constant([[0.1], [2]], .float64)
    let flags = graph.constant([[1, 0]], .bool)
    #expect(matrix.shape == [2, 3] && matrix.elementType == .float32 && vector.shape == [2, 1])
    let session = try Program([matrix, vector, flags]).makeSession()
    try session.forward()
    #expect(try session.read(matrix, as: Float.self) == [1, 2, 3, 4, 5, 6.5])
    #expect(try session.read(vector, as: Double.self) == [0.1, 2])
    #expect(try session.read(flags, as: Bool.self) == [true, false])
    let line: UInt = #line + 1
    let ragged = graph.constant([[1, 2], [3]])
    let error = #expect(throws: GraphError.self) { try Program(ragged * 2) }
    #expect(error?.description.contains("rows of a matrix are of one length, got 2 and 1 entries") == true)
    #expect(error?.description.contains("ShapeTests.swift:\(line)") == true)
    #expect(throws: GraphError.self) { try Program(graph.constant([] as [[Double]])) }
    #expect(Extents2D(3) == 3 && Extents2D(3) == Extents2D(3, 3))
  }

  @Test(arguments: [ElementType.float32, .float64, .float16, .bfloat16])
  func `numbers of any Swift type go into any input of floating-point numbers`(type: ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", [3], type)
    let session = try Program(x.cast(to: .float64) * 1).makeSession()
    try session.write([1.5, -2, 0.25] as [Float], to: x)
    #expect(try session.referenceValue(of: x).values == [1.5, -2, 0.25])
    try session.write([1.5, -2, 1e-3], to: x)
    #expect(try session.referenceValue(of: x).values == [1.5, -2, type.rounded(1e-3)])
    try session.write([1, -2, 300], to: x)
    #expect(try session.referenceValue(of: x).values == [1, -2, type.rounded(300)])
  }

  @Test func `floats are no integers, and as many as there are elements`() throws {
    let graph = Graph()
    let labels = graph.input("labels", [2], .int32), x = graph.input("x", [2], .float64)
    let session = try Program(x.gatheringRows(labels)).makeSession()
    let wrong = #expect(throws: SessionError.self) { try session.write([1, 2] as [Float], to: labels) }
    #expect(wrong?.description.contains("holds int32, not float32") == true)
    let few = #expect(throws: SessionError.self) { try session.write([1] as [Float], to: x) }
    #expect(few?.description.contains("takes 2 values, got 1") == true)
  }

  @Test func `what makes no sense is refused with the line`() {
    let graph = Graph()
    let x = graph.input("x", [2, 3]), y = graph.input("y", [3])
    let line: UInt = #line + 2
    let nodes = [
      x.squeezed(axes: [0]), x.expanded(axis: 4), x.swappingAxes(0, 2), x.flipped(axes: [2]), x.tiled([0]),
      x.split(into: 2, axis: 1)[0], x.split(sizes: [1, 2])[1], stack([x, y]), stack([y, y], axis: 2),
    ]
    let reasons = [
      "axis 0 of shape [2, 3] has an extent of 2, not 1", "a value of 3 axes has no axis 4", "axis 2 does not exist",
      "axis 2 does not exist", "repeated once or more, not 0 times",
      "axis 1 of shape [2, 3] is not made of 2 equal parts", "axis 0 of shape [2, 3] is not made of parts of [1, 2]",
      "what is stacked has one shape, got [2, 3] and [3]", "a value of 2 axes has no axis 2",
    ]
    for (node, reason) in zip(nodes, reasons) {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
      let hasLine = [line, line + 1].contains { error?.description.contains("ShapeTests.swift:\($0)") == true }
      #expect(hasLine, "\(String(describing: error))")
    }
  }
}
