internal import GradientMemory

/// The memory of a program's constants, which all its sessions read and nothing writes.
///
/// It is taken and written as one, when a session first needs it, in an arena of its own, and given back with the
/// program. Compiling takes none of it. A constant of one floating-point number is no part of it: it lies in each
/// session's slab, beside the scalars that read it.
///
/// Who must see what: whoever gets an address sees the elements that were written there. So memory is written, and
/// addresses are given out, with one lock held; from then on it is only read, on any thread.
final class ConstantMemory: Sendable {
  let plans: [Placement.ConstantPlan]
  private let written = Locked<Written?>(nil)

  private struct Written: Sendable {
    let arena: BufferArena
    let buffers: [OwnedBuffer]
  }

  init(_ plans: [Placement.ConstantPlan]) { self.plans = plans }

  /// Calls `body` with the address of each constant, in the plan's order. The first call takes the memory.
  ///
  /// - Throws: the constant whose memory the system has not; then none is taken.
  func withAddresses(_ body: ([UnsafeMutableRawPointer]) -> Void) throws(MemoryRefused) {
    if plans.isEmpty { return body([]) }
    let refused = written.withLock { written -> MemoryRefused? in
      do throws(MemoryRefused) {
        if written == nil { written = try write() }
        body(written!.buffers.map { $0.buffer.base })
        return nil
      } catch {
        return error
      }
    }
    if let refused { throw refused }
  }

  private func write() throws(MemoryRefused) -> Written {
    let arena = BufferArena()
    var buffers: [OwnedBuffer] = []
    for plan in plans {
      let buffer: OwnedBuffer
      do throws(MemoryLimitExceeded) {
        buffer = OwnedBuffer(try arena.allocate(byteCount: plan.byteCount))
      } catch {
        throw MemoryRefused(node: plan.node, limit: error)
      }
      plan.values.write(to: buffer.buffer.base, count: plan.elementCount, as: plan.elementType)
      buffers.append(buffer)
    }
    return Written(arena: arena, buffers: buffers)
  }

  /// What the allocator takes for all of it.
  var byteCount: Int { plans.reduce(0) { $0 + BufferArena.reservedByteCount(for: $1.byteCount) } }

  /// What is taken now; `nil` as long as no session has needed it.
  var statistics: MemoryStatistics? { written.withLock { $0?.arena.statistics } }
}

/// A buffer in an array.
final class OwnedBuffer: Sendable {
  let buffer: Buffer
  init(_ buffer: consuming Buffer) { self.buffer = buffer }
}

/// Memory that is not there, and the node that it was for; where there is none, it was for a session's inputs and
/// results.
struct MemoryRefused: Error {
  let node: NodeID?
  let limit: MemoryLimitExceeded
}
