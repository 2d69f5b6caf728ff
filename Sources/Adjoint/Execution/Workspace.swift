internal import GradientMemory
internal import Kernels

/// The memory of one session: the slabs of scalars, the buffers that live as long as it, and the slots that the buffers
/// of a run share. Constants are the program's, and parameters the store's: it knows where they lie.
///
/// All of it is taken before the first run and addressed by tables that a run only reads. What a run writes is ordered
/// by the dependency counters, between runs by the session's claim.
final class Workspace: @unchecked Sendable {  // because of the above
  /// Held by whoever uses this: a session. The program keeps workspaces for sessions to come.
  unowned let program: Program
  let plan: ProgramPlan
  /// How much of all this is there.
  var readiness = Readiness.nothing
  private let budget: MemoryBudget
  /// Where buffers that live as long as the session come from, and those of a run.
  private let lastingArena: BufferArena
  /// Behind a lock, for any thread may ask for the accounts while another trims.
  private let runArena: Locked<BufferArena>
  private var lasting: [OwnedBuffer] = [], slots: [OwnedBuffer] = []
  let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// The address of each operand and result of each step, in the order of the plan's column.
  let operands: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// The program's parameters, which the store lends.
  var parameters = LentParameters()
  private var slab32: UnsafeMutableRawPointer?, slab64: UnsafeMutableRawPointer?
  let accumulators: [ArrivalAccumulator]
  /// The version of the parameters that kept values were made of; `nil` if they are not all there.
  private var keptVersion: Int?
  /// Whether this run finds them made.
  private(set) var hasKept = false
  /// Where buffers lie whose places are lent other memory, and which operands are at a place that was asked for.
  private var lentAway: [Placement.Place: UnsafeMutableRawPointer] = [:]
  private var operandsAt: [Placement.Place: [Int]] = [:]
  /// The buffers that are pieces of one.
  private let pieces: [Int: [Int]]

  init(_ program: Program, memoryLimit: Int?) {
    self.program = program
    plan = program.plan
    budget = MemoryBudget(byteLimit: memoryLimit)
    lastingArena = BufferArena(budget: budget)
    runArena = Locked(BufferArena(budget: budget))
    addresses = .allocate(capacity: plan.placement.buffers.count)
    addresses.initialize(repeating: nil, count: plan.placement.buffers.count)
    operands = .allocate(capacity: plan.operands.count)
    pieces = plan.placement.pieces
    accumulators = plan.accumulators.map { ArrivalAccumulator(elementCount: $0.signature.shape.elementCount) }
  }

  deinit {
    addresses.deallocate()
    operands.deallocate()
  }

  // MARK: memory of the caller's

  /// Has all steps reach what lies in a lasting buffer at `memory` instead, until ``takeBack(_:)``.
  func lend(_ memory: UnsafeMutableRawPointer, to place: Placement.Place) {
    lentAway[place] = addresses[place.index]
    readdress(place, to: memory)
  }

  func takeBack(_ place: Placement.Place) { readdress(place, to: lentAway.removeValue(forKey: place)!) }

  private func readdress(_ place: Placement.Place, to memory: UnsafeMutableRawPointer) {
    addresses[place.index] = memory
    for index in operands(at: place) where index < operandCount(at: readiness) { operands[index] = memory }
    for piece in pieces[place.index] ?? [] {
      readdress(.buffer(piece), to: memory + plan.placement.buffers[piece].start)
    }
  }

  /// Which of the plan's operands are at a place, looked for once.
  func operands(at place: Placement.Place) -> [Int] {
    if let known = operandsAt[place] { return known }
    let found = plan.operands.indices.filter { plan.operands[$0] == place }
    operandsAt[place] = found
    return found
  }

  // MARK: taking memory, in the stages of ``Readiness``

  /// Takes the slabs and the lasting buffers, and finds the program's constants. Takes nothing if not all of it fits.
  func takeValues() throws(MemoryRefused) {
    do throws(MemoryRefused) {
      do throws(MemoryLimitExceeded) { try takeLasting() } catch { throw MemoryRefused(node: nil, limit: error) }
      try program.constants.withAddresses(findConstants)
    } catch {
      lasting = []
      (slab32, slab64) = (nil, nil)
      throw error
    }
  }

  private func takeLasting() throws(MemoryLimitExceeded) {
    let placement = plan.placement
    slab32 = try slab(ofBytes: placement.float32Slots * 4)
    slab64 = try slab(ofBytes: placement.float64Slots * 8)
    for (index, buffer) in placement.buffers.enumerated() where buffer.whole < 0 {
      switch buffer.lifetime {
      case .transient, .constant, .parameter, .next: continue
      case .input, .result, .kept: break
      }
      let memory = OwnedBuffer(try lastingArena.allocate(byteCount: buffer.byteCount))
      addresses[index] = memory.buffer.base
      lasting.append(memory)
    }
    for (index, buffer) in placement.buffers.enumerated() where buffer.whole >= 0 && buffer.lifetime != .transient {
      addresses[index] = addresses[buffer.whole]! + buffer.start
    }
    for (place, value) in placement.scalarConstants { writeScalar(value, at: place) }
  }

  private func findConstants(_ bases: [UnsafeMutableRawPointer]) {
    for (index, buffer) in plan.placement.buffers.enumerated() where buffer.lifetime == .constant {
      addresses[index] = bases[buffer.constant]
    }
  }

  private func slab(ofBytes byteCount: Int) throws(MemoryLimitExceeded) -> UnsafeMutableRawPointer? {
    if byteCount == 0 { return nil }
    let memory = OwnedBuffer(try lastingArena.allocate(byteCount: byteCount))
    memory.buffer.base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    lasting.append(memory)
    return memory.buffer.base
  }

  /// Has runs read `value` for a parameter of one int32.
  func setOwnValue(_ value: Int32, ofParameter number: Int) throws(SessionError) {
    if parameters.own[number] == nil {
      do throws(MemoryLimitExceeded) {
        parameters.own[number] = OwnedBuffer(try lastingArena.allocate(byteCount: 4))
      } catch {
        throw SessionError(error, for: "a parameter's own value")
      }
    }
    parameters.own[number]!.buffer.base.storeBytes(of: value, as: Int32.self)
    // What was copied or computed of another value is made again.
    (parameters.known, keptVersion) = (nil, nil)
  }

  // MARK: what is kept from run to run

  /// Looks whether the run, which has begun, has to make what is kept.
  func beginKept() {
    if !plan.keptCalls.isEmpty { hasKept = keptVersion == parameters.version }
  }

  /// Notes what the run has made, before it ends. One that failed may have made a part.
  func endKept(succeeded: Bool) {
    if plan.keptCalls.isEmpty || hasKept { return }
    keptVersion = succeeded ? parameters.version : nil
  }

  // MARK: memory of runs

  /// Takes the slots that the buffers of a run share, those of the forward pass or all, but for those that are there,
  /// and works out where each step reads and writes. Lasting buffers and parameters have their addresses.
  ///
  /// - Throws: the node whose memory did not fit; then what earlier runs have left is there, and no more.
  func takeSlots(for stage: Readiness) throws(MemoryRefused) {
    let count = stage == .forward ? plan.forwardSlotCount : plan.slots.count
    let arena = runArena.withLock { $0 }
    let taken = slots.count
    for slot in plan.slots[min(slots.count, count)..<count] {
      do throws(MemoryLimitExceeded) {
        slots.append(OwnedBuffer(try arena.allocate(byteCount: slot.byteCount)))
      } catch {
        slots.removeLast(slots.count - taken)
        throw MemoryRefused(node: slot.node, limit: error)
      }
    }
    for (index, buffer) in plan.placement.buffers.enumerated()
    where (0..<count).contains(buffer.slot) {
      addresses[index] = slots[buffer.slot].buffer.base + buffer.offset
    }
    for index in operandCount(at: readiness)..<operandCount(at: stage) {
      (operands + index).initialize(to: address(plan.operands[index])!)
    }
  }

  /// How many of the plan's operands have their addresses.
  func operandCount(at stage: Readiness) -> Int {
    switch stage {
    case .nothing, .values, .parameters: 0
    case .forward: plan.forwardOperandCount
    case .step: plan.operands.count
    }
  }

  /// Writes zeros to all that runs and callers write, but for the inputs that are to be kept.
  func clear(keeping kept: Set<Placement.Place>) {
    for (index, buffer) in plan.placement.buffers.enumerated() where buffer.whole < 0 {
      switch buffer.lifetime {
      case .input where !kept.contains(.buffer(index)), .result:
        addresses[index]!.initializeMemory(as: UInt8.self, repeating: 0, count: buffer.byteCount)
      default: break
      }
    }
    for (slot, memory) in zip(plan.slots, slots) {
      memory.buffer.base.initializeMemory(as: UInt8.self, repeating: 0, count: slot.byteCount)
    }
  }

  // MARK: accounts

  var statistics: (lasting: MemoryStatistics, run: MemoryStatistics) {
    (lastingArena.statistics, runArena.withLock { $0 }.statistics)
  }
  func resetPeak() { budget.resetPeak() }

  /// Returns all memory that no lasting value uses to the system, where no run is under way.
  func trim() {
    slots = []
    readiness = min(readiness, .parameters)
    runArena.withLock { $0 = BufferArena(budget: budget) }
  }

  // MARK: addresses

  @inline(__always)
  func address(_ place: Placement.Place) -> UnsafeMutableRawPointer? {
    if place.isBuffer { return addresses[place.index] }
    if place.isDoubleSlot { return slab64! + place.index * 8 }
    return slab32! + place.index * 4
  }

  func slab(_ type: ElementType) -> UnsafeMutableRawPointer { type.isDouble ? slab64! : slab32! }

  /// Where a step reads its operands.
  @inline(__always)
  func inputs(of step: Step) -> UnsafeBufferPointer<UnsafeRawPointer> {
    let first = UnsafeRawPointer(operands + step.operands.lowerBound)
    return UnsafeBufferPointer(
      start: first.assumingMemoryBound(to: UnsafeRawPointer.self), count: step.operands.count)
  }

  /// Where it writes its results.
  @inline(__always)
  func outputs(of step: Step) -> UnsafePointer<UnsafeMutableRawPointer> {
    UnsafePointer(operands + step.results.lowerBound)
  }

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

  func restartAccumulators() {
    for (plan, accumulator) in zip(plan.accumulators, accumulators) {
      accumulator.restart()
      if !plan.place.isBuffer { writeScalar(0, at: plan.place) }
    }
  }
}
