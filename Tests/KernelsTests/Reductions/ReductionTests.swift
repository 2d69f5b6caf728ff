import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct ReductionTests {
  private func reduce<T: KernelFloat>(
    _ operation: ReduceOperation, _ shape: [Int], _ axes: [Int], _ values: [T], cuts: [Range<Int>]? = nil
  ) -> [T] {
    let plan = ReductionPlan(input: shape, axes: axes)
    var output = [T](repeating: 99, count: plan.outputCount)
    values.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { output in
        for range in cuts ?? [0..<plan.outputCount] {
          runReduction(
            operation, T.elementType, plan: plan, input: input.baseAddress!, output: output.baseAddress!, range: range)
        }
      }
    }
    return output
  }

  /// Sums in double precision, one element after the other.
  private func definition<T: KernelFloat>(
    _ operation: ReduceOperation, _ shape: [Int], _ axes: [Int], _ values: [T]
  ) -> [Double] {
    let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
    var results = [Double](repeating: operation == .maximum ? -.infinity : 0, count: elementCount(kept))
    for (index, place) in coordinates(of: shape).enumerated() {
      let target = flatIndex(place.indices.map { axes.contains($0) ? 0 : place[$0] }, in: kept)
      let value = Double(values[index])
      switch operation {
      case .sum, .mean: results[target] += value
      case .norm, .meanSquare, .scaledNorm, .scaledMeanSquare: results[target] += value * value
      case .maximum: results[target] = value.isNaN || results[target].isNaN ? .nan : max(results[target], value)
      }
    }
    let count = Double(elementCount(shape) / results.count)
    return switch operation {
    case .sum, .maximum: results
    case .mean, .meanSquare, .scaledMeanSquare: results.map { $0 / count }
    case .norm, .scaledNorm: results.map { $0.squareRoot() }
    }
  }

  private func check<T: KernelFloat>(_ shape: [Int], _ axes: [Int], _: T.Type, seed: UInt64) {
    var numbers = SeededGenerator(seed: seed)
    let values: [T] = randomValues(elementCount(shape), &numbers)
    for operation in ReduceOperation.allCases {
      let result = reduce(operation, shape, axes, values)
      let expected = definition(operation, shape, axes, values)
      let tolerance = operation == .maximum ? 0 : 4e-7 * Double(elementCount(shape) / expected.count).squareRoot()
      #expect(
        result.count == expected.count && zip(result, expected).allSatisfy { abs(Double($0) - $1) <= tolerance },
        "\(operation) of \(shape) over \(axes), seed \(seed)")
      let pieces = reduce(operation, shape, axes, values, cuts: oddCuts(result.count, &numbers))
      #expect(same(result, pieces), "\(operation) of \(shape) over \(axes) depends on where its range is cut")
    }
  }

  @Test(arguments: 0...4)
  func `every set of axes of every shape up to rank 4 reduces to what a loop gives`(rank: Int) {
    for shape in shapes(rank: rank) {
      for mask in 0..<(1 << rank) {
        let axes = (0..<rank).filter { mask >> $0 & 1 == 1 }
        check(shape, axes, Float.self, seed: 1)
        if rank < 4 { check(shape, axes, Double.self, seed: 2) }
      }
    }
  }

  @Test(arguments: [
    ([100_003], [0]), ([13, 1000], [1]), ([1000, 13], [0]), ([1000, 150], [0]), ([31, 511], [0, 1]),
    ([5, 700, 9], [1]),
    ([20, 7, 600], [0, 2]), ([3, 1, 513, 1], [2]), ([2, 33, 2, 65], [1, 3]), ([2, 33, 2, 65], [0, 2]), ([33], []),
  ])
  func `long axes reduce to what a loop gives, cut anywhere`(shape: [Int], axes: [Int]) {
    check(shape, axes, Float.self, seed: 3)
    check(shape, axes, Double.self, seed: 4)
  }

  /// Whole numbers, whose sums and sums of squares are exact in any order: no element may be missing or read twice.
  /// Then one that is special in each place.
  @Test(arguments: [1, 2, 15, 16, 17, 31, 32, 33, 511, 512, 513, 545, 4_097])
  func `every element counts once, and a special one in every place`(count: Int) {
    func check<T: KernelFloat>(_: T.Type) {
      let values = (0..<count).map { T($0 % 3 + 1) }
      expectExact(values)
      let steps = count <= 65 ? 1 : count / 5
      let places = Array(stride(from: 0, to: count, by: steps)) + [count - 2, count - 1].filter { $0 >= 0 }
      for (number, place) in places.enumerated() where count <= 33 || number % 2 == 1 || place >= count - 2 {
        var special = values
        special[place] = [T.nan, .infinity, -.infinity][number % 3]
        expectExact(special)
      }
    }
    check(Float.self)
    check(Double.self)
  }

  private func expectExact<T: KernelFloat>(_ values: [T]) {
    let count = values.count
    var (sum, squares) = (0 as T, 0 as T)
    for value in values {
      sum += value
      squares += value * value
    }
    for operation in ReduceOperation.allCases {
      let expected: T =
        switch operation {
        case .sum: sum
        case .mean: sum / T(count)
        case .maximum: values.contains { $0.isNaN } ? .nan : values.max()!
        case .norm, .scaledNorm: squares.squareRoot()
        case .meanSquare, .scaledMeanSquare: squares / T(count)
        }
      let place = values.firstIndex { !$0.isFinite }
      let name = "\(operation) of \(count) elements, \(T.self), special at \(place ?? -1)"
      #expect(same(reduce(operation, [count], [0], values)[0], expected), "\(name)")
      guard count <= 33 else { continue }
      // Down the middle of columns that others lie beside.
      let columns = values.flatMap { [T(2), $0, T(2)] }
      #expect(same(reduce(operation, [count, 3], [0], columns)[1], expected), "\(name) of a column")
    }
  }

  /// One huge number, or one tiny, in each place: sums of squares and means are computed anew.
  @Test(arguments: [1, 2, 32, 33, 512, 513, 4_097])
  func `what leaves the range is found in every place`(count: Int) {
    func expectNear(_ result: Float, _ exact: Double, _ subject: String) {
      let expected = Float(exact)
      #expect(result == expected || (result - expected).magnitude <= 4 * expected.ulp, "\(result), \(subject)")
    }
    for place in Set([0, 31, 32, 511, count - 1]) where (0..<count) ~= place {
      var huge = [Float](repeating: 1, count: count), tiny = [Float](repeating: 0, count: count)
      var large = [Float](repeating: .greatestFiniteMagnitude, count: count)
      (huge[place], tiny[place], large[place]) = (1e30, 1e-30, 3e38)
      let most = Double(Float.greatestFiniteMagnitude)
      for (shape, repeats) in [([count], 1), ([count, 2], 2)] {
        func spread(_ values: [Float]) -> [Float] { values.flatMap { [Float](repeating: $0, count: repeats) } }
        let subject = "\(place) of \(shape)"
        expectNear(reduce(.norm, shape, [0], spread(huge))[repeats - 1], 1e30, subject)
        expectNear(reduce(.norm, shape, [0], spread(tiny))[repeats - 1], 1e-30, subject)
        let mean = (most * Double(count - 1) + Double(3e38 as Float)) / Double(count)
        expectNear(reduce(.mean, shape, [0], spread(large))[repeats - 1], mean, subject)
        let norm = reduce(.scaledNorm, shape, [0], spread(huge))[repeats - 1]
        expectNear(-norm, 1e30 * 0x1p-64, subject)
        #expect(reduce(.meanSquare, shape, [0], spread(huge))[repeats - 1] == .infinity)
      }
    }
  }

  /// No two of these axes merge: elements are found by counting along many axes, and found again where squares or a sum
  /// leave the range.
  @Test(arguments: 4...9) func `axes reduced and kept in turn reduce to what a loop gives`(rank: Int) {
    let shape = (0..<rank).map { $0 % 3 == 1 ? 3 : 2 }
    for first in 0...1 {
      let axes = Array(stride(from: first, to: rank, by: 2))
      check(shape, axes, Float.self, seed: 5)
      check(shape, axes, Double.self, seed: 6)
      let count = elementCount(shape)
      var numbers = SeededGenerator(seed: 7)
      let values: [Float] = (0..<count).map { _ in Float(Int.random(in: 1...9, using: &numbers)) * 0x1p124 }
      for operation in [ReduceOperation.mean, .norm] {
        let result = reduce(operation, shape, axes, values), expected = definition(operation, shape, axes, values)
        let isRight = zip(result, expected).allSatisfy { result, exact in
          let exact = Float(exact)
          return result == exact || (result - exact).magnitude <= 4 * exact.ulp
        }
        #expect(isRight, "\(operation) of huge numbers of \(shape) over \(axes)")
      }
    }
  }

  /// Columns side by side in strips of 64, rows 16 before they join the tree.
  @Test(arguments: [16, 17, 33], [1, 63, 64, 65])
  func `columns add up to what they hold, however many lie side by side`(rows: Int, columns: Int) {
    func check<T: KernelFloat>(_: T.Type) {
      var numbers = SeededGenerator(seed: UInt64(rows * columns))
      let values: [T] = (0..<2 * rows * columns).map { _ in T(Int.random(in: 1...3, using: &numbers)) }
      for operation in [ReduceOperation.sum, .maximum, .meanSquare] {
        let result = reduce(
          operation, [2, rows, columns], [1], values, cuts: [columns / 2..<2 * columns, 0..<columns / 2])
        for column in 0..<2 * columns {
          let own = (0..<rows).map { values[(column / columns * rows + $0) * columns + column % columns] }
          let expected =
            operation == .sum
            ? own.reduce(0, +) : operation == .maximum ? own.max()! : own.reduce(0) { $0 + $1 * $1 } / T(rows)
          if result[column] == expected { continue }
          Issue.record("\(operation) of column \(column), \(T.self)")
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func `a sum of a million tenths keeps six digits`() {
    // One after the other in floats it would be off by 1 %.
    let values = [Float](repeating: 0.1, count: 1_000_000)
    let exact = Double(Float(0.1)) * 1e6
    #expect(abs(Double(reduce(.sum, [1_000_000], [0], values)[0]) - exact) < 1e-6 * exact)
    #expect(abs(Double(reduce(.sum, [1_000_000, 1], [0], values)[0]) - exact) < 1e-6 * exact)
    #expect(abs(Double(reduce(.mean, [100_000, 10], [0], values)[9]) - 0.1) < 1e-7)
  }

  @Test(arguments: [1, 2, 31, 32, 33, 500, 512, 513, 5000])
  func `a NaN anywhere makes the maximum and the sum NaN`(count: Int) {
    for place in [0, count / 2, count - 1] {
      var values = [Float](repeating: 1, count: count)
      values[place] = .nan
      for operation in ReduceOperation.allCases {
        #expect(reduce(operation, [count], [0], values)[0].isNaN)
        let columns = values.flatMap { [$0, Float(2)] as [Float] }
        let across = reduce(operation, [count, 2], [0], columns)
        #expect(across[0].isNaN && !across[1].isNaN)
      }
    }
  }
}
