/// Memory for some elements of a column, freed with the last column that it is in.
typealias ColumnPage<Element> = ManagedBuffer<ColumnPageHeader<Element>, Element>

struct ColumnPageHeader<Element> {
  let capacity: Int
  /// Where the elements are: behind the header, or in a stretch.
  let base: UnsafeMutablePointer<Element>
  fileprivate let stretch: PageStretch?
}

/// Memory that several pages lie in.
private final class PageStretch {
  let base: UnsafeMutableRawPointer
  init(_ base: UnsafeMutableRawPointer) { self.base = base }
  deinit { base.deallocate() }
}

/// Pages for a column: the first ones by themselves, so that small graphs are small, those of a large column in stretches
/// of memory, which the system gives in huge pages.
struct ColumnPages<Element: BitwiseCopyable> {
  /// Pages of the newest stretch that no column has taken. A copy of a column knows of them too; whoever finds that
  /// another does leaves them alone.
  private var spare: [ColumnPage<Element>] = []

  private static var stretchByteCount: Int { 2 << 20 }  // Decisions/Memory.md
  /// From how many pages on a column is large.
  private static var few: Int { 32 }  // Decisions/Memory.md

  /// A page by itself.
  static func page(ofCapacity capacity: Int) -> ColumnPage<Element> {
    .create(minimumCapacity: capacity) { page in
      ColumnPageHeader(capacity: capacity, base: page.withUnsafeMutablePointerToElements { $0 }, stretch: nil)
    }
  }

  /// A page of a column that has `count` already.
  mutating func next(ofCapacity capacity: Int, after count: Int) -> ColumnPage<Element> {
    if count < Self.few { return Self.page(ofCapacity: capacity) }
    if spare.isEmpty || !isKnownUniquelyReferenced(&spare[spare.count - 1]) {
      spare = Self.stretch(ofCapacity: capacity)
    }
    return spare.removeLast()
  }

  /// The pages of a stretch, those that come later in memory first.
  private static func stretch(ofCapacity capacity: Int) -> [ColumnPage<Element>] {
    let count = stretchByteCount / (capacity * MemoryLayout<Element>.stride)
    let memory = HugePages.allocate(Element.self, count: stretchByteCount / MemoryLayout<Element>.stride)
    let stretch = PageStretch(memory)
    return (0..<count).reversed().map { index in
      .create(minimumCapacity: 0) { _ in
        ColumnPageHeader(capacity: capacity, base: memory + index * capacity, stretch: stretch)
      }
    }
  }
}
