internal import CThreads

/// An identifier of a thread, unique among those that live now.
package struct ThreadID: Hashable, Sendable {
  package let bits: UInt64

  @inlinable package init(bits: UInt64) { self.bits = bits }

  /// The calling thread's.
  @inlinable package static var current: ThreadID { ThreadID(bits: adj_thread()) }
}
