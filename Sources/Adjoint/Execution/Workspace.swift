internal import GradientMemory
internal import Kernels

/// The memory of one session: the slabs, the buffers that live as long as it, and those of the run under way.
///
/// During a run each entry of the tables is written by the step that makes the value and read by steps that depend on
/// it, so the dependency counters order all access; between runs the session's claim does.
final class Workspace: @unchecked Sendable {  // because of the above
  let plan: ProgramPlan
  private let budget: MemoryBudget
  /// Where buffers that live as long as the session come from, and those of a run.
  private let lastingArena: BufferArena
  private var runArena: BufferArena
  private let reusesBuffers: Bool
  private let owned: UnsafeMutablePointer<Buffer?>
  private let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let readers: ReaderCounters
  private var slab32: UnsafeMutableRawPointer?, slab64: UnsafeMutableRawPointer?
  let accumulators: [ArrivalAccumulator]
  private var isPrepared = false
  private var holdsTransients = false

  init(_ program: Program, memoryLimit: Int?) {
    plan = program.plan
    reusesBuffers = program.options.reusesBuffers
    budget = MemoryBudget(byteLimit: memoryLimit)
    lastingArena = BufferArena(budget: budget)
    runArena = BufferArena(budget: budget)
    let count = plan.placement.buffers.count
    owned = .allocate(capacity: count + 2)  // the slabs come last
    addresses = .allocate(capacity: count)
    for index in 0..<count + 2 { (owned + index).initialize(to: nil) }
    addresses.initialize(repeating: nil, count: count)
    readers = ReaderCounters(plan.placement.buffers.map(\.readers))
    accumulators = plan.accumulators.map { ArrivalAccumulator(elementCount: $0.signature.shape.elementCount) }
  }

  deinit {
    owned.deinitialize(count: plan.placement.buffers.count + 2)
    owned.deallocate()
    addresses.deallocate()
  }

  // MARK: what lives as long as the session

  /// Takes the slabs and the lasting buffers, once, and writes the constants.
  func prepare() throws(MemoryLimitExceeded) {
    if isPrepared { return }
    let placement = plan.placement
    if slab32 == nil { slab32 = try slab(ofBytes: placement.float32Slots * 4, number: 0) }
    if slab64 == nil { slab64 = try slab(ofBytes: placement.float64Slots * 8, number: 1) }
    for (index, buffer) in placement.buffers.enumerated() where addresses[index] == nil {
      switch buffer.lifetime {
      case .transient, .parameter: continue
      case .input, .constant, .result: break
      }
      let memory = try lastingArena.allocate(byteCount: buffer.byteCount)
      addresses[index] = memory.base
      owned[index] = consume memory
    }
    for (place, value) in placement.scalarConstants { writeScalar(value, at: place) }
    for (buffer, values) in placement.constants {
      let plan = placement.buffers[buffer]
      values.write(
        to: addresses[buffer]!, count: plan.signature.shape.elementCount, as: plan.signature.elementType)
    }
    isPrepared = true
  }

  private func slab(ofBytes byteCount: Int, number: Int) throws(MemoryLimitExceeded) -> UnsafeMutableRawPointer? {
    if byteCount == 0 { return nil }
    let memory = try lastingArena.allocate(byteCount: byteCount)
    let base = memory.base
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    owned[plan.placement.buffers.count + number] = consume memory
    return base
  }

  /// Lends the memory of a parameter to this session's runs.
  func setAddress(ofParameter buffer: Int, _ base: UnsafeMutableRawPointer) { addresses[buffer] = base }

  // MARK: accounts

  var statistics: (lasting: MemoryStatistics, run: MemoryStatistics) {
    (lastingArena.statistics, runArena.statistics)
  }
  func resetPeak() { budget.resetPeak() }

  /// Returns all memory that no lasting value uses to the system, where no run is under way.
  func trim() {
    releaseTransients()
    runArena = BufferArena(budget: budget)
  }

  // MARK: addresses

  @inline(__always)
  func address(_ place: Placement.Place) -> UnsafeMutableRawPointer? {
    if place.isBuffer { return addresses[place.index] }
    if place.isDoubleSlot { return slab64! + place.index * 8 }
    return slab32! + place.index * 4
  }

  func slab(_ type: ElementType) -> UnsafeMutableRawPointer { type == .float64 ? slab64! : slab32! }

  func writeScalar(_ value: Double, at place: Placement.Place) {
    if place.isDoubleSlot {
      address(place)!.storeBytes(of: value, as: Double.self)
    } else {
      address(place)!.storeBytes(of: Float(value), as: Float.self)
    }
  }

  func readScalar(at place: Placement.Place) -> Double {
    place.isDoubleSlot ? address(place)!.load(as: Double.self) : Double(address(place)!.load(as: Float.self))
  }

  // MARK: what lives within a run

  /// Readies counters and accumulators for a run that makes values anew.
  func beginForward() {
    releaseTransients()
    holdsTransients = true
  }

  func restartAccumulators() {
    for (plan, accumulator) in zip(plan.accumulators, accumulators) {
      accumulator.restart()
      if !plan.place.isBuffer { writeScalar(0, at: plan.place) }
    }
  }

  /// The memory for the result of `step`: a lasting buffer or slot, an operand that this step reads last, or a new
  /// buffer.
  func output(of step: Step, _ operands: some Collection<Placement.Place>) throws(MemoryLimitExceeded)
    -> UnsafeMutableRawPointer
  {
    if let lasting = address(step.output) { return lasting }
    let output = step.output.index
    if step.overwritable != 0, reusesBuffers {
      for (position, operand) in operands.prefix(32).enumerated()
      where step.overwritable & (1 << position) != 0 && readers.isLast(operand.index) {
        owned[output] = owned[operand.index].take()
        addresses[output] = addresses[operand.index]
        addresses[operand.index] = nil
        return addresses[output]!
      }
    }
    return try allocate(output)
  }

  func allocate(_ buffer: Int) throws(MemoryLimitExceeded) -> UnsafeMutableRawPointer {
    let memory = try runArena.allocate(byteCount: plan.placement.buffers[buffer].byteCount)
    let base = memory.base
    owned[buffer] = consume memory
    addresses[buffer] = base
    return base
  }

  /// Counts a step off as reader of its operands and returns those it was the last to read.
  func finishReading(_ operands: some Collection<Placement.Place>) {
    for operand in operands where operand.isBuffer {
      let buffer = operand.index
      guard plan.placement.buffers[buffer].lifetime == .transient else { continue }
      if readers.finishReading(buffer), reusesBuffers {
        addresses[buffer] = nil
        owned[buffer] = nil
      }
    }
  }

  /// Ends a run in which every value was read by all of its readers: nothing is left to release.
  func endCompleteRun() { if reusesBuffers { holdsTransients = false } }

  /// Returns whatever an earlier run has left: values kept for a backward pass that did not come, or all of a run that
  /// was cut short.
  func releaseTransients() {
    guard holdsTransients else { return }
    for (index, buffer) in plan.placement.buffers.enumerated() where buffer.lifetime == .transient {
      addresses[index] = nil
      owned[index] = nil
    }
    readers.rearm()
    holdsTransients = false
  }
}
