/// The records of the runs that begin at different places in the source, at most ``capacity`` of them.
///
/// A place has a record for each width, and for each order of magnitude of its number of units, as loops over ten and
/// over a million elements at one place have little in common. A new record replaces the one not used for longest.
///
/// A value without a lock. Allocates once, at the first update.
///
/// - Complexity: O(``capacity``) an update.
struct SharingRecords: Sendable {
  private var entries: [Entry] = []
  private var updates: UInt64 = 0

  static let capacity = 16  // Decisions/Sharing.md

  private struct Key: Equatable {
    var site: CallSite
    var width: Int

    /// The position of the highest bit of the number of units.
    var magnitude: Int
  }

  private struct Entry {
    var key: Key
    var record = SharingRecord()
    var lastUpdate: UInt64 = 0
  }

  var count: Int { entries.count }

  /// Passes the record of `site` to `body`, a new one if there is none.
  ///
  /// - Parameter unitCount: The number of units, if it may differ from run to run.
  mutating func update<R>(
    _ site: CallSite, width: Int, unitCount: Int = 0, _ body: (inout SharingRecord) -> R
  ) -> R {
    let key = Key(site: site, width: width, magnitude: Int.bitWidth - unitCount.leadingZeroBitCount)
    updates += 1
    let index = entries.firstIndex { $0.key == key } ?? add(key)
    entries[index].lastUpdate = updates
    return body(&entries[index].record)
  }

  private mutating func add(_ key: Key) -> Int {
    if entries.count < Self.capacity {
      if entries.isEmpty { entries.reserveCapacity(Self.capacity) }
      entries.append(Entry(key: key))
      return entries.count - 1
    }
    var oldest = 0
    for index in entries.indices where entries[index].lastUpdate < entries[oldest].lastUpdate { oldest = index }
    entries[oldest] = Entry(key: key)
    return oldest
  }
}
