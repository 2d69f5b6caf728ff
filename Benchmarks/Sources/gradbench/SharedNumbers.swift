/// Numbers that several tasks write, at first 0.
final class SharedNumbers<T: Numeric & Sendable>: @unchecked Sendable {  // because each task writes its own
  let elements: UnsafeMutableBufferPointer<T>

  init(_ count: Int) {
    elements = .allocate(capacity: count)
    elements.initialize(repeating: 0)
  }

  deinit { elements.deallocate() }
}
