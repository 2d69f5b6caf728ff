internal import Kernels

extension LoopPlan: KernelCall {
  static let name = "loop"

  func cost(at speeds: CostModel) -> Float {
    min((plan.unitCosts.reduce(0, +) + 100) * Float(stepCount), CostModel.longest)  // Decisions/Units-and-division.md
  }

  var extent: Int { parts.count }

  func mayOverwrite(operand position: Int, by number: Int) -> Bool {
    layout.overwritable[number]?.contains(position) ?? false
  }

  /// Runs all steps on the calling thread, for the rows of the ``parts`` in `range`. The constants of the body follow the
  /// scan's operands and their panels; the last of `outputs` is the loop's own memory, of which each part has its
  /// own. Allocates nothing.
  ///
  /// - Throws: ``ScanFailure`` where a gate of the body fails.
  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    let scratch = outputs[layout.resultCount] + range.lowerBound * layout.scratchBytes
    let memory = LoopMemory(inputs: inputs, outputs: outputs, scratch: scratch, parts: range, partCount: parts.count)
    begin(memory)
    let table = (memory.scratch + layout.table).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    let bases = (memory.scratch + layout.bases).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    // What each step goes over is looked up once: copying a call counts its references.
    try plan.steps.withUnsafeBufferPointer { steps in
      try plan.calls.withUnsafeBufferPointer { calls in
        try chains.withUnsafeBufferPointer { chains in
          try layout.moving.withUnsafeBufferPointer { moving in
            for time in 0..<stepCount {
              for index in moving.indices {
                table[moving[index].entry] = bases[index] + moving[index].place.distance(time)
              }
              if time == 0 { layout.placeInitialState(in: table, memory) }
              for copy in layout.each { memory.run(copy, time) }
              try run(steps, (calls, chains), table, memory, time)
              for copy in layout.after { memory.run(copy, time) }
            }
          }
        }
      }
    }
    for copy in layout.end { memory.run(copy, 0) }
  }

  /// Writes the scalar constants, copies what is the same in every step, and notes the addresses.
  private func begin(_ memory: LoopMemory) {
    let placement = plan.placement
    for (place, value) in placement.scalarConstants {
      if place.isDoubleSlot {
        (memory.scratch + layout.slab64 + 8 * place.index).storeBytes(of: value, as: Double.self)
      } else {
        (memory.scratch + layout.slab32 + 4 * place.index).storeBytes(of: Float(value), as: Float.self)
      }
    }
    for copy in layout.before { memory.run(copy, 0) }
    let table = (memory.scratch + layout.table).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    for (entry, place) in plan.operands.enumerated() {
      if !place.isBuffer {
        table[entry] =
          place.isDoubleSlot
          ? memory.scratch + layout.slab64 + 8 * place.index : memory.scratch + layout.slab32 + 4 * place.index
      } else if let place = layout.buffers[place.index] {
        table[entry] = memory.address(place, 0)
      }
    }
    let bases = (memory.scratch + layout.bases).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    for (index, (_, place)) in layout.moving.enumerated() { bases[index] = memory.base(place.region) + place.offset }
  }

  @inline(__always)
  private func run(
    _ steps: UnsafeBufferPointer<Step>,
    _ calls: (all: UnsafeBufferPointer<any KernelCall>, chains: UnsafeBufferPointer<ElementwiseChain.Unowned?>),
    _ table: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ memory: LoopMemory, _ time: Int
  ) throws {
    for (index, step) in steps.enumerated() {
      switch step.work {
      case .kernel(let call, let whole):
        let range = parts.range(whole, ofStep: index, in: memory.parts)
        if range.isEmpty { continue }
        let operands = UnsafeRawPointer(table + step.operands.lowerBound).assumingMemoryBound(to: UnsafeRawPointer.self)
        do {
          let results = UnsafePointer(table + step.results.lowerBound)
          if let chain = calls.chains[call] {
            try chain.run(inputs: operands, outputs: results, range: range)
          } else {
            try calls.all[call].run(
              UnsafeBufferPointer(start: operands, count: step.operands.count), results, range)
          }
        } catch {
          let failure = plan.failure(of: step, error)
          throw ScanFailure(step: time, node: describe(failure.node), error: failure.error)
        }
      case .scalars(let run):
        plan.scalarCode.withPointer(to: run.words.lowerBound) { code in
          runScalars(
            run.type.kernelType, code, words: run.words.count,
            slab: memory.scratch + (run.type.isDouble ? layout.slab64 : layout.slab32),
            firstResult: run.slots.lowerBound)
        }
      case .contribute: preconditionFailure("A body accumulates in the order of its graph")
      }
    }
  }
}

/// The memory of one run of a loop.
struct LoopMemory {
  let inputs: UnsafeBufferPointer<UnsafeRawPointer>
  let outputs: UnsafePointer<UnsafeMutableRawPointer>
  let scratch: UnsafeMutableRawPointer
  /// Which of how many parts of the loop these are.
  let parts: Range<Int>, partCount: Int

  @inline(__always)
  func base(_ region: LoopPlace.Region) -> UnsafeMutableRawPointer {
    switch region {
    case .operand(let number): UnsafeMutableRawPointer(mutating: inputs[number])  // which nothing writes
    case .result(let number): outputs[number]
    case .scratch: scratch
    }
  }

  @inline(__always)
  func address(_ place: LoopPlace, _ time: Int) -> UnsafeMutableRawPointer {
    if time == 0, let first = place.first { return base(.operand(first)) }
    return base(place.region) + (place.offset + place.distance(time))
  }

  @inline(__always)
  func run(_ copy: LoopCopy, _ time: Int) {
    let (from, to) = (address(copy.from, time), address(copy.to, time))
    guard case .result = copy.to.region else { return to.copyMemory(from: from, byteCount: copy.byteCount) }
    // What others read is copied by each part for itself.
    let share = copy.byteCount / partCount
    (to + parts.lowerBound * share).copyMemory(from: from + parts.lowerBound * share, byteCount: parts.count * share)
  }
}

extension LoopPlace {
  /// How far from where it begins it is in step t.
  @inline(__always)
  func distance(_ time: Int) -> Int { time &* stride &+ (time & 1) &* parity }
}

extension LoopLayout {
  /// Has the first step read the state where the operands have it.
  fileprivate func placeInitialState(in table: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ memory: LoopMemory) {
    for (entry, place) in moving where place.first != nil { table[entry] = memory.address(place, 0) }
  }
}

/// A gate of a scan's body that failed in one step.
struct ScanFailure: Error, CustomStringConvertible {
  /// Counted from the first that ran.
  let step: Int
  let node: String
  let error: any Error

  var description: String { "in step \(step), \(node): \(error)" }
}
