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
    for (position, node) in (derivatives[0] + derivatives[1]).enumerated() {
      try session.withValues(of: node, as: Double.self) { lanes in
        for i in 0..<p { values[30 * i + position] = lanes[i] }
      }
    }
    try session.withValues(of: derivatives[2][0], as: Double.self) { lanes in
      for i in 0..<p { values[30 * p + i] = lanes[i] }
    }
  }

  private mutating func assemblePattern() {
    var next = 0
    for i in 0..<p {
      for row in 0..<2 {
        rows[2 * i + row] = Int32(next)
        for j in 0..<11 { columns[next + j] = Int32(11 * (i % n) + j) }
        for j in 0..<3 { columns[next + 11 + j] = Int32(11 * n + 3 * (i % m) + j) }
        columns[next + 14] = Int32(11 * n + 3 * m + i)
        next += 15
      }
    }
    for i in 0..<p {
      rows[2 * p + i] = Int32(next)
      columns[next] = Int32(11 * n + 3 * m + i)
      next += 1
    }
    rows[3 * p] = Int32(next)
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
