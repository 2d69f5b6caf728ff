import DependencyScheduling
import Testing

@testable import Adjoint

/// The check of plans tells broken ones: each rule is broken on purpose, wherever a plan can break it.
@Suite(.timeLimit(.minutes(20))) struct BrokenPlanTests {
  private static let programs: [PlannedProgram] = [.updates, .wide, .gradientPenalty, .branches]

  private func check(_ program: PlannedProgram, _ change: (inout Program.Options) -> Void = { _ in }) throws
    -> PlanCheck
  {
    var options = Program.Options()
    options.measuresCosts = false
    change(&options)
    let check = try program.check(options)
    #expect(check.violated().isEmpty)
    return check
  }

  private func edges(_ schedule: Schedule) -> [(from: UInt32, to: UInt32)] {
    (0..<UInt32(schedule.unitCount)).flatMap { unit in
      schedule.successors(of: UnitID(unit)).map { (unit, $0.index) }
    }
  }

  private func schedule(_ edges: [(from: UInt32, to: UInt32)], _ units: Range<UInt32>, _ costs: [Float]) -> Schedule {
    let within = edges.filter { units.contains($0.from) && units.contains($0.to) }.sorted { $0.from < $1.from }
    var offsets = [UInt32](repeating: 0, count: units.count + 1)
    for edge in within { offsets[Int(edge.from - units.lowerBound) + 1] += 1 }
    for unit in 0..<units.count { offsets[unit + 1] += offsets[unit] }
    return Schedule(
      successorOffsets: offsets, successors: within.map { $0.to - units.lowerBound },
      costs: Array(costs[Int(units.lowerBound)..<Int(units.upperBound)]))
  }

  /// The plan with these edges and no others.
  private func replaceEdges(_ edges: [(from: UInt32, to: UInt32)], in plan: inout ProgramPlan) {
    let (split, all) = (UInt32(plan.forwardUnitCount), UInt32(plan.unitCosts.count))
    plan.forward = schedule(edges, 0..<split, plan.unitCosts)
    plan.backward = schedule(edges, split..<all, plan.unitCosts)
    plan.step = schedule(edges, 0..<all, plan.unitCosts)
  }

  @Test(arguments: programs) func `each edge that others do not imply is needed`(program: PlannedProgram) throws {
    let check = try check(program) { options in
      if program == .wide || program == .branches { options.division = .finest } else { options.unitWork = 0 }
    }
    let edges = edges(check.plan.step)
    var removed = 0, told = 0
    // Some ten of them, all along the plan.
    for number in stride(from: 0, to: edges.count, by: max(1, edges.count / 10)) {
      var broken = check
      var fewer = edges
      let edge = fewer.remove(at: number)
      replaceEdges(fewer, in: &broken.plan)
      var order = UnitOrder(broken.plan.step)
      if order.isBefore(Int(edge.from), Int(edge.to)) { continue }
      removed += 1
      let rules = Set(broken.violated().map(\.rule))
      if !rules.isDisjoint(with: [.unorderedRead, .unorderedReuse, .fence]) { told += 1 }
    }
    // Memory may be waited for in larger stretches than are used.
    #expect(told >= removed - removed / 10)
    #expect(removed >= 3)
  }

  @Test func `an edge that one pass has and the step has not, or that runs backwards, is told`() throws {
    let check = try check(.wide) { $0.unitWork = 0 }
    let split = UInt32(check.plan.forwardUnitCount), all = UInt32(check.plan.unitCosts.count)
    for units in [0..<split, split..<all] {
      let within = edges(check.plan.step).filter { units.contains($0.from) && units.contains($0.to) }
      for number in [0, within.count / 2, within.count - 1] {
        var fewer = within
        fewer.remove(at: number)
        var broken = check
        let part = schedule(fewer, units, broken.plan.unitCosts)
        if units.lowerBound == 0 { broken.plan.forward = part } else { broken.plan.backward = part }
        #expect(broken.violated().map(\.rule).contains(.schedule))
      }
    }
  }

  /// From which step to which something has to do with each buffer of a run.
  private func spans(_ plan: ProgramPlan) -> [Int: ClosedRange<Int>] {
    var spans: [Int: ClosedRange<Int>] = [:]
    for (number, step) in plan.steps.enumerated() {
      for place in plan.operands[step.operands] + plan.operands[step.results] where plan.placement.isTransient(place) {
        spans[place.index] = (spans[place.index]?.lowerBound ?? number)...number
      }
    }
    return spans
  }

  @Test(arguments: programs) func `two values that overlap by one element are told`(program: PlannedProgram) throws {
    let check = try check(program) { $0.unitWork = 0 }
    let spans = spans(check.plan).sorted { $0.key < $1.key }
    var moved = 0
    for (a, mine) in spans where moved < 8 {
      let partner = spans.first { other in
        other.key != a && other.value.lowerBound < mine.upperBound && mine.lowerBound < other.value.upperBound
      }
      guard let b = partner?.key else { continue }
      let placed = check.plan.placement.buffers[b]
      let size = check.plan.placement.buffers[a].signature.elementType.byteCount
      for offset in [
        placed.offset + placed.byteCount - size, placed.offset - check.plan.placement.buffers[a].byteCount + size,
      ] where offset >= 0 {
        var broken = check
        (broken.plan.placement.buffers[a].slot, broken.plan.placement.buffers[a].offset) = (placed.slot, offset)
        // Where the slot ends is another rule.
        broken.plan.slots[placed.slot].bytes = broken.plan.slots[placed.slot].bytes.lowerBound..<1 << 40
        let rules = Set(broken.violated().map(\.rule))
        #expect(!rules.isDisjoint(with: [.overwrittenRead, .unorderedReuse]), "buffer \(a) over \(b): \(rules)")
        moved += 1
      }
    }
    #expect(moved >= 4)
  }

  @Test(arguments: programs) func `memory that ends an element too soon is told`(program: PlannedProgram) throws {
    let check = try check(program)
    for slot in check.plan.slots.indices.prefix(4) {
      let bytes = check.plan.slots[slot].bytes
      // Up to where a buffer reaches, not where the allocator's line ends.
      let end = check.plan.placement.buffers.filter { $0.slot == slot }.map { $0.offset + $0.byteCount }.max()!
      var broken = check
      broken.plan.slots[slot].bytes = bytes.lowerBound..<bytes.lowerBound + end - 4
      #expect(broken.violated().map(\.rule).contains(.outsideOfSlot))
      if slot + 1 < check.plan.slots.count {
        broken = check
        broken.plan.slots[slot].bytes = bytes.lowerBound..<check.plan.slots[slot + 1].bytes.lowerBound + 4
        #expect(broken.violated().map(\.rule).contains(.outsideOfSlot))
      }
    }
  }

  @Test func `a piece that lies beside its buffer, or in another, is told`() throws {
    let check = try check(.scan)
    let pieces = check.plan.placement.buffers.indices.filter { check.plan.placement.buffers[$0].whole >= 0 }
    #expect(!pieces.isEmpty)
    for piece in pieces {
      let changes: [(inout Placement.BufferPlan) -> Void] = [
        { $0.start += 1 << 20 }, { $0.start = -4 }, { $0.offset += 4 }, { $0.slot += 1 },
        { $0.lifetime = .parameter }, { $0.whole = piece },
      ]
      for change in changes {
        var broken = check
        change(&broken.plan.placement.buffers[piece])
        #expect(broken.violated().map(\.rule).contains(.outsideOfSlot))
      }
    }
  }

  @Test(arguments: programs) func `what outlives a run may lie in no memory of a run, and in no spare memory`(
    program: PlannedProgram
  ) throws {
    let check = try check(program)
    let lasting = Array(check.endpoints.results.values) + Array(check.endpoints.gradients.values)
    for place in Set(lasting.map(\.place)).filter(\.isBuffer).prefix(4) {
      for lifetime in [Placement.Lifetime.transient, .next, .input] {
        var broken = check
        guard broken.plan.placement.buffers[place.index].lifetime == .result else { continue }
        broken.plan.placement.buffers[place.index].lifetime = lifetime
        #expect(broken.violated().map(\.rule).contains(.notLasting), "\(lifetime)")
      }
    }
    for number in check.plan.updates.indices where check.plan.updates[number].value.isBuffer {
      let update = check.plan.updates[number]
      var broken = check
      broken.plan.placement.buffers[update.value.index].lifetime = .transient
      #expect(!broken.violated().isEmpty)
      broken = check
      broken.plan.updates[number] = UpdatePlan(
        parameter: update.parameter, value: update.value, isComputedInPlace: !update.isComputedInPlace)
      #expect(broken.violated().map(\.rule).contains(.spareMemory))
    }
  }

  @Test func `what the forward pass makes may lie in no spare memory`() throws {
    let check = try check(.updates)
    let split = check.plan.unitStarts[check.plan.forwardUnitCount]
    let forward = Set(check.plan.steps[..<split].flatMap { check.plan.operands[$0.results] })
    let copied = check.plan.updates.indices.filter {
      !check.plan.updates[$0].isComputedInPlace && forward.contains(check.plan.updates[$0].value)
        && check.plan.updates[$0].value.isBuffer
    }
    #expect(copied.count >= 2)
    #expect(check.plan.updates.contains { $0.isComputedInPlace })
    for number in copied {
      let update = check.plan.updates[number]
      var broken = check
      broken.plan.placement.buffers[update.value.index].lifetime = .next
      broken.plan.updates[number] = UpdatePlan(
        parameter: update.parameter, value: update.value, isComputedInPlace: true)
      #expect(broken.violated().contains { $0.rule == .spareMemory && $0.unit != nil })
    }
  }

  @Test(arguments: [PlannedProgram.wide, .residual, .recurrent]) func `the forward pass takes what it touches`(
    program: PlannedProgram
  ) throws {
    let check = try check(program)
    var broken = check
    broken.plan.forwardOperandCount -= 1
    #expect(broken.violated().map(\.rule).contains(.forwardMemory))
    if check.plan.forwardSlotCount > 0 {
      broken = check
      broken.plan.forwardSlotCount -= 1
      #expect(broken.violated().map(\.rule).contains(.forwardMemory))
    }
  }

  @Test func `a fence in the middle of a chain, a unit or a branch is told`() throws {
    let check = try check(.wide)
    var told = 0
    let nodes = RunOrder(check.graph).dropFirst(8).filter {
      $0.int % 8 == 0
    }
    for node in nodes.prefix(12) {
      var graph = check.graph
      graph.fences = [node]
      let fenced = PlanCheck(check.plan, check.endpoints, graph, check.provenance, places: check.places)
      if fenced.violated().map(\.rule).contains(.fence) { told += 1 }
    }
    // Branches side by side: nearly every place has something on the other side that need not wait.
    #expect(told >= 6)
  }

  @Test(arguments: programs) func `a part that is missing, doubled or too short is told`(program: PlannedProgram) throws
  {
    let check = try check(program) { $0.division = .finest }
    var shortened = 0
    for (number, step) in check.plan.steps.enumerated() {
      guard case .kernel(let call, let range) = step.work, range.count < check.plan.calls[call].extent else { continue }
      var broken = check
      broken.plan.steps[number] = Step(
        work: .kernel(call, range.lowerBound..<range.upperBound - 1), node: step.node, operands: step.operands,
        results: step.results)
      #expect(broken.violated().map(\.rule).contains(.wrongParts))
      shortened += 1
      if shortened == 6 { return }
    }
    #expect(shortened > 0)
  }

  @Test(arguments: programs) func `a step that writes a source, or reads what nothing has made, is told`(
    program: PlannedProgram
  ) throws {
    let check = try check(program)
    let source = check.plan.operands.first { place in
      place.isBuffer && place != .none
        && [.input, .parameter].contains(check.plan.placement.buffers[place.index].lifetime)
    }
    for (number, step) in check.plan.steps.enumerated() where !step.results.isEmpty && number % 5 == 0 && number < 40 {
      guard case .kernel = step.work else { continue }
      var broken = check
      broken.plan.operands[step.results.lowerBound] = try #require(source)
      #expect(broken.violated().map(\.rule).contains(.writtenSource))
      // Whoever read the result now reads what nothing has made.
      let place = check.plan.operands[step.results.lowerBound]
      let isRead = check.plan.steps[number...].contains { check.plan.operands[$0.operands].contains(place) }
      if isRead { #expect(broken.violated().map(\.rule).contains(.unmadeRead)) }
    }
  }

  @Test func `scalars that two runs write, or that none does, are told`() throws {
    let check = try check(.scalars) { $0.unitWork = 15 }
    for (number, step) in check.plan.steps.enumerated().dropFirst(2).prefix(10) {
      guard case .scalars(let run) = step.work else { continue }
      var broken = check
      broken.plan.steps[number] = Step(
        work: .scalars(
          ScalarRun(type: run.type, words: run.words, slots: run.slots.lowerBound - 1..<run.slots.upperBound - 1)),
        node: step.node, operands: step.operands, results: step.results)
      let rules = broken.violated().map(\.rule)
      #expect(!Set(rules).isDisjoint(with: [.writtenTwice, .unmadeRead, .writtenSource]))
    }
  }

  @Test func `an operand in the store's memory that is not known as such is told`() throws {
    let check = try check(.momentum)
    for number in check.plan.lentOperands.indices.prefix(5) {
      var broken = check
      broken.plan.lentOperands.remove(at: number)
      #expect(broken.violated().map(\.rule) == [.lentOperands])
    }
  }

  @Test func `a message names the unit, the node and its line`() throws {
    let check = try check(.wide) { $0.unitWork = 0 }
    var broken = check
    replaceEdges([], in: &broken.plan)
    let violated = broken.violated()
    #expect(violated.count == 20)
    #expect(try #require(violated.first).description.contains("unit "))
    #expect(try #require(violated.first).node != nil)
    #expect(broken.message(violated).contains("PlannedPrograms.swift:"))
  }

  @Test func `which unit comes before which is what a search of all paths finds`() throws {
    for seed in 1...6 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      let count: UInt32 = 40
      var edges: [(from: UInt32, to: UInt32)] = []
      for to in 1..<count {
        for _ in 0..<random.next() % 3 { edges.append((UInt32(random.next() % UInt64(to)), to)) }
      }
      let costs = [Float](repeating: 1, count: Int(count))
      let schedule = schedule(edges, 0..<count, costs)
      var ancestors = [Set<UInt32>](repeating: [], count: Int(count))
      for to in 0..<count {
        for edge in edges where edge.to == to { ancestors[Int(to)].formUnion(ancestors[Int(edge.from)] + [edge.from]) }
      }
      var order = UnitOrder(schedule)
      // In an order in which the answers before are of use, and in one in which they are not.
      for second in 0..<count {
        for first in (0..<count).reversed() {
          let expected = first == second || ancestors[Int(second)].contains(first)
          #expect(order.isBefore(Int(first), Int(second)) == expected)
        }
      }
      for _ in 0..<400 {
        let (first, second) = (UInt32(random.next() % UInt64(count)), UInt32(random.next() % UInt64(count)))
        let expected = first == second || ancestors[Int(second)].contains(first)
        #expect(order.isBefore(Int(first), Int(second)) == expected)
      }
    }
  }
}
