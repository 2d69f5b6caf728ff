import Synchronization
internal import Threads

/// Whether somebody wishes that a seat be given up: a run or job that nobody sits in waits for one, or there are fewer
/// seats than are taken. Workers look between two units; a hint, which whoever acts upon it takes back.
///
/// **Who must see what.** A seat that takes the wish back must see the unit that it was made for, since nobody wishes
/// twice for one: `make` *releases*, `takeBack` *acquires*.
struct SeatWish: ~Copyable {
  private let isMade = PaddedAtomic(false)

  func make() {
    isMade.word.pointee.store(true, ordering: .releasing)
  }

  /// Takes the wish back; true if there was one.
  func takeBack() -> Bool {
    isMade.word.pointee.load(ordering: .relaxed) && isMade.word.pointee.exchange(false, ordering: .acquiring)
  }

  var isOpen: Bool { isMade.word.pointee.load(ordering: .relaxed) }

  /// Where it lies, for those who look between any two units; valid as long as the wish's owner.
  var flag: UnsafePointer<Atomic<Bool>> { UnsafePointer(isMade.word) }
}
