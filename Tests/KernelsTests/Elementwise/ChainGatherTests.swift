import DependencyScheduling
import Kernels
import Testing

/// Chains whose operands are rows of a table, against chains that read those rows from memory.
@Suite(.timeLimit(.minutes(20))) struct ChainGatherTests {
  /// (rows · b) + rows of another table: with `indices` of a table of `rows` rows of `columns` elements.
  private struct Gathered {
    let shape: [Int], chain: ElementwiseChain, stored: ElementwiseChain

    init(indices: Int, rows: (Int, Int), columns: Int) {
      shape = [indices, columns]
      var builder = ElementwiseChain.Builder(shape: shape)
      let named = builder.operand(.indices(under: shape))
      let first = builder.operand(.gathered(shape, rows: rows.0, columns: columns, by: named))
      let second = builder.operand(.gathered(shape, rows: rows.1, columns: columns, by: named))
      let factor = builder.operand(.broadcast([columns], to: shape))
      let product = builder.apply(.multiply, [first, factor])
      let sum = builder.apply(.add, [product, second])
      chain = builder.finish(outputs: [product, sum])
      var plain = ElementwiseChain.Builder(shape: shape)
      let operands = (0..<2).map { _ in plain.operand(.whole([indices, columns])) }
      let repeated = plain.operand(.broadcast([columns], to: shape))
      let scaled = plain.apply(.multiply, [operands[0], repeated])
      let added = plain.apply(.add, [scaled, operands[1]])
      stored = plain.finish(outputs: [scaled, added])
    }
  }

  private func run<T: KernelFloat>(
    _ chain: ElementwiseChain, _ inputs: [UnsafeRawPointer], cuts: [Int], _: T.Type
  ) throws(ChainIndexOutOfRange) -> [[T]] {
    let outputs = (0..<chain.outputCount).map { _ in UnsafeMutablePointer<T>.allocate(capacity: chain.count) }
    defer { outputs.forEach { $0.deallocate() } }
    for output in outputs { output.initialize(repeating: 99, count: chain.count) }
    for (begin, end) in zip(cuts, cuts.dropFirst()) {
      try runChain(
        chain, T.elementType, inputs: inputs, outputs: outputs.map { UnsafeMutableRawPointer($0) }, range: begin..<end)
    }
    return outputs.map { Array(UnsafeBufferPointer(start: $0, count: chain.count)) }
  }

  private func pointer<T>(_ values: [T]) -> UnsafeRawPointer {
    let memory = UnsafeMutablePointer<T>.allocate(capacity: values.count)
    memory.initialize(from: values, count: values.count)
    return UnsafeRawPointer(memory)
  }

  private func check<T: KernelFloat>(columns: Int, indices count: Int, _: T.Type) throws {
    var numbers = SeededGenerator(seed: UInt64(1000 * columns + count))
    let tables: [[T]] = [randomValues(7 * columns, &numbers), randomValues(5 * columns, &numbers)]
    let factors: [T] = randomValues(columns, &numbers)
    let indices = (0..<count).map { _ in Int32.random(in: 0..<5, using: &numbers) }
    let rows = tables.map { table in
      indices.flatMap { table[Int($0) * columns..<(Int($0) + 1) * columns] }
    }
    let gathered = Gathered(indices: count, rows: (7, 5), columns: columns)
    let inputs = [pointer(indices), pointer(tables[0]), pointer(tables[1]), pointer(factors)]
    let plain = [pointer(rows[0]), pointer(rows[1]), inputs[3]]
    defer { (inputs + plain.dropLast()).forEach { $0.deallocate() } }
    let size = gathered.chain.count
    let expected = try run(gathered.stored, plain, cuts: [0, size], T.self)
    for cuts in [[0, size], [0, size / 3, size / 2, size]] {
      let computed = try run(gathered.chain, inputs, cuts: cuts, T.self)
      for (result, value) in zip(computed, expected) { #expect(same(result, value), "\(columns) columns, cut \(cuts)") }
    }
  }

  @Test(arguments: [1, 2, 3, 70, 600], [1, 9, 700])
  func `rows of a table are read as if they were stored`(columns: Int, indices: Int) throws {
    try check(columns: columns, indices: indices, Float.self)
    try check(columns: columns, indices: indices, Double.self)
  }

  @Test(arguments: [1, 3], [-1, 5, 7, Int32.max, Int32.min])
  func `an index that names no row says where it stands, and of which table`(columns: Int, wrong: Int32) throws {
    let gathered = Gathered(indices: 900, rows: (7, 5), columns: columns)
    var indices = [Int32](repeating: 4, count: 900)
    (indices[600], indices[899]) = (wrong, wrong)
    // The tables end where their memory does, so that reading behind them would be seen by a sanitizer.
    let inputs = [
      pointer(indices), pointer([Double](repeating: 1, count: 7 * columns)),
      pointer([Double](repeating: 2, count: 5 * columns)), pointer([Double](repeating: 3, count: columns)),
    ]
    defer { inputs.forEach { $0.deallocate() } }
    let error = #expect(throws: ChainIndexOutOfRange.self) {
      try run(gathered.chain, inputs, cuts: [0, gathered.chain.count], Double.self)
    }
    // Index 5 is a row of the first table, which has seven, and of the second it is none.
    let isFirst = wrong != 5
    #expect(error?.operand == (isFirst ? 1 : 2))
    #expect(
      error?.error == IndexOutOfRange(position: 600, index: Int(wrong), rowCount: isFirst ? 7 : 5))
  }

  @Test func `rows are there around a block that is computed with its neighbours`() throws {
    let count = 3_000, shape = [count]
    var numbers = SeededGenerator(seed: 5)
    let table: [Double] = randomValues(40, &numbers)
    let indices = (0..<count).map { _ in Int32.random(in: 0..<40, using: &numbers) }
    func build(_ gathers: Bool) -> ElementwiseChain {
      var builder = ElementwiseChain.Builder(shape: shape)
      let named = gathers ? builder.operand(.indices(under: shape)) : 0
      let rows = builder.operand(gathers ? .gathered(shape, rows: 40, columns: 1, by: named) : .whole(shape))
      let squares = builder.apply(.square, [rows])
      let later = builder.splice([(value: squares, piece: .init(rows: 0..<count - 3, start: 3, length: 1))])
      let earlier = builder.splice([(value: squares, piece: .init(rows: 2..<count, start: 0, length: 1))])
      let product = builder.apply(.multiply, [earlier, rows])
      let sum = builder.apply(.add, [later, product])
      return builder.finish(outputs: [sum])
    }
    let inputs = [pointer(indices), pointer(table), pointer(indices.map { table[Int($0)] })]
    defer { inputs.forEach { $0.deallocate() } }
    let expected = try run(build(false), [inputs[2]], cuts: [0, count], Double.self)
    for cuts in [[0, count], [0, 1, 700, count]] {
      #expect(try run(build(true), Array(inputs[..<2]), cuts: cuts, Double.self) == expected)
    }
  }
}
