import Adjoint
import DependencyScheduling

/// The Jacobian of p observations by compressed rows: two rows of 15 entries an observation (its camera, its point, its
/// weight), then one row an observation for its weight's error.
struct SparseJacobian {
  private let parts: Parts
  /// One task for each range of observations, on the executor that computes the derivatives, too.
  private let executor: GraphExecutor

  /// Observations of a task.
  private static let ofTask = 16_384

  /// What the arrays for p observations take.
  static func byteCount(_ p: Int) -> Int { p * (31 * (8 + 4) + 3 * 4) }

  init(n: Int, m: Int, p: Int, on executor: GraphExecutor) {
    parts = Parts(n: n, m: m, p: p)
    self.executor = executor
  }

  /// Writes every row: `derivatives` of the first error, the second, and the weight's, each of shape `[p]`.
  func assemble(_ derivatives: [[Node]], in session: Session) throws {
    var graph = TaskGraph()
    let parts = parts
    for start in stride(from: 0, to: parts.observations, by: Self.ofTask) {
      let observations = start..<min(start + Self.ofTask, parts.observations)
      graph.addTask("assemble") {
        parts.writePattern(of: observations)
        try session.withPointers(to: derivatives.joined()) { parts.write($0, of: observations) }
      }
    }
    try graph.frozen().run(on: executor)
  }

  /// The first thirty entries and the last one of each part, as the suite asks for.
  var excerpt: Output {
    func ends<T>(_ list: UnsafeMutableBufferPointer<T>) -> [T] { Array(list.prefix(30)) + [list[list.count - 1]] }
    return .fields([
      ("rows", .integers(ends(parts.rows).map(Int.init))), ("cols", .integers(ends(parts.columns).map(Int.init))),
      ("vals", .vector(ends(parts.values))),
    ])
  }
}

/// The three arrays of the Jacobian.
private final class Parts: @unchecked Sendable {  // because tasks write the entries of other observations each
  let n: Int, m: Int, observations: Int
  let rows: UnsafeMutableBufferPointer<Int32>, columns: UnsafeMutableBufferPointer<Int32>
  let values: UnsafeMutableBufferPointer<Double>

  init(n: Int, m: Int, p: Int) {
    (self.n, self.m, observations) = (n, m, p)
    func zeros<T: Numeric>(_ count: Int) -> UnsafeMutableBufferPointer<T> {
      let memory = UnsafeMutableBufferPointer<T>.allocate(capacity: count)
      memory.initialize(repeating: 0)
      return memory
    }
    (rows, columns, values) = (zeros(3 * p + 1), zeros(31 * p), zeros(31 * p))
  }

  deinit {
    rows.deallocate()
    columns.deallocate()
    values.deallocate()
  }

  /// Where the rows of `range` begin, and which columns their entries stand in.
  func writePattern(of range: Range<Int>) {
    let (p, points, weights) = (observations, 11 * n, 11 * n + 3 * m)
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

  /// The entries themselves, from the 15 derivatives of the first error, those of the second, and the weight's. A few
  /// observations at a time, so that what is written for them stays in the first-level cache.
  func write(_ derivatives: [UnsafeBufferPointer<Double>], of range: Range<Int>) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 64) {
      let some = start..<min(start + 64, range.upperBound)
      for entry in 0..<30 {
        let derivative = derivatives[entry]
        for i in some { values[30 * i + entry] = derivative[i] }
      }
      for i in some { values[30 * observations + i] = derivatives[30][i] }
    }
  }
}

extension Session {
  /// Calls `body` with the elements of several outputs.
  fileprivate func withPointers(
    to nodes: some Collection<Node>, _ found: [UnsafeBufferPointer<Double>] = [],
    _ body: ([UnsafeBufferPointer<Double>]) -> Void
  ) throws {
    guard let node = nodes.first else { return body(found) }
    try withValues(of: node, as: Double.self) { values in
      try values.withUnsafeBufferPointer { try withPointers(to: Array(nodes.dropFirst()), found + [$0], body) }
    }
  }
}
