/// Gives each buffer of a run a slot of memory, and a slot to one buffer after another.
///
/// A slot goes from one buffer to the next only where everything that touches the first has ended before the next is
/// written, at any width and in any interleaving: because the units that do so are ancestors of the one that writes, or
/// because the writer is made to wait for them. It is made to wait only for units far behind it in the order, so that
/// the reuse of memory does not serialise branches that could run side by side. So memory is planned once, its peak is
/// known before a run, and a run neither allocates nor counts readers.
///
/// - Complexity: O(reads) in all, with a bounded search for each buffer.
struct BufferReuse {
  struct Slot: Sendable {
    var byteCount: Int
    /// The node of its largest buffer, for messages.
    var node: NodeID
  }
  private(set) var slots: [Slot] = []
  private(set) var slotOf: [UInt32: Int] = [:]

  /// A unit that all before it come before, and all behind it after.
  var fence: UInt32?

  private let isOn: Bool
  /// Free slots, the one freed last at the end, and the units that still had to do with what was in it.
  private var free: [(slot: Int, users: [Range<UInt32>])] = []
  /// For each buffer in use, the units that write or read it.
  private var users: [UInt32: [Range<UInt32>]] = [:]
  /// For each unit which of those before it are its ancestors: bit i stands for the one i + 1 before.
  private var ancestors: [UInt64] = []

  /// How far apart in the order units are that one may be made to wait for the other.
  private static let horizon: UInt32 = 64
  /// How many free slots are looked at.
  private static let search = 64

  init(isOn: Bool) { self.isOn = isOn }

  mutating func addEdge(from: UInt32, to: UInt32) {
    while ancestors.count <= Int(to) { ancestors.append(0) }
    let distance = to - from
    guard distance <= Self.horizon else { return }
    ancestors[Int(to)] |= 1 << UInt64(distance - 1)
    if distance < Self.horizon { ancestors[Int(to)] |= ancestors[Int(from)] << UInt64(distance) }
  }

  /// Notes that `units` write or read a buffer.
  mutating func use(_ buffer: UInt32, by units: Range<UInt32>) {
    if users[buffer]?.last == units { return }
    users[buffer, default: []].append(units)
  }

  /// Finds room for a buffer that `unit`, which has all edges it needs for what it reads, will write.
  ///
  /// - Parameter overwriting: operands that the writer may write over since it reads them last.
  /// - Returns: the units that it must wait for besides.
  mutating func take(_ buffer: UInt32, byteCount: Int, node: NodeID, for unit: UInt32, overwriting: [UInt32])
    -> [UInt32]
  {
    if isOn {
      for operand in overwriting {
        guard let slot = slotOf[operand], let known = users[operand], slots[slot].byteCount >= byteCount,
          let waits = waits(for: known, unit)
        else { continue }
        users[operand] = nil
        slotOf[buffer] = slot
        return waits
      }
      if let (position, waits) = find(byteCount, for: unit) {
        let slot = free.remove(at: position).slot
        if slots[slot].byteCount < byteCount { slots[slot] = Slot(byteCount: byteCount, node: node) }
        slotOf[buffer] = slot
        return waits
      }
    }
    takeNew(buffer, byteCount: byteCount, node: node)
    return []
  }

  /// Gives a buffer a slot that no other has had before.
  mutating func takeNew(_ buffer: UInt32, byteCount: Int, node: NodeID) {
    slotOf[buffer] = slots.count
    slots.append(Slot(byteCount: byteCount, node: node))
  }

  /// Frees the slot of a buffer that nothing will read any more, unless another was written over it.
  mutating func release(_ buffer: UInt32) {
    guard let slot = slotOf[buffer], let users = users.removeValue(forKey: buffer) else { return }
    free.append((slot, users))
  }

  /// The smallest free slot that is large enough, else the largest, which then grows.
  private func find(_ byteCount: Int, for unit: UInt32) -> (position: Int, waits: [UInt32])? {
    var best: (position: Int, waits: [UInt32], size: Int)?
    for position in free.indices.suffix(Self.search).reversed() {
      let size = slots[free[position].slot].byteCount
      if let best {
        let isBetter = best.size < byteCount ? size > best.size : size >= byteCount && size < best.size
        guard isBetter else { continue }
      }
      guard let waits = waits(for: free[position].users, unit) else { continue }
      if size == byteCount { return (position, waits) }
      best = (position, waits, size)
    }
    return best.map { ($0.position, $0.waits) }
  }

  /// What `unit` must wait for so that all `users` have ended before it; `nil` if it should not.
  private func waits(for users: [Range<UInt32>], _ unit: UInt32) -> [UInt32]? {
    var waits: [UInt32] = []
    // The writer itself may be among them, as may be its other parts.
    for user in users.lazy.flatMap({ $0 }) where user < unit {
      if let fence, user <= fence, unit > fence { continue }
      let distance = unit - user
      if distance > Self.horizon {
        waits.append(user)
      } else if Int(unit) >= ancestors.count || ancestors[Int(unit)] >> UInt64(distance - 1) & 1 == 0 {
        return nil
      }
    }
    return waits
  }
}
