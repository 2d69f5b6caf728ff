import Foundation

/// Memory that ends where a page that nobody may touch begins, and begins behind another.
final class GuardedMemory {
  let address: UnsafeMutableRawPointer
  private let base: UnsafeMutableRawPointer, length: Int

  init(byteCount: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let inside = (byteCount + page - 1) / page * page
    length = inside + 2 * page
    base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    mprotect(base, page, PROT_NONE)
    mprotect(base + page + inside, page, PROT_NONE)
    address = base + page + inside - byteCount
  }

  deinit { munmap(base, length) }
}
