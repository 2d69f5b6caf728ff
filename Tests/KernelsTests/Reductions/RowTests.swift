import DependencyScheduling
import Kernels
import LibC
import Testing

@Suite(.timeLimit(.minutes(20))) struct RowTests {
  /// Rows of `operation`, computed in two parts, the second first.
  private func run<T: KernelFloat>(
    _ operation: RowOperation, columns: Int, rows: Int, _ inputs: [[T]], labels: [Int32]? = nil
  ) throws -> [T] {
    var output = [T](repeating: 99, count: operation.givesRows ? rows * columns : rows)
    try output.withUnsafeMutableBytes { output in
      var pointers = inputs.map { input in
        input.withUnsafeBytes { bytes in
          let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 64)
          copy.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
          return UnsafeRawPointer(copy)
        }
      }
      defer { for pointer in pointers.prefix(inputs.count) { pointer.deallocate() } }
      try (labels ?? []).withUnsafeBytes { labels in
        if let address = labels.baseAddress { pointers.append(address) }
        for range in [rows / 2..<rows, 0..<rows / 2] {
          try runRows(
            operation, T.elementType, inputs: pointers, output: output.baseAddress!, columns: columns, rows: range)
        }
      }
    }
    return output
  }

  /// Logits of which some rows have one that is far above the others, some have ties, and most differences round.
  private func logits<T: KernelFloat>(_ rows: Int, _ columns: Int, _: T.Type) -> [T] {
    var numbers = SeededGenerator(seed: UInt64(columns))
    var result: [T] = randomValues(rows * columns, &numbers).map { $0 * 20 }
    for row in 0..<rows {
      if row % 3 == 1 { result[row * columns + row % columns] = 55.7 }
      if row % 3 == 2 { result[row * columns] = result[row * columns + columns - 1] }
    }
    return result
  }

  /// Whether `value` is within eight units of the last place of `exact` in T, or of a larger `term` of it, or within
  /// four of the smallest numbers.
  private func isNear<T: KernelFloat>(_ value: T, _ exact: Double, of term: Double = 0) -> Bool {
    let allowed = 8 * Double(T.ulpOfOne) * max(abs(exact), abs(term)) + 4 * Double(T.leastNonzeroMagnitude)
    return abs(Double(value) - exact) <= allowed
  }

  @Test(arguments: [1, 2, 10, 31, 64, 511, 512, 513, 2000])
  func `softmax and its relatives are what their formulas give, to eight units of the last place`(columns: Int) throws {
    let rows = 9
    let x: [Float] = logits(rows, columns, Float.self)
    var numbers = SeededGenerator(seed: 7)
    let upstream: [Float] = randomValues(rows, &numbers)
    let labels = (0..<rows).map { row in
      row % 3 == 1 ? Int32(row % columns) : Int32.random(in: 0..<Int32(columns), using: &numbers)
    }
    let targets: [Float] = randomValues(rows * columns, &numbers).map { $0 > 0.5 ? $0 : 0 }
    let p = try run(.softmax, columns: columns, rows: rows, [x])
    let logarithm = try run(.logSoftmax, columns: columns, rows: rows, [x])
    let sums = try run(.logSumExp, columns: columns, rows: rows, [x])
    let losses = try run(.crossEntropy, columns: columns, rows: rows, [x], labels: labels)
    let soft = try run(.softCrossEntropy, columns: columns, rows: rows, [x, targets])
    let slopes = try run(.crossEntropyGradient, columns: columns, rows: rows, [upstream, x], labels: labels)
    for row in 0..<rows {
      let exact = Row(x[row * columns..<(row + 1) * columns].map { Double($0) })
      let label = Int(labels[row])
      var softLoss = 0.0
      for (column, probability) in exact.probabilities.enumerated() {
        let index = row * columns + column
        #expect(isNear(p[index], probability))
        #expect(isNear(logarithm[index], exact.logarithms[column]))
        let slope = column == label ? -exact.complement(of: column) : probability
        #expect(isNear(slopes[index], Double(upstream[row]) * slope))
        softLoss -= Double(targets[index]) * exact.logarithms[column]
      }
      #expect(isNear(sums[row], exact.greatest + log1p(exact.others), of: exact.greatest))
      #expect(isNear(losses[row], -exact.logarithms[label]))
      #expect(isNear(soft[row], softLoss))
    }
  }

  @Test(arguments: [1, 2, 10, 64, 513, 2000])
  func `products with the Jacobian are accurate where one probability is all but 1`(columns: Int) throws {
    let rows = 9
    let x: [Float] = logits(rows, columns, Float.self)
    var numbers = SeededGenerator(seed: 8)
    let v: [Float] = randomValues(rows * columns, &numbers)
    let p = try run(.softmax, columns: columns, rows: rows, [x])
    let gradient = try run(.softmaxGradient, columns: columns, rows: rows, [p, v])
    let centred = try run(.centred, columns: columns, rows: rows, [p, v])
    let logGradient = try run(.logSoftmaxGradient, columns: columns, rows: rows, [p, v])
    for row in 0..<rows {
      let exact = Row(x[row * columns..<(row + 1) * columns].map { Double($0) })
      let values = v[row * columns..<(row + 1) * columns].map { Double($0) }
      for column in 0..<columns {
        let index = row * columns + column
        // v less its mean, as a sum over the other elements.
        var (distance, magnitude) = (0.0, 0.0)
        var (rest, restMagnitude) = (0.0, 0.0)
        for (other, probability) in exact.probabilities.enumerated() where other != column {
          distance += probability * (values[column] - values[other])
          magnitude += probability * abs(values[column] - values[other])
          rest += values[other]
          restMagnitude += abs(values[other])
        }
        let probability = exact.probabilities[column], complement = exact.complement(of: column)
        #expect(isNear(centred[index], distance, of: magnitude))
        #expect(isNear(gradient[index], probability * distance, of: probability * magnitude))
        #expect(
          isNear(
            logGradient[index], values[column] * complement - probability * rest,
            of: abs(values[column]) * complement + probability * restMagnitude))
      }
    }
  }

  @Test func `a double's digits are right as well where the others are lost beside 1`() throws {
    let x = [40.0, 0, -1e30, 1e30]
    let tiny = 4.248354255291589e-18
    #expect(try run(.logSumExp, columns: 2, rows: 1, [[0.0, -40]]) == [tiny])
    #expect(try run(.crossEntropy, columns: 2, rows: 2, [x], labels: [0, 1]) == [tiny, 0])
    #expect(try run(.crossEntropy, columns: 2, rows: 2, [x], labels: [1, 0]) == [40, 2e30])
    #expect(try run(.crossEntropyGradient, columns: 2, rows: 2, [[1, 1], x], labels: [0, 1]) == [-tiny, tiny, 0, 0])
    #expect(try run(.softmaxGradient, columns: 2, rows: 1, [[1, tiny], [1, 0]]) == [tiny, -tiny])
    #expect(try run(.centred, columns: 2, rows: 1, [[1, tiny], [1, 0]]) == [tiny, -1])
    #expect(try run(.logSoftmaxGradient, columns: 2, rows: 1, [[1, tiny], [1, 0]]) == [tiny, -tiny])
  }

  @Test func `softmax of huge numbers does not overflow, and may overwrite its input`() throws {
    var row: [Float] = [1e30, 1e30, -1e30, 3e38]
    try row.withUnsafeMutableBytes {
      try runRows(
        .softmax, .float32, inputs: [UnsafeRawPointer($0.baseAddress!)], output: $0.baseAddress!, columns: 2,
        rows: 0..<2)
    }
    #expect(row == [0.5, 0.5, 0, 1])
    let most = Float.greatestFiniteMagnitude
    #expect(try run(.softmaxGradient, columns: 2, rows: 1, [[0.5, 0.5], [most, -most]]) == [most / 2, -most / 2])
    let likely = try run(.softmaxGradient, columns: 2, rows: 1, [[0.75, 0.25], [most, -most]])
    #expect(likely == [most * 0.375, -most * 0.375])
    #expect(try run(.logSoftmaxGradient, columns: 2, rows: 1, [[0.5, 0.5], [most, most]]) == [0, 0])
  }

  @Test func `a NaN makes its own row NaN and no other`() throws {
    let p = try run(.softmax, columns: 2, rows: 3, [[1, Float.nan, 1, 1, .nan, .infinity]])
    #expect(p[0].isNaN && p[1].isNaN && p[2] == 0.5 && p[3] == 0.5 && p[4].isNaN && p[5].isNaN)
    let rows = [.nan, -Float.infinity, -.infinity, .nan, 0, .nan, .infinity, .nan]
    let sums = try run(.logSumExp, columns: 2, rows: 4, [rows])
    #expect(sums.allSatisfy { $0.isNaN })
  }

  @Test func `an infinity leaves no probability to finite numbers, and minus infinity has none`() throws {
    let x: [Float] = [-.infinity, 2, .infinity, 2, -.infinity, -.infinity]
    let p = try run(.softmax, columns: 2, rows: 3, [x]), y = try run(.logSoftmax, columns: 2, rows: 3, [x])
    #expect(Array(p[..<2]) == [0, 1] && p[2].isNaN && p[3] == 0 && p[4].isNaN && p[5].isNaN)
    #expect(Array(y[..<2]) == [-.infinity, 0] && y[2].isNaN && y[3] == -.infinity && y[4].isNaN && y[5].isNaN)
    #expect(try run(.logSumExp, columns: 2, rows: 3, [x]) == [2, .infinity, -.infinity])
  }

  @Test func `where no gradient comes in none goes out, whatever the row is`() throws {
    let p: [Float] = [.nan, .nan, .nan, 0.5, 0.5, 0]
    let zero = [Float](repeating: 0, count: 6)
    for operation in [RowOperation.softmaxGradient, .centred, .logSoftmaxGradient] {
      #expect(try run(operation, columns: 3, rows: 2, [p, zero]) == zero)
    }
    let x: [Float] = [-.infinity, -.infinity, -.infinity, .nan, 1, .infinity]
    #expect(try run(.crossEntropyGradient, columns: 3, rows: 2, [[0, 0], x], labels: [0, 2]) == zero)
    #expect(try run(.softCrossEntropy, columns: 3, rows: 1, [[1, 1, -Float.infinity], [0.5, 0.5, 0]]) == [0.6931472])
  }

  @Test func `rows are gathered, added back in order, and an index out of range is named`() throws {
    let table: [Float] = [0, 1, 10, 11, 20, 21]
    let indices: [Int32] = [2, 0, 2, 2]
    var gathered = [Float](repeating: 99, count: 8)
    try gathered.withUnsafeMutableBytes { output in
      try runGatherRows(
        elementSize: 4, table: table, rowCount: 3, columns: 2, indices: indices, output: output.baseAddress!,
        range: 1..<4)
      try runGatherRows(
        elementSize: 4, table: table, rowCount: 3, columns: 2, indices: indices, output: output.baseAddress!,
        range: 0..<1)
    }
    #expect(gathered == [20, 21, 0, 1, 20, 21, 20, 21])

    // In this order the small ones vanish beside the large one; in any other they would not.
    let source: [Float] = [1e8, 0, 5, 6, 1, 0, 1, 0]
    var sums = [Float](repeating: 99, count: 6)
    try sums.withUnsafeMutableBytes { output in
      for rows in [2..<3, 0..<2] {
        try runScatterAddRows(
          .float32, source: source, indices: indices, indexCount: 4, columns: 2, rowCount: 3,
          output: output.baseAddress!, rows: rows)
      }
    }
    #expect(sums == [5, 6, 0, 0, 1e8, 0])

    for wrong: Int32 in [-1, 3, .max] {
      #expect(throws: IndexOutOfRange(position: 1, index: Int(wrong), rowCount: 3)) {
        try gathered.withUnsafeMutableBytes { output in
          try runGatherRows(
            elementSize: 4, table: table, rowCount: 3, columns: 2, indices: [0, wrong], output: output.baseAddress!,
            range: 0..<2)
        }
      }
      #expect(throws: IndexOutOfRange(position: 0, index: Int(wrong), rowCount: 3)) {
        try sums.withUnsafeMutableBytes { output in
          try runScatterAddRows(
            .float32, source: source, indices: [wrong, 0], indexCount: 2, columns: 2, rowCount: 3,
            output: output.baseAddress!, rows: 0..<1)
        }
      }
      #expect(throws: IndexOutOfRange(position: 1, index: Int(wrong), rowCount: 1)) {
        _ = try run(.crossEntropy, columns: 1, rows: 3, [source], labels: [0, wrong, 0])
      }
    }
  }

  @Test func `labels become rows with a single one`() throws {
    var output = [Double](repeating: 99, count: 6)
    try output.withUnsafeMutableBytes {
      try runOneHot(.float64, labels: [2, 0], classes: 3, output: $0.baseAddress!, range: 0..<2)
    }
    #expect(output == [0, 0, 1, 1, 0, 0])
    #expect(throws: IndexOutOfRange(position: 1, index: 3, rowCount: 3)) {
      try output.withUnsafeMutableBytes { bytes in
        try runOneHot(.float64, labels: [2, 3], classes: 3, output: bytes.baseAddress!, range: 0..<2)
      }
    }
  }
}

/// A row of logits in doubles, with what sums without the greatest element tell.
private struct Row {
  let greatest: Double, others: Double
  let probabilities: [Double], logarithms: [Double]

  init(_ x: [Double]) {
    let greatest = x.max()!, first = x.firstIndex(of: greatest)!
    let others = x.indices.reduce(0) { $1 == first ? $0 : $0 + exp(x[$1] - greatest) }
    (self.greatest, self.others) = (greatest, others)
    probabilities = x.map { exp($0 - greatest) / (1 + others) }
    logarithms = x.map { ($0 - greatest) - log1p(others) }
  }

  /// 1 - p.
  func complement(of column: Int) -> Double {
    probabilities.indices.reduce(0) { $1 == column ? $0 : $0 + probabilities[$1] }
  }
}
