import Adjoint
import DependencyScheduling

/// The Jacobian of p observations by compressed rows: two rows of 15 entries an observation (its camera, its point, its
/// weight), then one row an observation for its weight's error.
struct SparseJacobian {
  private let parts: Parts
  /// One task for each range of observations, on the executor that computes the derivatives, too.
  private let executor: GraphExecutor

  /// Observations that are written together: few enough that what is written for them stays in the second-level cache.
  private static let block = 1_024
  /// Observations of a task.
  private static let blocksOfTask = 16

  init(n: Int, m: Int, p: Int, on executor: GraphExecutor) {
    parts = Parts(n: n, m: m, p: p)
    self.executor = executor
  }

  /// Writes every row: `derivatives` of the first error, the second, and the weight's, each of shape `[p]`.
  func assemble(_ derivatives: [[Node]], in session: Session) throws {
    var graph = TaskGraph()
    let count = parts.observations, parts = parts
    for start in stride(from: 0, to: count, by: Self.block * Self.blocksOfTask) {
      graph.addTask("assemble") {
        let end = min(start + Self.block * Self.blocksOfTask, count)
        for first in stride(from: start, to: end, by: Self.block) {
          let observations = first..<min(first + Self.block, end)
          parts.writePattern(of: observations)
          try parts.write(derivatives, of: observations, in: session)
        }
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

  /// The entries themselves, from one derivative after the other.
  func write(_ derivatives: [[Node]], of range: Range<Int>, in session: Session) throws {
    for (row, block) in derivatives.enumerated() {
      for (position, node) in block.enumerated() {
        let (first, step) = row < 2 ? (15 * row + position, 30) : (30 * observations, 1)
        try session.withValues(of: node, as: Double.self) { derivative in
          for i in range { values[first + step * i] = derivative[i] }
        }
      }
    }
  }
}
