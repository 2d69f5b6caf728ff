package import Synchronization

/// An atomic word that shares its cache lines with nothing else: what one worker writes often costs the others nothing
/// but what they read of it.
///
/// Two lines of 64 bytes, since neighbouring lines are fetched in pairs. Whoever owns the value owns the memory.
package struct PaddedAtomic<Value: AtomicRepresentable>: ~Copyable, @unchecked Sendable {  // because it is atomic
  /// The word; valid as long as the owner.
  package let word: UnsafeMutablePointer<Atomic<Value>>

  /// The distance between two words that share no line.
  package static var stride: Int { 128 }  // Decisions/Scheduling.md

  @inlinable
  package init(_ value: consuming Value) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
    word = memory.bindMemory(to: Atomic<Value>.self, capacity: 1)
    word.initialize(to: Atomic(value))
  }

  deinit {
    word.deinitialize(count: 1)
    UnsafeMutableRawPointer(word).deallocate()
  }
}
