internal import LibC

/// Memory that is about to be touched from end to end.
///
/// The system gives a page when it is touched first, which costs more than what a pass writes there. Large memory is
/// therefore asked for in pages of 2 MiB where the system has them: one fault in the place of 512.
enum HugePages {
  private static let pageByteCount = 2 << 20  // Decisions/Memory.md

  /// Uninitialised memory for `count` elements, to be given back by its `deallocate()`.
  static func allocate<Element: BitwiseCopyable>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
    let byteCount = count * MemoryLayout<Element>.stride
    if byteCount < pageByteCount { return .allocate(capacity: count) }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: pageByteCount)
    #if os(Linux)
      _ = madvise(memory, byteCount, MADV_HUGEPAGE)  // whether or not it helps, the memory is there
    #endif
    return memory.bindMemory(to: Element.self, capacity: count)
  }
}
