internal import DependencyScheduling
internal import Kernels
internal import Synchronization

/// A copy gate's gradient that grows as contributions arrive (``Accumulation/arrivalOrder``).
///
/// Who must see what: a contributor *acquires* a stripe before it adds and *releases* it after, so that additions to one
/// stripe happen one after the other and each sees the sum so far. Readers come after the dependency counters.
final class ArrivalAccumulator: @unchecked Sendable {  // because the lock guards `isStarted`, and claims the stripes
  static let stripeLength = 4096

  private let lock = PlatformLock()
  private var isStarted = false
  private let stripes: UnsafeMutablePointer<Atomic<Bool>>
  private let stripeCount: Int
  private let elementCount: Int
  private let tickets = Atomic<Int>(0)

  init(elementCount: Int) {
    self.elementCount = elementCount
    stripeCount = (elementCount + Self.stripeLength - 1) / Self.stripeLength
    stripes = .allocate(capacity: stripeCount)
    for stripe in 0..<stripeCount { (stripes + stripe).initialize(to: Atomic(false)) }
  }

  deinit {
    stripes.deinitialize(count: stripeCount)
    stripes.deallocate()
  }

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
    withUnsafeTemporaryAllocation(of: Bool.self, capacity: stripeCount) { isDone in
      isDone.initialize(repeating: false)
      var remaining = stripeCount
      while remaining > 0 {
        let before = remaining
        for offset in 0..<stripeCount {
          let stripe = (first + offset) % stripeCount
          guard !isDone[stripe], claim(stripe) else { continue }
          let start = stripe * Self.stripeLength
          addInto(type, source: source, target: target, range: start..<min(start + Self.stripeLength, elementCount))
          stripes[stripe].store(false, ordering: .releasing)
          isDone[stripe] = true
          remaining -= 1
        }
        if remaining == before { offerProcessor() }
      }
    }
  }

  /// Looks before it writes: a stripe that is held stays in its holder's cache.
  private func claim(_ stripe: Int) -> Bool {
    !stripes[stripe].load(ordering: .relaxed) && !stripes[stripe].exchange(true, ordering: .acquiring)
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
