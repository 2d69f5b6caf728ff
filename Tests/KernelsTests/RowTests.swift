import Kernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct RowTests {
  private func check<T: KernelFloat>(columns: Int, _: T.Type) throws {
    var numbers = SeededNumbers(seed: UInt64(columns))
    let rows = 9
    let logits: [T] = randomValues(rows * columns, &numbers).map { $0 * 20 }
    let labels = (0..<rows).map { _ in Int32.random(in: 0..<Int32(columns), using: &numbers) }
    var softmax = [T](repeating: 99, count: logits.count)
    var logarithm = softmax
    var losses = [T](repeating: 99, count: rows)
    try logits.withUnsafeBytes { input in
      try softmax.withUnsafeMutableBytes { softmax in
        try logarithm.withUnsafeMutableBytes { logarithm in
          try losses.withUnsafeMutableBytes { losses in
            for range in [4..<9, 0..<4] {
              runSoftmax(
                T.elementType, input: input.baseAddress!, output: softmax.baseAddress!, columns: columns, rows: range)
              runLogSoftmax(
                T.elementType, input: input.baseAddress!, output: logarithm.baseAddress!, columns: columns, rows: range)
              try runCrossEntropy(
                T.elementType, logits: input.baseAddress!, labels: labels, losses: losses.baseAddress!,
                columns: columns, rows: range)
            }
          }
        }
      }
    }
    // A difference of up to 80 is rounded to half a last place of 64, which e^x turns into a relative error.
    let relative = Double(T.ulpOfOne) * 40
    let absolute = Double(T.ulpOfOne) * 100
    for row in 0..<rows {
      let x = logits[row * columns..<(row + 1) * columns].map { Double($0) }
      let greatest = x.max()!
      let sum = x.reduce(0) { $0 + exp($1 - greatest) }
      for (column, value) in x.enumerated() {
        let exact = exp(value - greatest) / sum
        let index = row * columns + column
        #expect(abs(Double(softmax[index]) - exact) <= relative * exact + Double(T.leastNonzeroMagnitude))
        #expect(abs(Double(logarithm[index]) - (value - greatest - log(sum))) <= absolute)
      }
      #expect(abs(Double(losses[row]) - (greatest + log(sum) - x[Int(labels[row])])) <= absolute)
    }
  }

  @Test(arguments: [1, 2, 10, 31, 64, 511, 512, 513, 2000])
  func `softmax, its logarithm and cross-entropy are what their formulas give`(columns: Int) throws {
    try check(columns: columns, Float.self)
    try check(columns: columns, Double.self)
  }

  @Test func `softmax of huge numbers does not overflow, and may overwrite its input`() {
    var row: [Float] = [1e30, 1e30, -1e30, 3e38]
    row.withUnsafeMutableBytes {
      runSoftmax(.float32, input: $0.baseAddress!, output: $0.baseAddress!, columns: 2, rows: 0..<2)
    }
    #expect(row == [0.5, 0.5, 0, 1])
  }

  @Test func `a NaN makes its own row NaN and no other`() {
    var rows: [Float] = [1, .nan, 1, 1]
    rows.withUnsafeMutableBytes {
      runSoftmax(.float32, input: $0.baseAddress!, output: $0.baseAddress!, columns: 2, rows: 0..<2)
    }
    #expect(rows[0].isNaN && rows[1].isNaN && rows[2] == 0.5 && rows[3] == 0.5)
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
        try sums.withUnsafeMutableBytes { output in
          try runCrossEntropy(
            .float32, logits: source, labels: [0, wrong], losses: output.baseAddress!, columns: 1,
            rows: 0..<2)
        }
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
