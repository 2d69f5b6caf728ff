internal import LibC

/// The memory of the machine.
enum SystemMemory {
  /// Its bytes, or the largest number where the system does not say.
  ///
  /// Systems promise far more than they have, and end the process that takes them at their word: a buffer larger than
  /// this is refused before it is asked for.
  static let byteCount: Int = {
    let pages = sysconf(Int32(_SC_PHYS_PAGES)), pageSize = sysconf(Int32(_SC_PAGESIZE))
    guard pages > 0, pageSize > 0 else { return .max }
    let (bytes, overflows) = pages.multipliedReportingOverflow(by: pageSize)
    return overflows ? .max : bytes
  }()
}
