internal import Threads

/// What runs of one body, or of one schedule, have taught about sharing: a record for each place and width, behind a
/// lock.
///
/// Bodies may share one, so that what the first session of a program learned serves the next.
package final class LearnedSharing: @unchecked Sendable {  // because `lock` guards the records
  private let lock = PlatformLock()
  private var records = SharingRecords()

  package init() {}

  func update<Result>(_ key: LearningKey, _ change: (inout SharingRecord) -> Result) -> Result {
    lock.withLock { records.update(key.site, width: key.width, unitCount: key.unitCount, change) }
  }
}

/// What a record is kept for.
struct LearningKey {
  var site: CallSite
  var width: Int
  var unitCount: Int
}
