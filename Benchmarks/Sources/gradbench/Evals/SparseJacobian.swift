import Adjoint

/// The Jacobian of p observations by compressed rows: two rows of 15 entries an observation (its camera, its point, its
/// weight), then one row an observation for its weight's error.
struct SparseJacobian {
  private let n: Int, m: Int, p: Int
  private var rows: [Int32], columns: [Int32]
  private var values: [Double]

  init(n: Int, m: Int, p: Int) {
    (self.n, self.m, self.p) = (n, m, p)
    rows = [Int32](repeating: 0, count: 3 * p + 1)
    columns = [Int32](repeating: 0, count: 31 * p)
    values = [Double](repeating: 0, count: 31 * p)
  }

  /// Writes every row: `derivatives` of the first error, the second, and the weight's, each of shape `[p]`.
  mutating func assemble(_ derivatives: [[Node]], in session: Session) throws {
    assemblePattern()
    for (row, block) in derivatives.enumerated() {
      let first = row < 2 ? 15 * row : 30 * p, step = row < 2 ? 30 : 1
      for (position, node) in block.enumerated() {
        try session.withValues(of: node, as: Double.self) { $0.copy(to: &values, at: first + position, step: step) }
      }
    }
  }

  private mutating func assemblePattern() {
    let (n, m, p) = (n, m, p)
    rows.withUnsafeMutableBufferPointer { rows in
      for row in 0..<2 * p { rows[row] = Int32(15 * row) }
      for i in 0...p { rows[2 * p + i] = Int32(30 * p + i) }
    }
    columns.withUnsafeMutableBufferPointer { columns in
      var camera = 0, point = 0
      for i in 0..<p {
        for row in stride(from: 30 * i, to: 30 * i + 30, by: 15) {
          for j in 0..<11 { columns[row + j] = Int32(11 * camera + j) }
          for j in 0..<3 { columns[row + 11 + j] = Int32(11 * n + 3 * point + j) }
          columns[row + 14] = Int32(11 * n + 3 * m + i)
        }
        columns[30 * p + i] = Int32(11 * n + 3 * m + i)
        camera = camera + 1 == n ? 0 : camera + 1
        point = point + 1 == m ? 0 : point + 1
      }
    }
  }

  /// The first thirty entries and the last one of each part, as the suite asks for.
  var excerpt: Output {
    func ends<T>(_ list: [T]) -> [T] { list.prefix(30) + list.suffix(1) }
    return .fields([
      ("rows", .integers(ends(rows).map(Int.init))), ("cols", .integers(ends(columns).map(Int.init))),
      ("vals", .vector(ends(values))),
    ])
  }
}
