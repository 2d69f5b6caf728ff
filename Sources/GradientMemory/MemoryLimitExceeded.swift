/// A buffer that does not fit: nothing was allocated, and the arena is as it was.
///
/// All figures are bytes, rounded the way the allocator rounds them.
package struct MemoryLimitExceeded: Error, Sendable, Equatable, CustomStringConvertible {
  /// What the buffer would have taken.
  package let requested: Int
  /// What live buffers took at that moment.
  package let inUse: Int
  /// The arena's limit; equal to `inUse` where the operating system, rather than a limit, had no more to give.
  package let limit: Int

  package init(requested: Int, inUse: Int, limit: Int) {
    self.requested = requested
    self.inUse = inUse
    self.limit = limit
  }

  package var description: String {
    "a gradient buffer of \(requested) bytes does not fit: \(inUse) of \(limit) bytes are in use"
  }
}
