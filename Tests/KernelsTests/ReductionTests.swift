import Kernels
import Testing

@Suite struct ReductionTests {
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
      case .maximum: results[target] = value.isNaN || results[target].isNaN ? .nan : max(results[target], value)
      }
    }
    let count = Double(elementCount(shape) / results.count)
    return operation == .mean ? results.map { $0 / count } : results
  }

  private func check<T: KernelFloat>(_ shape: [Int], _ axes: [Int], _: T.Type, seed: UInt64) {
    var numbers = SeededNumbers(seed: seed)
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
