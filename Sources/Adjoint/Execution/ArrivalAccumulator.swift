internal import Kernels
internal import Synchronization
internal import Threads

/// A copy gate's gradient that grows as contributions arrive (``Accumulation/arrivalOrder``).
///
/// Contributors add to one stripe after the other, each claimed by one of them (``StripeClaims``). Readers come after
/// the dependency counters.
final class ArrivalAccumulator: @unchecked Sendable {  // because the lock guards `isStarted`, and claims the stripes
  static let stripeLength = 4096  // Decisions/Sums.md

  private let lock = PlatformLock()
  private var isStarted = false
  private let stripes: StripeClaims
  private let elementCount: Int
  private let tickets = Atomic<Int>(0)

  init(elementCount: Int) {
    self.elementCount = elementCount
    stripes = StripeClaims(count: (elementCount + Self.stripeLength - 1) / Self.stripeLength)
  }

  deinit { stripes.deallocate() }

  /// Forgets the sum, where no run is under way.
  func restart() { isStarted = false }

  /// Calls `prepare` for the first contribution of a run only; the others wait until it has readied the memory.
  func start(_ prepare: () -> Void) {
    lock.withLock {
      if isStarted { return }
      prepare()
      isStarted = true
    }
  }

  /// target += source, stripe by stripe: contributors begin at different stripes and pass over those that another
  /// holds, so they rarely wait, and only for an addition that is running; meanwhile they offer their processor.
  func add(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ type: Kernels.ElementType) {
    let first = tickets.wrappingAdd(1, ordering: .relaxed).oldValue
    withUnsafeTemporaryAllocation(of: Bool.self, capacity: stripes.count) { isDone in
      isDone.initialize(repeating: false)
      var remaining = stripes.count
      while remaining > 0 {
        let before = remaining
        for offset in 0..<stripes.count {
          let stripe = (first + offset) % stripes.count
          guard !isDone[stripe], stripes.claim(stripe) else { continue }
          let start = stripe * Self.stripeLength
          addInto(type, source: source, target: target, range: start..<min(start + Self.stripeLength, elementCount))
          stripes.giveBack(stripe)
          isDone[stripe] = true
          remaining -= 1
        }
        if remaining == before { offerProcessor() }
      }
    }
  }

  /// The same for one element of a slab, by compare-exchange on its bits.
  static func add(_ value: Float, to target: UnsafeMutableRawPointer) {
    let sum = target.assumingMemoryBound(to: Atomic<UInt32>.self)
    var seen = sum.pointee.load(ordering: .relaxed)
    while true {
      let desired = (Float(bitPattern: seen) + value).bitPattern
      let outcome = sum.pointee.weakCompareExchange(expected: seen, desired: desired, ordering: .relaxed)
      if outcome.exchanged { return }
      seen = outcome.original
    }
  }

  static func add(_ value: Double, to target: UnsafeMutableRawPointer) {
    let sum = target.assumingMemoryBound(to: Atomic<UInt64>.self)
    var seen = sum.pointee.load(ordering: .relaxed)
    while true {
      let desired = (Double(bitPattern: seen) + value).bitPattern
      let outcome = sum.pointee.weakCompareExchange(expected: seen, desired: desired, ordering: .relaxed)
      if outcome.exchanged { return }
      seen = outcome.original
    }
  }
}
