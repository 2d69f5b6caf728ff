import DependencyScheduling
import Kernels
import Testing

/// What an element becomes follows from its operands alone: in each place of a vector, of what is left behind the last
/// one, and of a block, and whatever lies beside it.
@Suite(.timeLimit(.minutes(20))) struct PlaceTests {
  private static func specials<T: KernelFloat>(_: T.Type) -> [T] {
    [
      .nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude,
      3e30,
      -1, 0.5,
    ]
  }

  /// Every special number with every other, computed alone.
  private struct Lone<T: KernelFloat> {
    let operands: [[T]]
    let results: [T]

    init(_ operation: ElementwiseOperation) {
      let values = specials(T.self)
      let rows = values.indices.flatMap { first in values.indices.map { (first, $0) } }
      operands = rows.map { [values[$0.0], values[$0.1], values[($0.0 + $0.1) % values.count]] }
      results = operands.map { row in
        elementwise(operation, output: [1], row[..<operation.arity].map { ([1], [$0]) })[0]
      }
    }
  }

  private func check<T: KernelFloat>(_ operation: ElementwiseOperation, _: T.Type) {
    let lone = Lone<T>(operation)
    let (count, plain) = (lone.operands.count, lone.operands.firstIndex { $0[0] == -1 && $0[1] == 0.5 }!)
    func check(_ rows: [Int]) {
      let columns = (0..<operation.arity).map { column in ([rows.count], rows.map { lone.operands[$0][column] }) }
      let result: [T] = elementwise(operation, output: [rows.count], columns)
      guard let wrong = result.indices.first(where: { !same(result[$0], lone.results[rows[$0]]) }) else { return }
      Issue.record("\(operation), \(T.self): \(lone.operands[rows[wrong]]) in place \(wrong) of \(rows.count)")
    }
    // All special, shifted by one from length to length; and one alone among plain numbers, at each end.
    for length in Array(1...18) + [31, 32, 33, 512, 513] {
      check((0..<length).map { ($0 * 7 + length) % count })
      for special in lone.operands.indices where special % 40 == length % 40 {
        for place in Set([0, length - 1, length / 2]) {
          var rows = [Int](repeating: plain, count: length)
          rows[place] = special
          check(rows)
        }
      }
    }
  }

  @Test(arguments: ElementwiseOperation.allCases)
  func `an operation gives each element what it gives it alone`(operation: ElementwiseOperation) {
    check(operation, Float.self)
    check(operation, Double.self)
  }

  /// Angles that are too wide for the vectorised way, one among many in each place of two blocks.
  @Test(arguments: [ElementwiseOperation.sine, .cosine])
  func `one wide angle is noticed in each place of a block`(operation: ElementwiseOperation) {
    func check<T: KernelFloat>(_ wide: T) {
      let count = 1_025
      let alone: T = elementwise(operation, output: [1], [([1], [wide])])[0]
      let narrow: T = elementwise(operation, output: [1], [([1], [1])])[0]
      for place in [0, 1, 15, 16, 254, 510, 511, 512, 513, 1_023, 1_024] {
        var angles = [T](repeating: 1, count: count)
        angles[place] = wide
        let result = elementwise(operation, output: [count], [([count], angles)])
        #expect(same(result[place], alone) && result.indices.allSatisfy { $0 == place || same(result[$0], narrow) })
      }
    }
    check(3e30 as Float)
    check(3e300)
  }

  /// One operand lies like the output, the other in one of all other ways.
  @Test func `each operand is read where it lies, in rows of every length around what decides how`() {
    var numbers = SeededGenerator(seed: 3)
    for inner in [1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 257, 511, 512, 513] {
      let output = [3, 2, inner]
      for (first, second) in [
        ([3, 2, inner], [1]), ([1], [3, 2, inner]), ([3, 2, inner], [inner]), ([2, 1], [3, 2, inner]),
        ([3, 1, inner], [2, inner]), ([3, 1, 1], [1, 2, 1]), ([inner], [3, 1, inner]),
      ] {
        let a: [Float] = randomValues(elementCount(first), &numbers)
        let b: [Float] = randomValues(elementCount(second), &numbers)
        let expected = coordinates(of: output).map {
          a[broadcastIndex($0, operand: first)] - b[broadcastIndex($0, operand: second)]
        }
        let start = Int.random(in: 0..<inner, using: &numbers)
        for cuts in [[0..<expected.count], [start..<expected.count, 0..<start]] {
          let result = elementwise(.subtract, output: output, [(first, a), (second, b)], cuts: cuts)
          #expect(result == expected, "\(first) - \(second) under \(output), cut at \(start)")
        }
      }
    }
  }

  /// A part that begins within a row: its first block is the rest of that row, and those behind it are longer.
  @Test func `what is repeated is there for blocks that are longer than the first`() {
    var numbers = SeededGenerator(seed: 4)
    for inner in [3, 17, 40, 63] {
      let output = [30, inner], count = 30 * inner
      for shapes in [
        [[1], [inner], output], [output, [1], [inner]], [[inner], output, [1]], [[30, 1], [1], [inner]],
        [[1], [30, 1], output],
      ] {
        // Other values each time: what lies on the stack from the time before must not do.
        for start in [1, inner - 1, inner + 1] {
          let values: [[Float]] = shapes.map { randomValues(elementCount($0), &numbers) }
          let expected = coordinates(of: output).map { place in
            let operands = zip(shapes, values).map { $1[broadcastIndex(place, operand: $0)] }
            return definition(.route, operands[0], operands[1], operands[2])
          }
          let result = elementwise(
            .route, output: output, Array(zip(shapes, values)), cuts: [start..<count, 0..<start])
          #expect(result == expected, "\(shapes) from \(start)")
        }
      }
    }
  }

  @Test func `integers are added and copied in each place`() {
    var numbers = SeededGenerator(seed: 5)
    for count in Array(1...35) + [511, 512, 513, 1_025] {
      let operands = (0..<2).map { _ in (0..<count).map { _ in Int32.random(in: .min ... .max, using: &numbers) } }
      for (operation, arity) in [(ElementwiseOperation.add, 2), (.copy, 1)] {
        let plan = BroadcastPlan(output: [count], operands: [[Int]](repeating: [count], count: arity))
        var output = [Int32](repeating: 99, count: count)
        withPointers(to: operands) { inputs in
          output.withUnsafeMutableBytes {
            runElementwise(operation, .int32, plan: plan, inputs: inputs, output: $0.baseAddress!, range: 0..<count)
          }
        }
        #expect(output == (arity == 2 ? zip(operands[0], operands[1]).map { $0 &+ $1 } : operands[0]))
      }
    }
  }
}
