import CKernels
import DependencyScheduling
import Kernels
import Testing

/// Products with a vector beside a library, around the sizes of strips and lanes, by whole numbers, whose sums are exact
/// in any order.
@Suite(.timeLimit(.minutes(20))) struct MatrixVectorTests {
  /// A matrix of `rows` by `columns` whose rows are `stride` elements apart, NaN between them.
  private struct Matrix<T: KernelFloat> {
    let rows: Int, columns: Int, stride: Int
    var values: [T]

    init(_ rows: Int, _ columns: Int, _ numbers: inout SeededGenerator) {
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

  /// y = matrix · x, elements of x and y `step` apart, the matrix by rows or by columns.
  private func checkVector<T: KernelFloat>(rows: Int, columns: Int, byColumns: Bool, step: Int, _: T.Type) {
    var numbers = SeededGenerator(seed: UInt64(rows * 1_000 + columns))
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
