/// Numbers that a pass over a million nodes works on: an array of one owner, without the checks that a shared one makes
/// at each access. Indices are checked where internal checks are on.
///
/// Its memory only grows, so that a column emptied and filled again takes none.
struct Column<Element: BitwiseCopyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count = 0

  init(reserving capacity: Int = 64) {  // Decisions/Memory.md
    self.capacity = max(capacity, 1)
    base = HugePages.allocate(Element.self, count: self.capacity)
  }

  init(repeating value: Element, count: Int) {
    self.init(reserving: count)
    resize(to: count, filledWith: value)
  }

  deinit { base.deallocate() }

  @inline(__always)
  subscript(index: Int) -> Element {
    get {
      assert(index >= 0 && index < count, "a column has no element \(index)")
      return base[index]
    }
    set {
      assert(index >= 0 && index < count, "a column has no element \(index)")
      base[index] = newValue
    }
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == capacity { grow(to: count + 1) }
    (base + count).initialize(to: element)
    count += 1
  }

  mutating func removeAll() { count = 0 }

  /// Makes room for so many elements in all.
  mutating func reserve(_ capacity: Int) { if capacity > self.capacity { grow(to: capacity) } }

  /// Drops all elements and holds `count` times `value`.
  mutating func resize(to count: Int, filledWith value: Element) {
    if count > capacity { grow(to: count) }
    base.initialize(repeating: value, count: count)
    self.count = count
  }

  /// The elements as an array of just their size.
  func array() -> [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Hands the elements over to whoever only reads them, where they are.
  consuming func frozen() -> FrozenColumn<Element> where Element: Sendable {
    let frozen = FrozenColumn(base, count: count)
    discard self
    return frozen
  }

  @inline(never)
  private mutating func grow(to needed: Int) {
    capacity = max(needed, 2 * capacity)
    let larger = HugePages.allocate(Element.self, count: capacity)
    larger.moveInitialize(from: base, count: count)
    base.deallocate()
    base = larger
  }
}
