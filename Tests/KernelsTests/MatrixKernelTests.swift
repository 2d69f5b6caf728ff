import CKernels
import Kernels
import Testing

/// The package's own products, whichever library the plan uses: every size around those of panels, strips and vectors,
/// by whole numbers, whose sums are exact in any order.
@Suite(.timeLimit(.minutes(20))) struct MatrixKernelTests {
  /// A matrix of `rows` by `columns` whose rows are `stride` elements apart, NaN between them.
  private struct Matrix<T: KernelFloat> {
    let rows: Int, columns: Int, stride: Int
    var values: [T]

    init(_ rows: Int, _ columns: Int, _ numbers: inout SeededNumbers) {
      (self.rows, self.columns, stride) = (rows, columns, columns + 3)
      values = [T](repeating: .nan, count: rows * stride)
      for row in 0..<rows {
        for column in 0..<columns { values[row * stride + column] = T(Int.random(in: 1...9, using: &numbers)) }
      }
    }

    subscript(row: Int, column: Int) -> T {
      get { values[row * stride + column] }
      set { values[row * stride + column] = newValue }
    }
  }

  private struct Form {
    let transposesA: Bool, transposesB: Bool, adds: Bool
    init(_ number: Int) { (transposesA, transposesB, adds) = (number & 1 == 1, number & 2 == 2, number & 4 == 4) }
  }

  private func check<T: KernelFloat>(m: Int, n: Int, k: Int, _ form: Form, special: (T, Int)? = nil) {
    var numbers = SeededNumbers(seed: UInt64(m * 10_000 + n * 100 + k))
    var a = form.transposesA ? Matrix<T>(k, m, &numbers) : Matrix<T>(m, k, &numbers)
    let b = form.transposesB ? Matrix<T>(n, k, &numbers) : Matrix<T>(k, n, &numbers)
    var c = Matrix<T>(m, n, &numbers)
    if let (value, place) = special {
      let (i, p) = (place / k % m, place % k)
      if form.transposesA { a[p, i] = value } else { a[i, p] = value }
    }
    let before = c
    c.values.withUnsafeMutableBytes { c in
      adj_matmul_block(
        T.elementType.rawValue, form.transposesA ? 1 : 0, form.transposesB ? 1 : 0, m, n, k, a.values, a.stride,
        b.values, b.stride, c.baseAddress!, before.stride, form.adds ? 1 : 0)
    }
    for i in 0..<m {
      for j in 0..<before.stride {
        var sum: T = before.values[i * before.stride + j]
        if j < n {
          if !form.adds { sum = 0 }
          for p in 0..<k { sum += (form.transposesA ? a[p, i] : a[i, p]) * (form.transposesB ? b[j, p] : b[p, j]) }
        }
        if same(c.values[i * before.stride + j], sum) { continue }
        Issue.record(
          "\(m) x \(k) times \(k) x \(n), \(form), \(T.self): \(c.values[i * before.stride + j]), not \(sum)")
        return
      }
    }
  }

  @Test func `a block is what three loops give, around the sizes of panels`() {
    for (number, m) in [1, 2, 5, 6, 7, 12, 13].enumerated() {
      for n in [1, 7, 8, 9, 15, 16, 17, 33] {
        for k in [1, 15, 16, 17] {
          let form = Form(number + n + k)
          check(m: m, n: n, k: k, form, special: nil as (Float, Int)?)
          check(m: m, n: n, k: k, form, special: nil as (Double, Int)?)
        }
      }
    }
    for number in 0..<8 {
      for (m, n, k) in [
        (47, 3, 5), (48, 17, 2), (49, 16, 3), (97, 2, 4), (3, 5, 127), (7, 17, 128), (4, 3, 129), (49, 5, 257),
      ] {
        check(m: m, n: n, k: k, Form(number), special: nil as (Float, Int)?)
        check(m: m, n: n, k: k, Form(number), special: nil as (Double, Int)?)
      }
      for place in 0..<13 * 19 {
        check(m: 13, n: 3, k: 19, Form(number), special: (place % 2 == 0 ? Float.nan : .infinity, place))
      }
    }
  }

  /// y = matrix · x, elements of x and y `step` apart, the matrix by rows or by columns.
  private func checkVector<T: KernelFloat>(rows: Int, columns: Int, byColumns: Bool, step: Int, _: T.Type) {
    var numbers = SeededNumbers(seed: UInt64(rows * 1_000 + columns))
    let matrix = byColumns ? Matrix<T>(columns, rows, &numbers) : Matrix<T>(rows, columns, &numbers)
    var x = [T](repeating: .nan, count: columns * step)
    for special in [nil, T.nan, .infinity] {
      for column in 0..<columns { x[column * step] = T(Int.random(in: 1...9, using: &numbers)) }
      if let special { x[Int.random(in: 0..<columns, using: &numbers) * step] = special }
      var y = [T](repeating: 99, count: rows * step)
      y.withUnsafeMutableBytes {
        adj_matrix_vector(
          T.elementType.rawValue, rows, columns, matrix.values, byColumns ? 1 : matrix.stride,
          byColumns ? matrix.stride : 1, x, step, $0.baseAddress!, step)
      }
      for row in 0..<rows {
        let sum = (0..<columns).reduce(0 as T) {
          $0 + (byColumns ? matrix[$1, row] : matrix[row, $1]) * x[$1 * step]
        }
        let isRight = same(y[row * step], sum) && y[row * step + 1..<(row + 1) * step].allSatisfy { $0 == 99 }
        if isRight { continue }
        Issue.record("row \(row) of \(rows) x \(columns), by columns \(byColumns), \(step) apart, \(T.self)")
        return
      }
    }
  }

  @Test func `a product with a vector is what two loops give, around the sizes of strips and lanes`() {
    for byColumns in [false, true] {
      for step in [1, 2] {
        for (rows, columns) in [
          (1, 1), (3, 2), (2, 31), (2, 32), (2, 33), (3, 63), (3, 64), (3, 65), (2, 127), (1, 128), (2, 129), (255, 3),
          (256, 2), (257, 5), (513, 3),
        ] {
          checkVector(rows: rows, columns: columns, byColumns: byColumns, step: step, Float.self)
          checkVector(rows: rows, columns: columns, byColumns: byColumns, step: step, Double.self)
        }
      }
    }
  }
}
