internal import Threads

/// Memory that messages may still reach after trouble: nobody can call them back, so it lives as long as the process.
enum KeptMemory {
  private static let kept = Kept()

  static func keep(_ owner: AnyObject) { kept.add(owner) }

  private final class Kept: @unchecked Sendable {  // because `lock` guards what changes
    private let lock = PlatformLock()
    private var owners: [AnyObject] = []
    func add(_ owner: AnyObject) {
      lock.withLock { if !owners.contains(where: { $0 === owner }) { owners.append(owner) } }
    }
  }
}
