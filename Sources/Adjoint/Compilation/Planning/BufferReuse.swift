/// Gives each buffer of a run a stretch of memory, and memory to one buffer after another.
///
/// Memory goes from one buffer to the next only where everything that touches the first has ended before the next is
/// written, at any width and in any interleaving: because the units that do so are ancestors of the one that writes, or
/// because the writer is made to wait for them. It is made to wait only for units far behind it in the order, so that
/// the reuse of memory does not serialise branches that could run side by side. Where several units each touch a part of a
/// buffer, a part of the next one waits only for those of the same bytes. So memory is planned once, its peak is known
/// before a run, and a run neither allocates nor counts readers.
///
/// Buffers lie on one line of bytes: what is freed is taken by the buffer that it fits best, in parts or together with
/// what lies free beside it. In the end the line is cut wherever no buffer lies across; a piece is a slot, which a session
/// takes as one (see ``BufferReuse/Slot``).
///
/// - Complexity: O(reads) in all, with a bounded search for each buffer: what very many have had to do with, or what lies
///   in very many pieces, is passed over.
struct BufferReuse {
  /// The start of each buffer on the line.
  private(set) var starts: [UInt32: Int] = [:]
  /// The length of the line.
  private(set) var length = 0
  /// A unit that all before it come before, and all behind it after.
  var fence: UInt32?

  private let isOn: Bool

  /// Units next to one another that write or read a buffer, and the bytes that each of them touches; `nil` for all.
  struct Users: Equatable {
    let units: Range<UInt32>
    private(set) var bytes: [Range<Int>]?

    init(units: Range<UInt32>) { self.units = units }

    /// - Parameter byteCount: the size of the buffer. Whoever touches its end has to do with what is left of its last line,
    ///   too, so that all of a stretch has passed through the hands of those who had it.
    init(units: Range<UInt32>, bytes: [Range<Int>], byteCount: Int) {
      self.units = units
      self.bytes = bytes.map { $0.upperBound == byteCount ? $0.lowerBound..<BufferReuse.aligned(byteCount) : $0 }
    }

    func moved(by distance: Int) -> Users {
      var moved = self
      moved.bytes = bytes?.map { $0.lowerBound + distance..<$0.upperBound + distance }
      return moved
    }

    /// Whether two units, by their numbers, may touch the same byte.
    func meet(_ unit: UInt32, _ other: Users, _ otherUnit: UInt32) -> Bool {
      guard let bytes, let others = other.bytes else { return true }
      return bytes[Int(unit - units.lowerBound)].overlaps(others[Int(otherUnit - other.units.lowerBound)])
    }
  }

  private static func aligned(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }

  /// What one unit must wait for besides what it reads.
  typealias Wait = (from: UInt32, to: UInt32)

  /// Everything that was ever given a stretch of its own.
  private var taken: [(bytes: Range<Int>, node: NodeID)] = []
  /// Free stretches by their number; the one freed last has the largest. Beside each the units that still had to do with
  /// what was in it.
  private var free: [Int: (bytes: Range<Int>, users: [Users])] = [:]
  /// The numbers of free stretches in the order in which they were freed, and of some that are free no longer.
  private var freed: [Int] = []
  /// The number of the free stretch that begins at a byte.
  private var freeAt: [Int: Int] = [:]
  private var freeCount = 0
  /// For each buffer in use its stretch, and the units that write or read it.
  private var stretches: [UInt32: Range<Int>] = [:]
  private var users: [UInt32: [Users]] = [:]
  /// For each unit which of those before it are its ancestors: bit i stands for the one i + 1 before.
  private var ancestors: [UInt64] = []

  /// For each unit, and for the one being made, the work of those before it.
  private var workBefore: [Double] = [0]

  // Of the numbers below: Decisions/Memory.md

  /// How far apart in the order units are that one may be made to wait for the other, and how much work lies between them
  /// in nanoseconds: either will do.
  private static let farUnits: UInt32 = 64
  private static let farWork = 512_000.0
  /// How many free stretches are looked at.
  private static let search = 64
  /// How many groups of users of a stretch are looked at, and how many of them waited for.
  private static let mostUsers = 1_024

  init(isOn: Bool) { self.isOn = isOn }

  mutating func addEdge(from: UInt32, to: UInt32) {
    while ancestors.count <= Int(to) { ancestors.append(0) }
    let distance = to - from
    guard distance <= Self.farUnits else { return }
    ancestors[Int(to)] |= 1 << UInt64(distance - 1)
    if distance < Self.farUnits { ancestors[Int(to)] |= ancestors[Int(from)] << UInt64(distance) }
  }

  /// Notes that the unit after those noted so far has been made, and how much work it is.
  mutating func endUnit(cost: Float) { workBefore.append(workBefore.last! + Double(cost)) }

  /// Notes who writes or reads a buffer that has its room, and which of its bytes.
  mutating func use(_ buffer: UInt32, by more: Users) {
    let more = more.moved(by: starts[buffer]!)
    if users[buffer]?.last == more { return }
    users[buffer, default: []].append(more)
  }

  /// Finds room for a buffer that `writers`, which have all edges they need for what they read, will write.
  ///
  /// - Parameter overwriting: operands that the writer may write over since it reads them last.
  /// - Returns: what they must wait for besides.
  mutating func take(_ buffer: UInt32, byteCount: Int, node: NodeID, for writers: Users, overwriting: [UInt32])
    -> [Wait]
  {
    if isOn {
      for operand in overwriting {
        guard let stretch = stretches[operand], let known = users[operand], stretch.count == Self.aligned(byteCount),
          let waits = waits(for: known, writers.moved(by: stretch.lowerBound))
        else { continue }
        (users[operand], stretches[operand]) = (nil, nil)
        place(buffer, stretch)
        return waits
      }
      if let found = find(Self.aligned(byteCount), for: writers) { return fill(found, buffer, byteCount, node) }
    }
    takeNew(buffer, byteCount: byteCount, node: node)
    return []
  }

  /// Gives a buffer memory that no other has had before.
  mutating func takeNew(_ buffer: UInt32, byteCount: Int, node: NodeID) {
    place(buffer, length..<length + Self.aligned(byteCount))
    length += Self.aligned(byteCount)
    taken.append((stretches[buffer]!, node))
  }

  /// Frees the memory of a buffer that nothing will read any more, unless another was written over it.
  mutating func release(_ buffer: UInt32) {
    guard let stretch = stretches.removeValue(forKey: buffer), let users = users.removeValue(forKey: buffer) else {
      return
    }
    addFree(stretch, users)
  }

  private mutating func place(_ buffer: UInt32, _ stretch: Range<Int>) {
    stretches[buffer] = stretch
    starts[buffer] = stretch.lowerBound
  }

  // MARK: free stretches

  /// Stretches that follow one another, and what they give.
  private struct Find {
    var numbers: [Int]
    var bytes: Range<Int>
    var waits: [Wait]
  }

  private mutating func addFree(_ bytes: Range<Int>, _ users: [Users]) {
    free[freeCount] = (bytes, users)
    freeAt[bytes.lowerBound] = freeCount
    freed.append(freeCount)
    freeCount += 1
  }

  /// The free stretch, or row of stretches, that is the smallest of those large enough; else the largest at the end of the
  /// line, which then grows.
  private mutating func find(_ byteCount: Int, for writers: Users) -> Find? {
    var best: Find?
    var tail: Find?
    var looked = 0
    var position = freed.count - 1
    while position >= 0, looked < Self.search {
      let number = freed[position]
      if free[number] == nil {
        freed.remove(at: position)
      } else {
        looked += 1
        if let row = row(from: number, byteCount, for: writers) {
          if row.bytes.count == byteCount { return row }
          if row.bytes.count < byteCount {
            if row.bytes.count > tail?.bytes.count ?? 0 { tail = row }
          } else if row.bytes.count < best?.bytes.count ?? .max {
            best = row
          }
        }
      }
      position -= 1
    }
    return best ?? tail
  }

  /// The stretches from one on that together hold `byteCount`, or that reach the end of the line.
  private func row(from number: Int, _ byteCount: Int, for writers: Users) -> Find? {
    let first = free[number]!
    let writers = writers.moved(by: first.bytes.lowerBound)
    guard let waits = waits(for: first.users, writers) else { return nil }
    var row = Find(numbers: [number], bytes: first.bytes, waits: waits)
    while row.bytes.count < byteCount, row.bytes.upperBound < length {
      guard row.numbers.count < Self.search, let next = freeAt[row.bytes.upperBound], let stretch = free[next],
        let waits = self.waits(for: stretch.users, writers)
      else { return nil }
      row.numbers.append(next)
      row.bytes = row.bytes.lowerBound..<stretch.bytes.upperBound
      row.waits += waits
    }
    return row
  }

  /// Puts a buffer where a row of free stretches begins.
  private mutating func fill(_ found: Find, _ buffer: UInt32, _ byteCount: Int, _ node: NodeID) -> [Wait] {
    let stretch = found.bytes.lowerBound..<found.bytes.lowerBound + Self.aligned(byteCount)
    let lastUsers = free[found.numbers.last!]!.users
    for number in found.numbers { freeAt[free.removeValue(forKey: number)!.bytes.lowerBound] = nil }
    if stretch.upperBound < found.bytes.upperBound { addFree(stretch.upperBound..<found.bytes.upperBound, lastUsers) }
    if found.numbers.count > 1 || stretch.upperBound > length { taken.append((stretch, node)) }
    length = max(length, stretch.upperBound)
    place(buffer, stretch)
    return found.waits
  }

  /// What `writers` must wait for so that all `users` of the bytes that they write have ended before; `nil` if they should
  /// not.
  private func waits(for users: [Users], _ writers: Users) -> [Wait]? {
    if users.count > Self.mostUsers { return nil }
    var waits: [Wait] = []
    let first = writers.units.lowerBound
    for known in users {
      // The parts of a gate keep the workers busy among themselves, so what counts is how far behind they begin.
      lazy var isFar = workBefore[Int(first)] - workBefore[Int(known.units.lowerBound) + 1] >= Self.farWork
      // The writers themselves may be among them.
      for user in known.units where user < first {
        if let fence, user <= fence { continue }
        for writer in writers.units where known.meet(user, writers, writer) && !isAncestor(user, of: writer) {
          guard isFar || writer - user > Self.farUnits, waits.count < Self.mostUsers else { return nil }
          waits.append((user, writer))
        }
      }
    }
    return waits
  }

  /// Whether one unit is known to end before another starts; of those far apart it never is.
  private func isAncestor(_ unit: UInt32, of later: UInt32) -> Bool {
    let distance = later - unit
    guard distance <= Self.farUnits, Int(later) < ancestors.count else { return false }
    return ancestors[Int(later)] >> UInt64(distance - 1) & 1 == 1
  }

  /// Every stretch that was ever taken, from the start of the line on: the boundaries of all others are among theirs.
  var stretchesOfLine: [(bytes: Range<Int>, node: NodeID)] {
    taken.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
  }
}
