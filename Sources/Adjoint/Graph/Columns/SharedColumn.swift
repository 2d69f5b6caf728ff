/// A column of a graph: elements that are added and hardly ever replaced, in pages that copies of the column share.
///
/// A graph grows without its size being known, and is copied when it is differentiated or compiled. An array moves all
/// its elements each time it has doubled, and again when one is added to a copy of it; touching memory for the first time
/// costs more than what is written there. Here a full page never moves: a copy costs a few words, and what is added to
/// it moves the last page, at most 64 KiB.
///
/// Reading is safe from any thread that holds a copy: a page that two columns hold is not written any more.
///
/// - Complexity: O(1) an element, to read and, amortised, to add.
struct SharedColumn<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {  // because of the above
  private typealias Page = ColumnPage<Element>
  private var pages = ColumnPages<Element>()
  private var fullPages: [Page] = []
  private var lastPage: Page
  /// Where it begins.
  private var lastBase: UnsafeMutablePointer<Element>
  /// Where each page begins, the last one included.
  private var bases: [UnsafeMutablePointer<Element>]
  private(set) var count = 0
  /// How many elements there can be before the last page is full.
  private var limit: Int

  /// A power of two. The first page grows up to it by doubling, so that small graphs are small.
  private static var pageCapacity: Int { 1 << pageShift }
  // Decisions/Memory.md
  private static var pageShift: Int { (MemoryLayout<Element>.stride - 1).leadingZeroBitCount - (Int.bitWidth - 16) }

  init() {
    limit = 16  // Decisions/Memory.md
    lastPage = ColumnPages.page(ofCapacity: limit)
    lastBase = lastPage.header.base
    bases = [lastBase]
  }

  /// The first `count` elements, in the same pages.
  func first(_ count: Int) -> SharedColumn {
    precondition(count <= self.count, "A column of \(self.count) elements has no first \(count)")
    if count == 0 { return SharedColumn() }
    let last = (count - 1) >> Self.pageShift
    var first = self
    first.bases.removeLast(bases.count - last - 1)
    if last < fullPages.count {
      first.lastPage = fullPages[last]
      first.fullPages.removeLast(fullPages.count - last)
    }
    first.lastBase = bases[last]
    first.count = count
    first.limit = last * Self.pageCapacity + first.lastPage.header.capacity
    return first
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == limit || !isKnownUniquelyReferenced(&lastPage) { makeRoom() }
    (lastBase + (count & (Self.pageCapacity - 1))).initialize(to: element)
    count += 1
  }

  /// Has the last page be this column's own, with room for an element.
  @inline(never)
  private mutating func makeRoom() {
    let start = fullPages.count * Self.pageCapacity
    if count == start + Self.pageCapacity {
      fullPages.append(lastPage)
      lastPage = pages.next(ofCapacity: Self.pageCapacity, after: fullPages.count)
      bases.append(lastPage.header.base)
    } else {
      let larger = pages.next(
        ofCapacity: count == limit ? 2 * lastPage.header.capacity : lastPage.header.capacity, after: fullPages.count)
      larger.header.base.initialize(from: bases[fullPages.count], count: count - start)
      lastPage = larger
      bases[fullPages.count] = larger.header.base
    }
    lastBase = bases[fullPages.count]
    limit = fullPages.count * Self.pageCapacity + lastPage.header.capacity
  }

  /// Puts another element in a place. A page that other columns hold as well is copied first.
  mutating func replace(at index: Int, by element: Element) {
    let page = index >> Self.pageShift
    if page == fullPages.count {
      if !isKnownUniquelyReferenced(&lastPage) {
        lastPage = copy(page, lastPage, count: count - page * Self.pageCapacity)
        lastBase = bases[page]
      }
    } else if !isKnownUniquelyReferenced(&fullPages[page]) {
      fullPages[page] = copy(page, fullPages[page], count: Self.pageCapacity)
    }
    bases[page][index & (Self.pageCapacity - 1)] = element
  }

  /// A copy of a page, which becomes that of its number.
  @inline(never)
  private mutating func copy(_ number: Int, _ page: Page, count: Int) -> Page {
    let copy = pages.next(ofCapacity: page.header.capacity, after: fullPages.count)
    copy.header.base.initialize(from: bases[number], count: count)
    bases[number] = copy.header.base
    return copy
  }
}

extension SharedColumn: RandomAccessCollection {
  var startIndex: Int { 0 }
  var endIndex: Int { count }

  @inline(__always)
  subscript(index: Int) -> Element {
    assert(index >= 0 && index < count, "a column has no element \(index)")
    return bases[index >> Self.pageShift][index & (Self.pageCapacity - 1)]
  }
}
