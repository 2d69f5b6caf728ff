/// Memory for the elements of one tensor, 64-byte aligned, freed when its owner lets go of it.
///
/// A buffer has one owner and may be freed on another thread than the one that took it. It keeps its arena alive, so
/// the order in which buffers and arena go does not matter. In debug builds its bytes become 0xFF as it is freed: a
/// NaN in either floating-point type and -1 in Int32, so that a read of freed memory shows.
///
/// ```swift
/// let buffer = try arena.allocate(byteCount: 4 * elementCount)
/// buffer.base.initializeMemory(as: Float.self, repeating: 0, count: elementCount)
/// ```
package struct Buffer: ~Copyable, @unchecked Sendable {  // because it is the only owner of its bytes
  /// The first byte, at a multiple of 64.
  package let base: UnsafeMutableRawPointer
  /// The bytes asked for.
  package let byteCount: Int
  /// The bytes the allocator took for them.
  let reservedByteCount: Int
  let arena: BufferArena

  init(base: UnsafeMutableRawPointer, byteCount: Int, reservedByteCount: Int, arena: BufferArena) {
    self.base = base
    self.byteCount = byteCount
    self.reservedByteCount = reservedByteCount
    self.arena = arena
    _checkInvariants()
  }

  deinit {
    arena.free(base, byteCount: byteCount, reservedByteCount: reservedByteCount)
  }

  func _checkInvariants() {
    assert(Int(bitPattern: base) % BufferArena.alignment == 0)
    assert(byteCount >= 1 && byteCount <= reservedByteCount)
  }
}
