import Kernels
import Testing

/// Reductions whose plain sums overflow or underflow.
@Suite(.timeLimit(.minutes(20))) struct SafeSumTests {
  /// The reduction of one row: in one go, in leaves that are joined, and as the middle column of three.
  private func results<T: KernelFloat>(_ operation: ReduceOperation, _ row: [T]) -> [T] {
    let columns = row.flatMap { [T(1), $0, T(1)] }
    let leaves = LeafPlan(rows: 1, columns: row.count)
    var output = [T](repeating: 99, count: 2), across = [T](repeating: 99, count: 3)
    var parts = [T](repeating: 99, count: leaves.count)
    row.withUnsafeBytes { row in
      output.withUnsafeMutableBytes { output in
        runReduction(
          operation, T.elementType, plan: ReductionPlan(input: [leaves.columns], axes: [0]), input: row.baseAddress!,
          output: output.baseAddress!, range: 0..<1)
        parts.withUnsafeMutableBytes { parts in
          runLeafReduction(
            operation, T.elementType, plan: leaves, input: row.baseAddress!, output: parts.baseAddress!,
            range: 0..<leaves.count)
          runLeafJoin(
            operation, T.elementType, plan: leaves, input: parts.baseAddress!,
            output: output.baseAddress! + T.elementType.byteCount, range: 0..<1)
        }
      }
    }
    columns.withUnsafeBytes { columns in
      across.withUnsafeMutableBytes { across in
        runReduction(
          operation, T.elementType, plan: ReductionPlan(input: [row.count, 3], axes: [0]), input: columns.baseAddress!,
          output: across.baseAddress!, range: 0..<3)
      }
    }
    return output + [across[1]]
  }

  private func check(_ operation: ReduceOperation, _ row: [Float], _ expected: Float) {
    for result in results(operation, row) {
      let isRight = result == expected || (result - expected).magnitude <= 2 * expected.ulp
      #expect(isRight, "\(operation) of \(row.prefix(4)) is \(result)")
    }
  }

  @Test func `norms are right where squares overflow or underflow`() {
    check(.norm, [1e20, 1, 1], 1e20)
    check(.norm, [3e-23, 4e-23], 5e-23)
    check(.norm, [3e-45, 4e-45], .leastNonzeroMagnitude * 4)
    check(.norm, [.leastNonzeroMagnitude, 0], .leastNonzeroMagnitude)
    check(.norm, [0, -0.0], 0)
    check(.norm, [3e38, 1e-45, 1], 3e38)
    check(.norm, [3e38, 3e38], .infinity)
    check(.norm, [1, -.infinity], .infinity)
    for result in results(.norm, [3e200, 4e200]) { #expect((result - 5e200).magnitude < 1e185) }
    for result in results(.norm, [3e-200, 4e-200]) { #expect((result - 5e-200).magnitude < 1e-215) }
  }

  @Test func `mean squares and means are numbers wherever they are within the type`() {
    check(.meanSquare, [3e19] + [Float](repeating: 0, count: 99), 9e36)
    check(.meanSquare, [1e19, 1e19], 1e38)
    check(.meanSquare, [3e38, 0], .infinity)
    check(.mean, [3e38, 3e38], 3e38)
    check(.mean, [3e38, 3e38, -3e38, -3e38], 0)
    check(.mean, [Float](repeating: .greatestFiniteMagnitude, count: 7), .greatestFiniteMagnitude)
    check(.mean, [.infinity, 1], .infinity)
    #expect(results(.mean, [1.5e308, 1.5e308]) == [1.5e308, 1.5e308, 1.5e308])
    #expect(results(.mean, [.infinity, -.infinity] as [Float]).allSatisfy { $0.isNaN })
  }

  /// Rows of many leaves, some of them of huge or tiny numbers.
  @Test(arguments: [5000, 20_001]) func `leaves of different magnitudes join to one norm, to the bit`(count: Int) {
    let magnitudes: [[Float]] = [
      [1, 1e30, 1e-30], [1e-30, 1e-25], [1e25], [1e-20, 1], [1e18, 1e19, 1e10], [0, 1e-40], [3e38],
    ]
    for sizes in magnitudes {
      let row = (0..<count).map { Float($0 % 17 + 1) / 17 * sizes[$0 / 4096 % sizes.count] }
      let squares = row.reduce(0) { $0 + Double($1) * Double($1) }
      for (operation, exact) in [
        (ReduceOperation.norm, squares.squareRoot()), (.meanSquare, squares / Double(count)),
        (.mean, row.reduce(0) { $0 + Double($1) } / Double(count)),
      ] {
        let results = results(operation, row)
        #expect(same(results[0], results[1]), "\(operation) of \(sizes)")
        for result in results {
          let expected = Float(exact)
          #expect(result == expected || (result - expected).magnitude <= 8 * expected.ulp, "\(operation) of \(sizes)")
        }
      }
    }
  }

  @Test func `a scaled norm says how it is scaled by its sign and size`() {
    #expect(results(.scaledNorm, [3, 4] as [Float]).allSatisfy { $0 == 5 })
    #expect(results(.scaledNorm, [0, 0] as [Float]).allSatisfy { $0 == 0 })
    for result in results(.scaledNorm, [3e38, 3e38] as [Float]) {
      #expect(result <= -1 && abs(Double(-result) * 0x1p64 / (3e38 * 2.0.squareRoot()) - 1) < 1e-6)
    }
    for result in results(.scaledNorm, [3e-30, 4e-30] as [Float]) {
      #expect(result < 0 && result > -0.5 && abs(Double(-result) * 0x1p-32 / 5e-30 - 1) < 1e-6)
    }
    for result in results(.scaledMeanSquare, [3e38, 3e38] as [Float]) {
      #expect(result < 0 && abs(Double(-result) * 0x1p160 / 9e76 - 1) < 1e-6)
    }
  }

  /// Holds the squares of rows of zeros and one number, or the same one in each of four leaves, to what they are. The
  /// number is a power of two or a neighbour of one: a code of either kind, and all that is made of it, is one of
  /// these.
  private func checkSquares<T: KernelFloat>(_: T.Type, scales: (down: Int, up: Int, meanSquare: Int)) {
    func scaled(_ significand: T, _ exponent: Int) -> T {
      T(sign: .plus, exponent: T.Exponent(exponent), significand: significand)
    }
    let least = Int(T.leastNonzeroMagnitude.exponent), greatest = Int(T.greatestFiniteMagnitude.exponent)
    var wrong: [String] = []
    // Alone, in a block, and in the third leaf of four: powers of two, so that means of powers of two are exact.
    let leaf = LeafPlan.length, leaves = [0, 1, 2, 3].map { $0 * leaf + $0 }
    for (count, places, exponents) in [
      (1, [0], Array(least...greatest)), (8, [4], Array(stride(from: least, through: greatest, by: 7))),
      (4 * leaf, [2 * leaf], [least, scales.down, 0, -scales.down, greatest]),
      (4 * leaf, leaves, [scales.down - 1, scales.down, 0, -scales.down - 1, -scales.down, greatest - 1]),
    ] {
      for exponent in exponents {
        let power = scaled(1, exponent)
        for element in [power.nextDown, power, power.nextUp] where element > 0 {
          var row = [T](repeating: 0, count: count)
          for place in places { row[place] = element }
          // Their squares are as one of so many times the length.
          let length = places.count == 4 ? 2 * element : element
          func check(_ operation: ReduceOperation, _ wanted: (T) -> T) {
            for found in results(operation, row) {
              let wanted = wanted(found)
              // The neighbours' squares are rounded.
              let isRight = element == power ? false : (found.magnitude - wanted).magnitude <= 2 * wanted.ulp
              if !isRight && found.magnitude != wanted { wrong.append("\(operation) of \(element) is \(found)") }
            }
          }
          check(.norm) { _ in length }
          check(.scaledNorm) { code in
            if code < 0 && code > -1 && code <= -0.5 { return .nan }
            return scaled(length, code >= 0 ? 0 : code <= -1 ? scales.down : scales.up)
          }
          let square = length / power * (length / power) / T(count)
          check(.meanSquare) { _ in scaled(square, 2 * exponent) }
          let isScaled = scaled(square * T(count), 2 * exponent) > T.greatestFiniteMagnitude
          check(.scaledMeanSquare) { code in
            isScaled == (code < 0) ? scaled(square, 2 * exponent + (isScaled ? 2 * scales.meanSquare : 0)) : .nan
          }
        }
      }
    }
    #expect(wrong.isEmpty, "\(T.self): \(wrong.count) are wrong, \(wrong.prefix(4))")
  }

  @Test func `squares of every power of two, and of its neighbours, are what they are`() {
    checkSquares(Float.self, scales: (-64, 32, -80))
    checkSquares(Double.self, scales: (-512, 256, -640))
  }
}
