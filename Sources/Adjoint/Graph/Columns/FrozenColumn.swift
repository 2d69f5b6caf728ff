/// The elements of a column that nobody adds to any more, in the memory where they were written.
///
/// Any thread may read them.
final class FrozenColumn<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {  // because nobody writes it
  fileprivate let base: UnsafeMutablePointer<Element>
  let endIndex: Int

  /// Takes over memory of `count` elements.
  init(_ base: UnsafeMutablePointer<Element>, count: Int) {
    self.base = base
    endIndex = count
  }

  deinit { base.deallocate() }

  /// What is there from an element on.
  @inline(__always)
  func withPointer<R>(to index: Int, _ body: (UnsafePointer<Element>) throws -> R) rethrows -> R {
    assert(index >= 0 && index <= endIndex, "a column has no element \(index)")
    return try withExtendedLifetime(self) { try body(UnsafePointer(base + index)) }
  }
}

extension FrozenColumn: RandomAccessCollection {
  var startIndex: Int { 0 }

  subscript(index: Int) -> Element {
    precondition(index >= 0 && index < endIndex, "a column has no element \(index)")
    return base[index]
  }
}
