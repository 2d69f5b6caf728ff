import Adjoint
import DependencyScheduling
import Foundation

/// What an eval may take of the machine's memory for its session, and as much again for arrays of its own: the system ends
/// a process that touches more than there is.
enum MemoryLimit {
  static let byteCount = Int(ProcessInfo.processInfo.physicalMemory / 2)

  /// Refuses arrays of the eval's own that are too large.
  static func check(_ byteCount: Int, for what: String) throws(InputError) {
    guard byteCount <= Self.byteCount else {
      throw InputError("\(what) takes \(byteCount) bytes, where \(Self.byteCount) are allowed on this machine")
    }
  }
}

extension Program {
  /// A session that has all its memory, so that the first run which is timed does not wait for the operating system.
  func makeReadySession(on executor: GraphExecutor) throws -> Session {
    let session = makeSession(on: executor, memoryLimit: MemoryLimit.byteCount)
    try session.reserveMemory()
    return session
  }
}

extension Session {
  /// Feeds `values` to `node`.
  func feed(_ values: [Double], to node: Node) throws { try write(values, to: node) }

  /// The elements of an output, copied over those of `target`.
  func copy(_ node: Node, to target: inout [Double]) throws {
    try withValues(of: node, as: Double.self) { $0.copy(to: &target) }
  }

  /// The elements of the gradient of `node`, copied over those of `target`.
  func copyGradient(of node: Node, to target: inout [Double]) throws {
    try withGradient(of: node, as: Double.self) { $0.copy(to: &target) }
  }
}

extension Span where Element == Double {
  /// The elements, copied over every `step`-th of `target`, from the one at `start` on.
  func copy(to target: inout [Double], at start: Int = 0, step: Int = 1) {
    precondition(start + (count - 1) * step < target.count, "\(count) numbers do not fit into \(target.count)")
    withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer { target in
        if step == 1 {
          _ = target[start..<start + source.count].update(fromContentsOf: source)
        } else {
          for i in source.indices { target[start + i * step] = source[i] }
        }
      }
    }
  }
}

extension [Double] {
  /// So many zeros, to be written over.
  static func room(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
}

extension Node {
  /// A row of a matrix, without its axis.
  subscript(row row: Int) -> Node { sliced(row..<row + 1).reshaped([shape[1]]) }
}
