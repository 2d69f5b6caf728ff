@testable import DependencyScheduling

/// Writes numbers of a few bits each into words.
private struct Packer {
  var word: UInt64 = 0
  var shift: UInt64 = 0

  mutating func put(_ value: UInt64, _ bits: UInt64) {
    word |= (value & (1 << bits - 1)) << shift
    shift += bits
  }

  mutating func put(_ value: Int, _ bits: UInt64) {
    assert(value >= -1 && value + 1 < 1 << bits, "\(value) has no room in \(bits) bits")
    put(UInt64(bitPattern: Int64(value + 1)), bits)
  }
  mutating func put(_ value: Bool) { put(value ? 1 as UInt64 : 0, 1) }

  mutating func take(_ bits: UInt64) -> UInt64 {
    let value = word & (1 << bits - 1)
    word >>= bits
    return value
  }

  mutating func number(_ bits: UInt64) -> Int { Int(take(bits)) - 1 }
  mutating func flag() -> Bool { take(1) == 1 }
}

/// A world as a few words: what the walk keeps of each state.
extension WakingWorld {
  var wordCount: Int { 2 + 3 * runs.count + actorCount }

  func save(to words: UnsafeMutablePointer<UInt64>) {
    words[0] = counts.bits
    var packer = Packer()
    packer.put(isWanted)
    packer.put(width, 4)
    packer.put(jobs, 4)
    packer.put(jobsDone, 4)
    packer.put(madeSeats, 4)
    packer.put(vacantSeats, 5)
    packer.put(submitted, 5)
    words[1] = packer.word
    var position = 2
    for run in 0..<runs.count {
      save(runs[run], to: words + position)
      position += 3
    }
    for actor in 0..<actorCount {
      words[position + actor] = word(of: actors[actor])
    }
    sortStays(words + position)
  }

  /// Which of the seats' stays is which makes no difference.
  private func sortStays(_ words: UnsafeMutablePointer<UInt64>) {
    var end = firstStay + 1
    while end < actorCount {
      var position = end
      while position > firstStay, words[position - 1] > words[position] {
        (words[position - 1], words[position]) = (words[position], words[position - 1])
        position -= 1
      }
      end += 1
    }
  }

  private func save(_ run: Run, to words: UnsafeMutablePointer<UInt64>) {
    words[0] = run.attendance.bits
    words[1] = run.deques[0] | run.deques[1] << 16 | run.deques[2] << 32 | run.deques[3] << 48
    var packer = Packer()
    packer.put(run.placesInUse, 3)
    packer.put(run.freePlaces, 4)
    packer.put(run.nextRoot, 4)
    packer.put(run.inbox, 8)
    packer.put(run.begun, 8)
    packer.put(run.done, 8)
    packer.put(run.suspended, 8)
    packer.put(run.remaining, 4)
    packer.put(run.isStopping)
    packer.put(run.isLone)
    packer.put(run.signals, 3)
    packer.put(run.isListed)
    packer.put(run.ends, 2)
    words[2] = packer.word
  }

  private func word(of actor: Actor) -> UInt64 {
    var packer = Packer()
    packer.put(actor.at.rawValue, 6)
    packer.put(actor.then.rawValue, 4)
    packer.put(actor.search, 7)
    packer.put(actor.run, 2)
    packer.put(actor.place, 3)
    packer.put(actor.unit, 4)
    packer.put(actor.next, 4)
    packer.put(actor.executed, 4)
    packer.put(actor.index, 4)
    packer.put(actor.target, 3)
    packer.put(actor.units, 3)
    packer.put(actor.mayCallAgain)
    packer.put(actor.hasCalled)
    packer.put(actor.candidate, 2)
    packer.put(actor.candidateUnits, 3)
    packer.put(actor.seat, 3)
    packer.put(actor.hasJob)
    packer.put(actor.isWorking)
    packer.put(actor.gaveWay)
    packer.put(actor.isCounted)
    packer.put(actor.owesLook)
    packer.put(actor.holdsLock)
    packer.put(actor.position, 3)
    return packer.word
  }

  mutating func load(from words: UnsafePointer<UInt64>) {
    counts = SeatCounts(bits: words[0])
    var packer = Packer(word: words[1])
    isWanted = packer.flag()
    width = packer.number(4)
    jobs = packer.number(4)
    jobsDone = packer.number(4)
    madeSeats = packer.number(4)
    vacantSeats = packer.take(5)
    submitted = packer.take(5)
    var position = 2
    for run in 0..<runs.count {
      load(run, from: words + position)
      position += 3
    }
    for actor in 0..<actorCount { load(actor, from: words[position + actor]) }
    violation = nil
  }

  private mutating func load(_ run: Int, from words: UnsafePointer<UInt64>) {
    runs[run].attendance = Attendance(bits: words[0])
    for place in 0..<4 { runs[run].deques[place] = words[1] >> UInt64(16 * place) & 0xFFFF }
    var packer = Packer(word: words[2])
    runs[run].placesInUse = packer.number(3)
    runs[run].freePlaces = packer.take(4)
    runs[run].nextRoot = packer.number(4)
    runs[run].inbox = packer.take(8)
    runs[run].begun = packer.take(8)
    runs[run].done = packer.take(8)
    runs[run].suspended = packer.take(8)
    runs[run].remaining = packer.number(4)
    runs[run].isStopping = packer.flag()
    runs[run].isLone = packer.flag()
    runs[run].signals = packer.number(3)
    runs[run].isListed = packer.flag()
    runs[run].ends = packer.number(2)
  }

  private mutating func load(_ actor: Int, from word: UInt64) {
    var packer = Packer(word: word)
    var loaded = Actor()
    loaded.at = Place(rawValue: packer.take(6))!
    loaded.then = Next(rawValue: packer.take(4))!
    loaded.search = packer.number(7)
    loaded.run = packer.number(2)
    loaded.place = packer.number(3)
    loaded.unit = packer.number(4)
    loaded.next = packer.number(4)
    loaded.executed = packer.number(4)
    loaded.index = packer.number(4)
    loaded.target = packer.number(3)
    loaded.units = packer.number(3)
    loaded.mayCallAgain = packer.flag()
    loaded.hasCalled = packer.flag()
    loaded.candidate = packer.number(2)
    loaded.candidateUnits = packer.number(3)
    loaded.seat = packer.number(3)
    loaded.hasJob = packer.flag()
    loaded.isWorking = packer.flag()
    loaded.gaveWay = packer.flag()
    loaded.isCounted = packer.flag()
    loaded.owesLook = packer.flag()
    loaded.holdsLock = packer.flag()
    loaded.position = packer.number(3)
    actors[actor] = loaded
  }
}
