import DependencyScheduling
import Kernels
import Testing

/// Sums of very many elements, each of which would be off by far in floats if they were added one after the other.
@Suite(.timeLimit(.minutes(20))) struct LongSumTests {
  private let tenth = Double(Float(0.1))

  private func isTenth(_ value: Float, times count: Double = 1) -> Bool {
    abs(Double(value) - tenth * count) < 1e-6 * tenth * count
  }

  @Test func `running sums of more ones than a float counts to go on counting`() {
    let count = (1 << 24) + 1000
    for (length, inner) in [(count, 1), (count, 2)] {
      let plan = AxisPlan(input: [length, inner], axis: 0)
      var values = [Float](repeating: 1, count: length * inner)
      values.withUnsafeMutableBytes {
        let base = $0.baseAddress!
        runCumulativeSum(
          .float32, plan: plan, fromTheEnd: false, input: base, output: base, lanes: 0..<plan.laneCount)
      }
      #expect(values.suffix(inner) == Array(repeating: Float(count), count: inner)[...])
      #expect(values[inner * 999_999] == 1_000_000)
    }
  }

  @Test func `running sums of doubles keep what each addition loses`() {
    var values = [1e16] + [Double](repeating: 1, count: 1000) + [-1e16]
    let count = values.count
    values.withUnsafeMutableBytes {
      let base = $0.baseAddress!
      runCumulativeSum(
        .float64, plan: AxisPlan(input: [count], axis: 0), fromTheEnd: false, input: base, output: base, lanes: 0..<1)
    }
    #expect(values[count - 1] == 1000 && values[count - 2] == 1e16 + 1000)
  }

  @Test func `running sums meet infinities and overflow as additions do`() {
    let cases: [[Double]] = [[1, .infinity, 2, -.infinity, 3], [1.5e308, 1.5e308, -1.5e308], [-0.0, -0.0, -0.0]]
    for values in cases {
      var sums = values
      sums.withUnsafeMutableBytes {
        let base = $0.baseAddress!
        runCumulativeSum(
          .float64, plan: AxisPlan(input: [values.count], axis: 0), fromTheEnd: false, input: base, output: base,
          lanes: 0..<1)
      }
      for place in values.indices { #expect(same(sums[place], values[...place].dropFirst().reduce(values[0], +))) }
    }
  }

  private func scatter<T: KernelFloat>(
    _ source: [T], _ indices: [Int32], columns: Int, rowCount: Int, cuts: [Range<Int>]
  ) throws -> [T] {
    var output = [T](repeating: 99, count: rowCount * columns)
    try source.withUnsafeBytes { source in
      try output.withUnsafeMutableBytes { output in
        for rows in cuts {
          try runScatterAddRows(
            T.elementType, source: source.baseAddress!, indices: indices, indexCount: indices.count, columns: columns,
            rowCount: rowCount, output: output.baseAddress!, rows: rows)
        }
      }
    }
    return output
  }

  @Test func `a million rows that are added to one make the sum that they have`() throws {
    let count = 1_000_000
    let indices = [Int32](repeating: 2, count: count - 3) + [0, 0, 1]
    let sums = try scatter([Float](repeating: 0.1, count: count), indices, columns: 1, rowCount: 4, cuts: [0..<4])
    #expect(isTenth(sums[2], times: 999_997))
    #expect(sums[0] == 0.2 as Float && sums[1] == 0.1 as Float && sums[3] == 0)
  }

  @Test func `rows that get many and rows that get few are the same wherever rows are divided`() throws {
    var numbers = SeededGenerator(seed: 5)
    let indices: [Int32] = (0..<3000).map { (place: Int) -> Int32 in
      place % 7 == 0 ? Int32(place % 50) : Int32(place % 3)
    }
    func check<T: KernelFloat>(_: T.Type) throws {
      let source: [T] = randomValues(indices.count * 5, &numbers)
      let whole = try scatter(source, indices, columns: 5, rowCount: 50, cuts: [0..<50])
      let cut = try scatter(source, indices, columns: 5, rowCount: 50, cuts: [20..<50, 2..<20, 0..<2])
      #expect(same(whole, cut))
      for (place, sum) in whole.enumerated() {
        let terms: [Int] = indices.indices.filter { Int(indices[$0]) == place / 5 }
        var exact: Double = 0
        for term in terms { exact += Double(source[term * 5 + place % 5]) }
        let bound: Double = T.self == Float.self ? 1e-5 : 1e-13
        #expect(abs(Double(sum) - exact) < bound)
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  private func pool<T: KernelFloat>(
    _ operation: PoolOperation, _ window: PoolWindow, images: [Int], result: [Int], _ input: [T]
  ) -> [T] {
    let shape = operation.givesImages ? images : result
    let plan = PoolPlan(operation, window, images: images, result: result)
    var output = [T](repeating: 99, count: elementCount(shape))
    input.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { output in
        runPooling(
          T.elementType, plan: plan, inputs: [UnsafeRawPointer(input.baseAddress!)], output: output.baseAddress!,
          channels: 0..<plan.channelCount)
      }
    }
    return output
  }

  @Test func `the average of a million equal pixels is a pixel`() {
    let window = PoolWindow(height: 1000, width: 1000, rowStride: 1, columnStride: 1, rowPadding: 0, columnPadding: 0)
    let image = [Float](repeating: 0.1, count: 1_000_000)
    let mean = pool(.mean(countsPadding: false), window, images: [1, 1, 1000, 1000], result: [1, 1, 1, 1], image)
    #expect(isTenth(mean[0]))
  }

  @Test(arguments: [2, 20]) func `an average of pixels whose sum overflows is a number`(extent: Int) {
    let window = PoolWindow(
      height: extent, width: extent, rowStride: 1, columnStride: 1, rowPadding: 0, columnPadding: 0)
    func average<T: KernelFloat>(_ value: T) -> T {
      let image = [T](repeating: value, count: extent * extent)
      return pool(
        .mean(countsPadding: false), window, images: [1, 1, extent, extent], result: [1, 1, 1, 1], image)[0]
    }
    #expect(abs(average(3e38 as Float) / 3e38 - 1) < 1e-6 && abs(average(-1.5e308) / 1.5e308 + 1) < 1e-14)
    #expect(average(Float.infinity) == .infinity)
  }

  @Test func `large windows average, and send back, what small ones do`() {
    // Windows of 9 x 11 reach over the edge and overlap: 99 pixels each, and up to 99 windows a pixel.
    let window = PoolWindow(height: 9, width: 11, rowStride: 1, columnStride: 1, rowPadding: 2, columnPadding: 3)
    let images = [1, 2, 17, 19], result = [1, 2, 13, 15]
    var numbers = SeededGenerator(seed: 6)
    for countsPadding in [false, true] {
      let pixels: [Double] = randomValues(elementCount(images), &numbers)
      let upstream: [Double] = randomValues(elementCount(result), &numbers)
      let means = pool(.mean(countsPadding: countsPadding), window, images: images, result: result, pixels)
      let gradient = pool(.meanGradient(countsPadding: countsPadding), window, images: images, result: result, upstream)
      var expected = [Double](repeating: 0, count: gradient.count)
      for (place, index) in coordinates(of: result).enumerated() {
        let rows = max(0, index[2] - 2)..<min(17, index[2] + 7)
        let columns = max(0, index[3] - 3)..<min(19, index[3] + 8)
        let held = rows.flatMap { row in columns.map { flatIndex([0, index[1], row, $0], in: images) } }
        let count = Double(countsPadding ? 99 : held.count)
        #expect(abs(means[place] - held.reduce(0) { $0 + pixels[$1] } / count) < 1e-14)
        for pixel in held { expected[pixel] += upstream[place] / count }
      }
      #expect(zip(gradient, expected).allSatisfy { abs($0 - $1) < 1e-13 })
    }
  }

  @Test func `a sum over a million channels keeps six digits`() {
    let count = 1_000_000
    let values = [Float](repeating: 0.1, count: count)
    var sum = [Float](repeating: 0, count: count)
    values.withUnsafeBytes { input in
      sum.withUnsafeMutableBytes { output in
        runChannelWindowSum(
          .float32, channels: count, size: 1, radius: count, input: input.baseAddress!, output: output.baseAddress!,
          range: 7..<8)
      }
    }
    #expect(isTenth(sum[7], times: 1e6))
  }
}
