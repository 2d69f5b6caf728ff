import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// Gathering and scattering along an axis, sorting and the greatest elements, against plain loops.
@Suite(.timeLimit(.minutes(20))) struct GatheringTests {
  private static let shape: Shape = [2, 3, 2]

  /// What `body` makes of numbers that are all different, with the gradient that 1, 2, 3 … from above sends back.
  private func run(
    _ x: ReferenceTensor, _ body: (Node) -> Node
  ) throws -> (value: ReferenceTensor, gradient: ReferenceTensor) {
    let graph = Graph()
    let input = graph.input("x", x.shape, x.elementType)
    let y = body(input)
    let weights = graph.constant((0..<y.shape.elementCount).map { Double($0 + 1) }, y.shape).cast(to: x.elementType)
    let session = try Program((y * weights).sum(), gradientsFor: [input], alsoComputing: [y]).makeSession()
    try session.write(x, to: input)
    try session.step()
    return (try session.referenceValue(of: y), try session.referenceGradient(of: input))
  }

  private var numbers: ReferenceTensor {
    ReferenceTensor(Self.shape, .float32, (0..<12).map { Double(($0 * 5) % 12) })
  }

  @Test(arguments: [0, 1, 2, -1]) func `each lane is read at its own indices, and gets what they send back`(axis: Int)
    throws
  {
    let front = axis < 0 ? axis + 3 : axis, count = 4
    var dimensions = Self.shape.dimensions
    dimensions[front] = count
    let places = Shape(dimensions), x = numbers
    let indices = ReferenceTensor(
      places, .int32, (0..<places.elementCount).map { Double(($0 * 7) % 5 % Self.shape[front]) })
    let result = try run(x) { node in
      node.gathering(node.graph.constant(indices.values.map { Int32($0) }, places), axis: axis)
    }
    var expected: [Double] = [], slopes = [Double](repeating: 0, count: 12)
    for i in 0..<places[0] {
      for j in 0..<places[1] {
        for k in 0..<places[2] {
          var index = [i, j, k]
          index[front] = Int(indices[[i, j, k]])
          expected.append(x[index])
          slopes[index[0] * 6 + index[1] * 2 + index[2]] += Double(expected.count)
        }
      }
    }
    #expect(result.value.values == expected && result.value.shape == places && result.gradient.values == slopes)

    // The mirror: what was read is added where it was read.
    let graph = Graph()
    let base = graph.input("base", Self.shape), values = graph.input("values", places)
    let sum = base.scatterAdding(values, at: graph.constant(indices.values.map { Int32($0) }, places), axis: axis)
    let loss = (sum * graph.constant(x.values.map { Float($0) }, Self.shape)).sum()
    let session = try Program(loss, gradientsFor: [base, values], alsoComputing: [sum]).makeSession()
    try session.write(ReferenceTensor(Self.shape, .float32, [Double](repeating: 0.5, count: 12)), to: base)
    try session.write(ReferenceTensor(places, .float32, (0..<places.elementCount).map { Double($0 + 1) }), to: values)
    try session.step()
    #expect(try session.referenceValue(of: sum).values == slopes.map { $0 + 0.5 })
    #expect(try session.referenceGradient(of: values).values == expected)
    #expect(try session.referenceGradient(of: base).values == x.values)
  }

  @Test(arguments: [0, 1, 2, -1]) func `each lane gets values at its own indices, the last of several`(axis: Int) throws
  {
    let front = axis < 0 ? axis + 3 : axis
    var dimensions = Self.shape.dimensions
    dimensions[front] = 4
    let places = Shape(dimensions), x = numbers
    let indices = (0..<places.elementCount).map { Int32(($0 * 7) % 5 % Self.shape[front]) }
    let graph = Graph()
    let base = graph.input("base", Self.shape), values = graph.input("values", places)
    let y = base.scattering(values, at: graph.constant(indices, places), axis: axis)
    let loss = (y * graph.constant(x.values.map { Float($0) }, Self.shape)).sum()
    let session = try Program(loss, gradientsFor: [base, values], alsoComputing: [y]).makeSession()
    try session.write(x, to: base)
    try session.write(ReferenceTensor(places, .float32, (0..<places.elementCount).map { Double($0 + 100) }), to: values)
    try session.step()
    var (expected, writer) = (x.values, [Int?](repeating: nil, count: 12))
    for position in 0..<places.elementCount {
      var target = [position / (places[1] * places[2]), position / places[2] % places[1], position % places[2]]
      target[front] = Int(indices[position])
      let place = target[0] * 6 + target[1] * 2 + target[2]
      (expected[place], writer[place]) = (Double(position + 100), position)
    }
    #expect(try session.referenceValue(of: y).values == expected)
    #expect(
      try session.referenceGradient(of: base).values == x.values.indices.map { writer[$0] == nil ? x.values[$0] : 0 })
    var slopes = [Double](repeating: 0, count: places.elementCount)
    for (place, position) in writer.enumerated() { if let position { slopes[position] = x.values[place] } }
    #expect(try session.referenceGradient(of: values).values == slopes)
  }

  @Test func `rows are added to the rows that indices name, whose gradients they get`() throws {
    let graph = Graph()
    let base = graph.input("base", [3, 2]), values = graph.input("values", [2, 2, 2])
    let rows = graph.input("rows", [2, 2], .int32)
    let sum = base.scatterAddingRows(values, at: rows)
    let loss = (sum * graph.constant([[1, 2], [3, 4], [5, 6]])).sum()
    let session = try Program(loss, gradientsFor: [base, values], alsoComputing: [sum]).makeSession()
    try session.write([10, 20, 30, 40, 50, 60], to: base)
    try session.write([1, 2, 3, 4, 5, 6, 7, 8], to: values)
    try session.write([2, 0, 2, 2] as [Int32], to: rows)
    try session.step()
    #expect(try session.read(sum, as: Float.self) == [13, 24, 30, 40, 63, 76])
    #expect(try session.gradient(of: base, as: Float.self) == [1, 2, 3, 4, 5, 6])
    #expect(try session.gradient(of: values, as: Float.self) == [5, 6, 1, 2, 5, 6, 5, 6])
    for row in [-1, 3] as [Int32] {
      try session.write([2, 0, row, 2], to: rows)
      let error = #expect(throws: SessionError.self) { try session.step() }
      #expect(error?.description.contains("index \(row) at position 2 is not in 0..<3") == true)
      #expect(error?.description.contains("GatheringTests.swift") == true)
    }
  }

  @Test(arguments: [-1, 2]) func `an index out of its lane ends the run, though the next lane has it`(index: Int32)
    throws
  {
    let graph = Graph()
    let x = graph.input("x", [3, 2]), indices = graph.input("indices", [3, 1], .int32)
    let y = x.gathering(indices)
    let session = try Program(y).makeSession()
    try session.write([1, 2, 3, 4, 5, 6], to: x)
    try session.write([0, index, 1], to: indices)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("index \(index) at position 1 is not in 0..<2") == true)
    #expect(error?.description.contains("GatheringTests.swift") == true)
    try session.write([0, 1, 1] as [Int32], to: indices)
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [1, 4, 6])
  }

  // MARK: sorting

  static let lanes: [[Double]] = [
    [3], [2, 1], [1, 3, 2, 3, 1, 1], [.nan, 1, -.infinity, .nan, .infinity, 0, -0.0, -1],
    (0..<57).map { Double(($0 * 7919) % 23) - 11 }, (0..<64).map(Double.init), (0..<64).map { -Double($0) },
  ]

  @Test(arguments: lanes, [ElementType.float32, .float64])
  func `a lane is in order, equal elements in theirs, and NaN the greatest`(lane: [Double], type: ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", [lane.count], type)
    let nodes = [x.argsort(), x.argsort(descending: true)], sorted = [x.sorted(), x.sorted(descending: true)]
    let session = try Program(nodes + sorted).makeSession()
    try session.write(lane, to: x)
    try session.forward()
    for (position, isDescending) in [false, true].enumerated() {
      func key(_ value: Double) -> Double { value.isNaN ? .greatestFiniteMagnitude * 2 : value }
      func isBefore(_ a: Int, _ b: Int) -> Bool {
        let (x, y) = (lane[a], lane[b])
        if x == y || (x.isNaN && y.isNaN) { return a < b }
        let isLess = y.isNaN || x < y
        return isLess != isDescending
      }
      let order = lane.indices.sorted(by: isBefore)
      #expect(try session.read(nodes[position], as: Int32.self).map(Int.init) == order)
      let values = try session.referenceValue(of: sorted[position]).values
      #expect(zip(values, order).allSatisfy { $0 == lane[$1] || ($0.isNaN && lane[$1].isNaN) })
    }
  }

  @Test(arguments: [0, 1, -1])
  func `lanes of any axis are sorted by themselves, and gradients go where elements came from`(
    axis: Int
  ) throws {
    let x = numbers, front = axis < 0 ? axis + 3 : axis
    let result = try run(x) { $0.sorted(axis: axis) }
    var slopes = [Double](repeating: 0, count: 12)
    for (place, value) in result.value.values.enumerated() {
      slopes[x.values.firstIndex(of: value)!] = Double(place + 1)
    }
    #expect(result.gradient.values == slopes)
    for i in 0..<(front == 0 ? 1 : 2) {
      for j in 0..<(front == 1 ? 1 : 3) {
        for k in 0..<(front == 2 ? 1 : 2) {
          func lane(_ tensor: ReferenceTensor) -> [Double] {
            (0..<Self.shape[front]).map { place in
              var index = [i, j, k]
              index[front] = place
              return tensor[index]
            }
          }
          #expect(lane(result.value) == lane(x).sorted())
        }
      }
    }
  }

  @Test func `the greatest come in order with their places, and get the gradient`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 4])
    let (top, places) = x.topK(2), (low, lowest) = x.topK(1, axis: 0, smallest: true)
    #expect(top.shape == [2, 2] && places.elementType == .int32 && low.shape == [1, 4])
    let program = try Program(
      (top * graph.constant([[1, 2], [3, 4]])).sum(), gradientsFor: [x], alsoComputing: [top, places, low, lowest])
    let session = program.makeSession(on: try GraphExecutor(width: 2))
    try session.write([1, 7, 5, 7, -1, -4, -2, -3], to: x)
    try session.step()
    #expect(try session.read(top, as: Float.self) == [7, 7, -1, -2])
    #expect(try session.read(places, as: Int32.self) == [1, 3, 0, 2])
    #expect(try session.read(low, as: Float.self) == [-1, -4, -2, -3])
    #expect(try session.read(lowest, as: Int32.self) == [1, 1, 1, 1])
    #expect(try session.gradient(of: x, as: Float.self) == [0, 1, 0, 2, 3, 0, 4, 0])
  }

  @Test func `what makes no sense is refused with the line`() {
    let graph = Graph()
    let x = graph.input("x", [2, 3]), floats = graph.input("floats", [2, 1])
    let places = graph.input("places", [2, 1], .int32), wide = graph.input("wide", [3, 1], .int32)
    let labels = graph.input("labels", [3], .int32)
    let positions = graph.input("positions", [4]), four = graph.input("four", [4, 3])
    let line: UInt = #line + 2
    let nodes = [
      x.gathering(floats), x.gathering(wide), x.gathering(labels), x.gathering(places, axis: 2),
      x.scatterAdding(x, at: places), x.sorted(axis: 2), labels.sorted(), x.topK(4).values, x.topK(0).indices,
      x.scatterAddingRows(x, at: labels), x.scatterAddingRows(four, at: positions),
      x.sum().scatterAddingRows(x, at: wide),
    ]
    let reasons = [
      "indices are int32, got float32; write floats.cast(to: .int32)",
      "indices of shape [3, 1] do not go along axis 1 of shape [2, 3]", "indices of shape [3] do not go",
      "axis 2 does not exist", "values of shape [2, 3] need an index each, got indices of shape [2, 1]",
      "axis 2 does not exist", "argsort has no kernel for int32", "0..<4 is not within axis 1",
      "one element or more are taken, not 0",
      "rows of shape [2, 3] at indices of shape [3] need values of shape [3, 3], got [2, 3]",
      "indices and labels are int32, got float32", "a scalar has no rows to add to",
    ]
    for (node, reason) in zip(nodes, reasons) {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
      let hasLine = (line...line + 3).contains { error?.description.contains("GatheringTests.swift:\($0)") == true }
      #expect(hasLine, "\(String(describing: error))")
    }
  }
}
