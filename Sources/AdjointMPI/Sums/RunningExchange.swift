package import Adjoint

/// The elements of one exchange on this rank: the memory that its plan's places stand for.
///
/// Sums at the rank's own nodes lie where their first shards' elements do. The room for received ones is taken once.
package final class ExchangeMemory: @unchecked Sendable {  // because one exchange at a time uses it
  let plan: ExchangePlan
  /// `nil` for bytes, which are not summed.
  let type: ElementType?
  /// Where elements of own nodes lie, and where each room would begin if it held the elements before its own, too.
  fileprivate let own: [UnsafeMutableRawPointer]
  fileprivate let received: [UnsafeMutableRawPointer]
  private let room: UnsafeMutableRawPointer
  private let stride: Int

  /// - Parameter own: the first element of each of the rank's own nodes; whoever gives it keeps it.
  package init(_ plan: ExchangePlan, _ type: ElementType?, own: [UnsafeMutableRawPointer]) {
    (self.plan, self.type, self.own) = (plan, type, own)
    stride = type?.byteCount ?? 1
    let stride = stride
    let lengths = plan.received.map { ($0.count * stride + 63) / 64 * 64 }
    room = .allocate(byteCount: max(lengths.reduce(0, +), 64), alignment: 64)
    var start = room, rooms: [UnsafeMutableRawPointer] = []
    for (elements, length) in zip(plan.received, lengths) {
      rooms.append(start - elements.lowerBound * stride)
      start += length
    }
    received = rooms
  }

  deinit { room.deallocate() }

  func bytes(_ place: ExchangePlan.Place, _ elements: Range<Int>) -> UnsafeMutableRawBufferPointer {
    let base =
      switch place {
      case .own(let number): own[number]
      case .received(let number): received[number]
      }
    return UnsafeMutableRawBufferPointer(
      start: base + elements.lowerBound * stride, count: elements.count * stride)
  }

  /// Makes the additions of a round.
  func add(_ additions: [ExchangePlan.Addition]) {
    for addition in additions {
      let target = bytes(addition.target, addition.elements)
      addElements(
        type!, bytes(addition.left, addition.elements).baseAddress!,
        bytes(addition.right, addition.elements).baseAddress!,
        to: target.baseAddress!, count: addition.elements.count)
    }
  }
}

/// An exchange under way: advanced by the thread that makes all calls of the transport, until it has ended.
package struct RunningExchange {
  let memory: ExchangeMemory
  let tag: Int
  let ended: @Sendable (ClusterError?) -> Void
  private var round = -1
  private var pending: [Pending] = []
  /// When the last message of the exchange had gone or come, or it began.
  private(set) var lastProgress: Int64

  private struct Pending {
    let rank: Int
    var request: TransportRequest
  }

  package init(_ memory: ExchangeMemory, tag: Int, at now: Int64, _ ended: @escaping @Sendable (ClusterError?) -> Void)
  {
    (self.memory, self.tag, self.ended, lastProgress) = (memory, tag, ended, now)
  }

  /// The ranks that it waits for.
  var awaited: Set<Int> { Set(pending.map(\.rank)) }

  /// Goes on as far as it can; true if it has ended.
  package mutating func advance(_ transport: some Transport, at now: Int64) throws(ClusterError) -> Bool {
    while true {
      var place = 0
      while place < pending.count {
        if try transport.isDone(&pending[place].request) {
          pending.swapAt(place, pending.count - 1)
          pending.removeLast()
          lastProgress = now
        } else {
          place += 1
        }
      }
      if !pending.isEmpty { return false }
      if round >= 0 { memory.add(memory.plan.rounds[round].additions) }
      round += 1
      if round == memory.plan.rounds.count { return true }
      for message in memory.plan.rounds[round].receives {
        let bytes = memory.bytes(message.place, message.elements)
        pending.append(
          Pending(rank: message.rank, request: try transport.receive(bytes, from: message.rank, tag: tag)))
      }
      for message in memory.plan.rounds[round].sends {
        let bytes = UnsafeRawBufferPointer(memory.bytes(message.place, message.elements))
        pending.append(Pending(rank: message.rank, request: try transport.send(bytes, to: message.rank, tag: tag)))
      }
    }
  }
}
