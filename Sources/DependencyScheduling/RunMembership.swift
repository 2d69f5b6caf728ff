/// Who takes part in a run, beside its caller. Guarded by the executor's ``HelperRoster``.
struct RunMembership {
  /// The worker indices no helper holds.
  private var vacant: [Int] = []

  /// How many more helpers were asked for and have not come.
  private(set) var wanted = 0

  /// How many helpers are in the run.
  private(set) var active = 0

  /// Whether the caller has closed the door.
  private(set) var isClosed = true

  mutating func open(width: Int) {
    vacant.removeAll(keepingCapacity: true)
    // Low indices are given out first, so that a run's helpers meet in few deques.
    for index in stride(from: width - 1, to: 0, by: -1) { vacant.append(index) }
    wanted = 0
    active = 0
    isClosed = false
  }

  /// Asks for one more helper; false if there is no room for it or the run is over.
  mutating func ask() -> Bool {
    guard !isClosed, wanted < vacant.count else { return false }
    wanted += 1
    return true
  }

  /// Lets a helper in that was asked for, and gives it a worker index.
  mutating func enter() -> Int? {
    guard !isClosed, wanted > 0, let index = vacant.popLast() else { return nil }
    wanted -= 1
    active += 1
    return index
  }

  /// Lets a helper out; true if it is the one whom the caller waits for.
  mutating func leave(_ index: Int) -> Bool {
    vacant.append(index)
    active -= 1
    return isClosed && active == 0
  }

  /// Closes the door; true if helpers are still inside, the last of whom must then signal the caller.
  mutating func close() -> Bool {
    isClosed = true
    wanted = 0
    return active > 0
  }

  /// Whether another helper could be asked for.
  var hasRoom: Bool { !isClosed && wanted < vacant.count }
}
