import DependencyScheduling
import Kernels
import LibC
import Testing

/// Rows that fit a block of 512 together, one that fills it, and rows of several blocks: special numbers in each place,
/// both float types, and results over each operand that has rows.
@Suite(.timeLimit(.minutes(20))) struct LongRowTests {
  private static let lengths = [1, 2, 3, 16, 17, 33, 170, 171, 256, 511, 512, 513, 1_023, 1_024, 1_025, 1_537]
  private static let others: [RowOperation] = [.softmaxGradient, .centred, .logSoftmaxGradient]

  private func run<T: KernelFloat>(
    _ operation: RowOperation, columns: Int, _ inputs: [[T]], labels: [Int32]? = nil, entry: Int = 0,
    overwriting position: Int? = nil
  ) throws -> [T] {
    let rows = 3, count = operation.givesRows ? rows * columns : rows
    var output = [T](repeating: 99, count: count)
    try withPointers(to: inputs) { operands in
      try output.withUnsafeMutableBytes { output in
        var pointers = (0..<inputs.count).map { operands[$0] }
        let target = position.map { UnsafeMutableRawPointer(mutating: pointers[$0]) } ?? output.baseAddress!
        try (labels ?? [0]).withUnsafeBytes { labels in
          if labels.count > 4 { pointers.append(labels.baseAddress!) }
          for range in [1..<3, 0..<1] {
            try runRows(
              operation, T.elementType, inputs: pointers, output: target, columns: columns, rows: range, entry: entry)
          }
        }
        if position != nil { output.copyMemory(from: UnsafeRawBufferPointer(start: target, count: output.count)) }
      }
    }
    return output
  }

  /// Places around vectors and blocks, and the ends.
  private func places(_ columns: Int) -> [Int] {
    Set([0, 1, 7, 8, 15, 16, 31, 32, 169, 255, 510, 511, 512, 513, 1_023, 1_024, columns - 2, columns - 1])
      .filter { (0..<columns) ~= $0 }.sorted()
  }

  /// What a row is defined to give, in doubles.
  private struct Row {
    let x: [Double], greatest: Double, others: Double
    let isNaN: Bool

    init<T: KernelFloat>(_ row: ArraySlice<T>) {
      let x = row.map { Double($0) }
      let most = x.max { $0 < $1 || $0.isNaN }!
      let first = x.firstIndex(of: most) ?? 0
      (self.x, greatest, isNaN) = (x, most, x.contains { $0.isNaN })
      others = x.indices.reduce(0) { $1 == first ? $0 : $0 + exp(x[$1] - most) }
    }

    var logSumExp: Double {
      if isNaN { return .nan }
      return greatest.isInfinite ? greatest : greatest + log1p(others)
    }
    func logarithm(_ place: Int) -> Double {
      if isNaN { return .nan }
      return greatest == .infinity ? x[place] - greatest : (x[place] - greatest) - log1p(others)
    }
    func probability(_ place: Int) -> Double {
      if isNaN { return .nan }
      return greatest == .infinity ? exp(x[place] - greatest) : exp(x[place] - greatest) / (1 + others)
    }
    /// p - 1 at `place`.
    func slope(_ place: Int) -> Double {
      if isNaN || greatest.isInfinite && x[place] == greatest { return .nan }
      if greatest == .infinity { return -1 }
      if x[place] == greatest { return -others / (1 + others) }
      return probability(place) - 1
    }
  }

  private func check<T: KernelFloat>(columns: Int, _: T.Type) throws {
    var numbers = SeededGenerator(seed: UInt64(columns))
    let plain: [T] = randomValues(3 * columns, &numbers).map { $0 * 4 }
    let upstream: [T] = [2, -3, 0.5]
    for (number, place) in places(columns).enumerated() {
      for (value, fills, other) in [
        (T.nan, false, T?.none), (.infinity, false, nil), (-.infinity, false, nil), (.nan, true, nil),
        (1e30, false, nil), (.nan, false, .infinity),
      ] {
        var x = plain
        let row = number % 3
        if fills { for column in 0..<columns { x[row * columns + column] = -.infinity } }
        if let other { x[row * columns + (place + columns / 2) % columns] = other }
        x[row * columns + place] = value
        // At the special place and beside it.
        let labels = (0..<3).map { Int32(($0 + place) % columns) }
        let rows = (0..<3).map { Row(x[$0 * columns..<($0 + 1) * columns]) }
        let sums = try run(.logSumExp, columns: columns, [x])
        let losses = try run(.crossEntropy, columns: columns, [x], labels: labels)
        let entry = Int(labels[1])
        let loss = try run(.entryLoss, columns: columns, [x], entry: entry)
        let logarithm = try run(.entryLogProbability, columns: columns, [x], entry: entry)
        let p = try run(.softmax, columns: columns, [x]), y = try run(.logSoftmax, columns: columns, [x])
        let slopes = try run(.crossEntropyGradient, columns: columns, [upstream, x], labels: labels)
        let special = "\(value) in place \(place) of row \(row), with \(other ?? 0)"
        let subject = "\(special), \(columns) columns, \(T.self), filled \(fills)"
        func expect(_ value: T, _ exact: Double, of term: Double = 0, _ operation: RowOperation) {
          let value = Double(value)
          if value == exact || value.isNaN && exact.isNaN { return }
          let allowed = 16 * Double(T.ulpOfOne) * max(abs(exact), abs(term)) + 4 * Double(T.leastNonzeroMagnitude)
          if allowed.isFinite && abs(value - exact) <= allowed { return }
          Issue.record("\(operation): \(value), not \(exact); \(subject)")
        }
        for (row, exact) in rows.enumerated() {
          expect(sums[row], exact.logSumExp, of: exact.greatest, .logSumExp)
          expect(losses[row], -exact.logarithm(Int(labels[row])), .crossEntropy)
          expect(loss[row], -exact.logarithm(entry), .entryLoss)
          expect(logarithm[row], exact.logarithm(entry), .entryLogProbability)
          let columnsLooked = columns <= 33 ? Array(0..<columns) : places(columns) + [Int(labels[row])]
          for column in columnsLooked {
            let index = row * columns + column
            expect(p[index], exact.probability(column), .softmax)
            expect(y[index], exact.logarithm(column), .logSoftmax)
            let slope = column == Int(labels[row]) ? exact.slope(column) : exact.probability(column)
            expect(slopes[index], Double(upstream[row]) * slope, .crossEntropyGradient)
          }
        }
      }
    }
  }

  @Test(arguments: lengths) func `a special number in any place of a row makes of it what the formula says`(
    columns: Int
  ) throws {
    try check(columns: columns, Float.self)
    try check(columns: columns, Double.self)
  }

  @Test(arguments: lengths) func `rows are the same over each operand's memory`(columns: Int) throws {
    func check<T: KernelFloat>(_: T.Type) throws {
      var numbers = SeededGenerator(seed: UInt64(columns))
      var x: [T] = randomValues(3 * columns, &numbers)
      let upstream: [T] = [2, 0, -1], labels = (0..<3).map { Int32($0 * columns / 3) }
      // A row with one that is all but certain, and a row without.
      x[columns / 2] = 80
      let p = try run(.softmax, columns: columns, [x])
      let v: [T] = randomValues(3 * columns, &numbers)
      var cases: [(RowOperation, [[T]], [Int])] = Self.others.map { ($0, [p, v], [0, 1]) }
      cases += [(.softmax, [x], [0]), (.logSoftmax, [x], [0]), (.crossEntropyGradient, [upstream, x], [1])]
      for (operation, inputs, positions) in cases {
        let own = operation == .crossEntropyGradient ? labels : nil
        let apart = try run(operation, columns: columns, inputs, labels: own)
        for position in positions {
          let over = try run(operation, columns: columns, inputs, labels: own, overwriting: position)
          #expect(same(over, apart), "\(operation) over operand \(position), \(T.self)")
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// Sums over a row of exact numbers: equal probabilities of a power of two, eighths.
  @Test(arguments: [1, 2, 16, 32, 256, 512, 1_024, 2_048])
  func `products with the Jacobian take every element of a row, in both types`(columns: Int) throws {
    func check<T: KernelFloat>(_: T.Type) throws {
      let p = [T](repeating: 1 / T(columns), count: 3 * columns)
      for place in places(columns) {
        var v = [T](repeating: 0, count: 3 * columns)
        for row in 0..<3 { v[row * columns + place] = T(row + 1) }
        let centred = try run(.centred, columns: columns, [p, v])
        let gradient = try run(.softmaxGradient, columns: columns, [p, v])
        let logGradient = try run(.logSoftmaxGradient, columns: columns, [p, v])
        let soft = try run(.softCrossEntropy, columns: columns, [[T](repeating: 0, count: 3 * columns), v])
        for row in 0..<3 {
          let entropy = Double(row + 1) * log(Double(columns))
          #expect(abs(Double(soft[row]) - entropy) <= 16 * Double(T.ulpOfOne) * entropy)
        }
        // One probability of 1 has a rule of its own, and 1/2 has not.
        guard columns > 1 else { continue }
        for (index, value) in v.enumerated() {
          let mean = T(index / columns + 1) / T(columns)
          guard centred[index] == value - mean, gradient[index] == (value - mean) / T(columns),
            logGradient[index] == value - mean
          else {
            Issue.record("element \(index) of rows of \(columns) with \(place) set, \(T.self)")
            return
          }
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }
}

/// Rows that indices name.
@Suite(.timeLimit(.minutes(20))) struct NamedRowTests {
  @Test(arguments: [1, 2, 3, 4, 16, 17]) func `rows of any length are gathered, named twice, backwards and at the ends`(
    columns: Int
  ) throws {
    func check<T: KernelFloat>(_: T.Type) throws {
      let rows = 9, indices: [Int32] = [8, 0, 8, 7, 1, 1, 0, 8], size = T.elementType.byteCount
      let table = (0..<rows * columns).map { T($0 + 1) }
      for named in [rows, rows - 1] {
        var output = [T](repeating: 99, count: indices.count * columns)
        for range in [3..<8, 0..<3] {
          do {
            try output.withUnsafeMutableBytes { bytes in
              try table.withUnsafeBytes { table in
                try runGatherRows(
                  elementSize: size, table: table.baseAddress!, rowCount: named, columns: columns, indices: indices,
                  output: bytes.baseAddress!, range: range)
              }
            }
            #expect(named == rows)
          } catch {
            let place = range.lowerBound == 3 ? 7 : 0
            #expect(error as? IndexOutOfRange == IndexOutOfRange(position: place, index: 8, rowCount: named))
          }
        }
        if named < rows { continue }
        let expected = indices.flatMap { table[Int($0) * columns..<(Int($0) + 1) * columns] }
        #expect(output == expected, "\(columns) columns of \(T.self)")
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// Up to 64 are added as they come, of more the roundings are kept; sums of every row in the order of the indices.
  @Test(arguments: [1, 2, 63, 64, 65, 66, 130]) func `a row gets the sum of all that name it, however many they are`(
    most: Int
  ) throws {
    func check<T: KernelFloat>(columns: Int, _: T.Type) throws {
      var numbers = SeededGenerator(seed: UInt64(most))
      // Row 2 gets most of all, row 0 as many as are added plainly, the last one a few, row 3 none.
      let indices = ([Int32](repeating: 2, count: most) + [Int32](repeating: 0, count: min(most, 64)) + [4, 4, 1])
        .shuffled(using: &numbers)
      let source: [T] = randomValues(indices.count * columns, &numbers)
      for cuts in [[0..<5], [3..<5, 1..<3, 0..<1]] {
        var output = [T](repeating: 99, count: 5 * columns)
        try source.withUnsafeBytes { source in
          try output.withUnsafeMutableBytes { output in
            for rows in cuts {
              try runScatterAddRows(
                T.elementType, source: source.baseAddress!, indices: indices, indexCount: indices.count,
                columns: columns, rowCount: 5, output: output.baseAddress!, rows: rows)
            }
          }
        }
        for row in 0..<5 {
          for column in 0..<columns {
            let terms = indices.indices.filter { indices[$0] == Int32(row) }.map { source[$0 * columns + column] }
            let value = output[row * columns + column]
            if terms.count <= 64 {
              #expect(same(value, terms.reduce(0, +)), "row \(row) of \(terms.count) terms")
            } else {
              let exact = terms.reduce((sum: 0.0, lost: 0.0)) { running, term in
                let sum = running.sum + Double(term), taken = sum - running.sum
                return (sum, running.lost + (running.sum - (sum - taken)) + (Double(term) - taken))
              }
              #expect(value == T(exact.sum + exact.lost), "row \(row) of \(terms.count) terms")
            }
          }
        }
      }
    }
    for columns in [1, 3, 17] {
      try check(columns: columns, Float.self)
      try check(columns: columns, Double.self)
    }
  }

  @Test func `a label has its one in each place, and none beyond the classes`() throws {
    for classes in [1, 2, 15, 16, 17] {
      for label in 0..<classes {
        var output = [Float](repeating: 99, count: 2 * classes)
        try output.withUnsafeMutableBytes {
          try runOneHot(
            .float32, labels: [Int32(label), Int32(classes - 1 - label)], classes: classes, output: $0.baseAddress!,
            range: 0..<2)
        }
        let expected = (0..<2 * classes).map { place -> Float in
          place == label || place == 2 * classes - 1 - label ? 1 : 0
        }
        #expect(output == expected)
      }
      for label: Int32 in [-1, Int32(classes)] {
        #expect(throws: IndexOutOfRange(position: 0, index: Int(label), rowCount: classes)) {
          var output = [Float](repeating: 99, count: classes)
          try output.withUnsafeMutableBytes {
            try runOneHot(.float32, labels: [label], classes: classes, output: $0.baseAddress!, range: 0..<1)
          }
        }
      }
    }
  }
}
