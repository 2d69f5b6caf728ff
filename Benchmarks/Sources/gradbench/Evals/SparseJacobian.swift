import Adjoint

/// The Jacobian of p observations by compressed rows: two rows of 15 entries an observation (its camera, its point, its
/// weight), then one row an observation for its weight's error.
struct SparseJacobian: Sendable {
  private let n: Int, m: Int, p: Int
  private let rows: SharedNumbers<Int32>, columns: SharedNumbers<Int32>, values: SharedNumbers<Double>

  init(n: Int, m: Int, p: Int) {
    (self.n, self.m, self.p) = (n, m, p)
    (rows, columns, values) = (SharedNumbers(3 * p + 1), SharedNumbers(31 * p), SharedNumbers(31 * p))
  }

  /// What the arrays for p observations take.
  static func byteCount(_ p: Int) -> Int { p * (31 * (8 + 4) + 3 * 4) }

  /// Writes the rows of `observations` from the last elements of `derivatives`: the 15 of the first error, those of the
  /// second, and the weight's.
  func write(_ derivatives: [Node], in session: Session, of observations: Range<Int>) throws {
    writePattern(of: observations)
    try session.withPointers(to: derivatives[...]) { derivatives in
      write(derivatives.map { UnsafeBufferPointer(rebasing: $0.suffix(observations.count)) }, of: observations)
    }
  }

  /// The first thirty entries and the last one of each array, as the suite asks for.
  var excerpt: Output {
    func ends<T>(_ list: SharedNumbers<T>) -> [T] { Array(list.elements.prefix(30)) + [list.elements.last!] }
    return .fields([
      ("rows", .integers(ends(rows).map(Int.init))), ("cols", .integers(ends(columns).map(Int.init))),
      ("vals", .vector(ends(values))),
    ])
  }

  /// Where the rows of `range` begin, and which columns their entries stand in.
  private func writePattern(of range: Range<Int>) {
    let (rows, columns) = (rows.elements, columns.elements)
    let (points, weights) = (11 * n, 11 * n + 3 * m)
    for i in range {
      (rows[2 * i], rows[2 * i + 1], rows[2 * p + i]) = (Int32(30 * i), Int32(30 * i + 15), Int32(30 * p + i))
      let camera = Int32(11 * (i % n)), point = Int32(points + 3 * (i % m)), weight = Int32(weights + i)
      for row in stride(from: 30 * i, to: 30 * i + 30, by: 15) {
        for j in 0..<11 { columns[row + j] = camera + Int32(j) }
        for j in 0..<3 { columns[row + 11 + j] = point + Int32(j) }
        columns[row + 14] = weight
      }
      columns[30 * p + i] = weight
    }
    if range.upperBound == p { rows[3 * p] = Int32(31 * p) }
  }

  /// The entries themselves. A few observations at a time, so that what is written for them stays in the first-level cache.
  private func write(_ derivatives: [UnsafeBufferPointer<Double>], of range: Range<Int>) {
    let values = values.elements
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 64) {
      let some = start..<min(start + 64, range.upperBound), first = range.lowerBound
      for entry in 0..<30 {
        let derivative = derivatives[entry]
        for i in some { values[30 * i + entry] = derivative[i - first] }
      }
      for i in some { values[30 * p + i] = derivatives[30][i - first] }
    }
  }
}

extension Session {
  /// Calls `body` with the elements of several outputs.
  fileprivate func withPointers(
    to nodes: ArraySlice<Node>, _ found: [UnsafeBufferPointer<Double>] = [],
    _ body: ([UnsafeBufferPointer<Double>]) -> Void
  ) throws {
    guard let node = nodes.first else { return body(found) }
    try withValues(of: node, as: Double.self) { values in
      try values.withUnsafeBufferPointer { try withPointers(to: nodes.dropFirst(), found + [$0], body) }
    }
  }
}
