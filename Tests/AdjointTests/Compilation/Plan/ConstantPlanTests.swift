import DependencyScheduling
import Testing

@testable import Adjoint

/// The check of plans tells a constant that something writes, or that does not lie where its elements are.
@Suite(.timeLimit(.minutes(20))) struct ConstantPlanTests {
  /// Constants that are read as they stand: two tables, two of zeros that share memory, and integers.
  private func check(_ change: (inout Program.Options) -> Void = { _ in }) throws -> PlanCheck {
    let graph = Graph()
    let x = graph.input("x", [17, 17]), table = graph.constant((0..<17 * 17).map { Float($0) }, [17, 17])
    let other = graph.constant((0..<17 * 17).map { Float($0 % 2) }, [17, 17])
    let rows = graph.constant([3, 1, 2] as [Int32], [3])
    let zeros = graph.constant(0, [17, 17]), fewer = graph.constant(0, [17, 3])
    let hidden = tanh(x).matmul(table)
    let outputs = [
      hidden.matmul(zeros).sum(), concatenate([x, fewer], axis: 1).sum(axes: [1]), hidden.gatheringRows(rows),
      (hidden * exp(x)).sum(), hidden.matmul(other).sum(),
    ]
    var options = Program.Options()
    options.measuresCosts = false
    change(&options)
    let check = try PlannedProgram.Parts(outputs: outputs, variables: [x]).check(options)
    #expect(check.violated().isEmpty)
    return check
  }

  private func constants(of plan: ProgramPlan) -> [Int] {
    plan.placement.buffers.indices.filter { plan.placement.buffers[$0].lifetime == .constant }
  }

  @Test func `constants of one value share memory, those of others have their own`() throws {
    let plan = try check().plan
    let buffers = constants(of: plan).map { plan.placement.buffers[$0] }
    let zeros = buffers.filter { plan.placement.constants[$0.constant].values.elementCount == nil }
    #expect(Set(zeros.map(\.byteCount)) == [17 * 3 * 4, 17 * 17 * 4] && Set(zeros.map(\.constant)).count == 1)
    #expect(plan.placement.constants.map(\.elementCount).sorted() == [3, 17 * 17, 17 * 17, 17 * 17])
  }

  @Test func `a step that writes a constant is told`() throws {
    let check = try check { $0.unitWork = 0 }
    var written = 0
    for (number, step) in check.plan.steps.enumerated() where number % 3 == 0 && !step.results.isEmpty {
      guard case .kernel = step.work else { continue }
      for constant in constants(of: check.plan) {
        var broken = check
        broken.plan.operands[step.results.lowerBound] = .buffer(constant)
        #expect(broken.violated().map(\.rule).contains(.writtenSource))
        written += 1
      }
    }
    #expect(written >= 8)
  }

  @Test func `a contribution that is added to a constant is told`() throws {
    let check = try check {
      $0.accumulation = .arrivalOrder
      $0.unitWork = 0
    }
    var added = 0
    for step in check.plan.steps {
      guard case .contribute = step.work else { continue }
      var broken = check
      broken.plan.operands[step.results.lowerBound] = .buffer(constants(of: check.plan)[0])
      #expect(broken.violated().map(\.rule).contains(.writtenSource))
      added += 1
    }
    #expect(added >= 2)
  }

  @Test func `a constant that lies elsewhere, or something else where constants do, is told`() throws {
    let check = try check()
    func expect(_ reason: String, _ change: (inout Placement) -> Void) {
      var broken = check
      change(&broken.plan.placement)
      #expect(broken.violated().map(\.rule).contains(.constantMemory), "\(reason)")
    }
    let placement = check.plan.placement
    for buffer in constants(of: check.plan) {
      expect("nowhere") { $0.buffers[buffer].constant = -1 }
      expect("in no memory that is there") { $0.buffers[buffer].constant = placement.constants.count }
      let own = placement.buffers[buffer].constant
      for other in placement.constants.indices where other != own {
        expect("in another's memory") { $0.buffers[buffer].constant = other }
      }
      expect("too short by one element") {
        $0.constants[own].elementCount = placement.buffers[buffer].signature.shape.elementCount - 1
      }
    }
    for buffer in placement.buffers.indices where placement.buffers[buffer].lifetime != .constant {
      expect("a \(placement.buffers[buffer].lifetime) in a constant's memory") { $0.buffers[buffer].constant = 0 }
    }
  }

  @Test func `an update that is computed in a constant's memory is told`() throws {
    let check = try PlannedProgram.updates.check(Program.Options())
    let number = try #require(
      check.plan.updates.firstIndex { update in
        update.value.isBuffer && check.plan.placement.buffers[update.value.index].lifetime == .constant
      })
    let update = check.plan.updates[number]
    var broken = check
    broken.plan.updates[number] = UpdatePlan(
      parameter: update.parameter, value: update.value, isComputedInPlace: true)
    #expect(broken.violated().map(\.rule).contains(.spareMemory))
  }
}
