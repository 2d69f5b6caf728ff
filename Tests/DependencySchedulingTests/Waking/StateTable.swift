/// A set of states of a few words each, numbered in the order of their coming.
///
/// Open addressing over plain memory: the walk has millions of states, and tests are built without optimisation.
final class StateTable {
  private let wordCount: Int
  private(set) var count = 0
  private var room = 1 << 12
  private var words: UnsafeMutablePointer<UInt64>
  private var slots: UnsafeMutablePointer<Int32>
  private var slotMask: Int
  /// Where a state is put before it is inserted.
  let scratch: UnsafeMutablePointer<UInt64>

  init(wordCount: Int) {
    self.wordCount = wordCount
    words = .allocate(capacity: room * wordCount)
    slotMask = 4 * room - 1
    slots = .allocate(capacity: slotMask + 1)
    slots.initialize(repeating: -1, count: slotMask + 1)
    scratch = .allocate(capacity: wordCount)
  }

  deinit {
    words.deallocate()
    slots.deallocate()
    scratch.deallocate()
  }

  subscript(state: Int) -> UnsafePointer<UInt64> { UnsafePointer(words + state * wordCount) }

  /// The number of the state in `scratch`, and whether it was not yet there.
  func insertScratch() -> (state: Int, isNew: Bool) {
    var slot = hash(scratch) & slotMask
    while slots[slot] >= 0 {
      if isEqual(words + Int(slots[slot]) * wordCount) { return (Int(slots[slot]), false) }
      slot = (slot + 1) & slotMask
    }
    if count == room {
      grow()
      return insertScratch()
    }
    slots[slot] = Int32(count)
    (words + count * wordCount).update(from: scratch, count: wordCount)
    count += 1
    return (count - 1, true)
  }

  private func isEqual(_ other: UnsafeMutablePointer<UInt64>) -> Bool {
    var word = 0
    while word < wordCount {
      if other[word] != scratch[word] { return false }
      word += 1
    }
    return true
  }

  private func hash(_ state: UnsafeMutablePointer<UInt64>) -> Int {
    var hash: UInt64 = 0
    var word = 0
    while word < wordCount {
      hash = (hash ^ state[word]) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash &>> 29
      word += 1
    }
    return Int(truncatingIfNeeded: hash &>> 8)
  }

  private func grow() {
    let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * room * wordCount)
    larger.update(from: words, count: count * wordCount)
    words.deallocate()
    slots.deallocate()
    (words, room) = (larger, 2 * room)
    slotMask = 4 * room - 1
    slots = .allocate(capacity: slotMask + 1)
    slots.initialize(repeating: -1, count: slotMask + 1)
    var state = 0
    while state < count {
      var slot = hash(words + state * wordCount) & slotMask
      while slots[slot] >= 0 { slot = (slot + 1) & slotMask }
      slots[slot] = Int32(state)
      state += 1
    }
  }
}
