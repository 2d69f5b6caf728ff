internal import Kernels

/// How a loop is divided among workers: into parts that each go through all steps without meeting the others.
///
/// A part computes the same share of the elements of every value, as of a batch of rows the first half. So it may be if
/// of what the body computes, and of the state, no part reads more than its own share; of weights and elements each
/// reads what it likes. What the calls of the body say that they read and write, and where they can be cut, decides it,
/// whatever gates they are of. A call's bits do not depend on how it is divided, and neither do a loop's. How many parts there may be follows
/// from the body alone.
struct LoopParts: Sendable {
  /// How many there may be.
  let count: Int
  /// For each step of the body how much of its call's extent one part is.
  private let shares: [Int]

  /// The most parts; a body whose values are cut in two, four or eight shares is looked at for each.
  private static let mostParts = 8  // Decisions/Scans.md
  /// The least work of a part, in nominal nanoseconds: as much as several units of other calls are; and that of one of
  /// its steps, beside which starting its calls should cost little.
  private static let leastWork: Float = 50_000, leastStep: Float = 4_000  // Decisions/Scans.md

  /// - Parameter steps: how many there are.
  init(_ plan: ProgramPlan, _ layout: LoopLayout, steps: Int) {
    let step = plan.calls.reduce(0) { $0 + $1.cost(at: .nominal) }
    let work = step * Float(steps)
    func isWorth(_ count: Int) -> Bool {
      work >= Self.leastWork * Float(count) && step >= Self.leastStep * Float(count)
    }
    var count = Self.mostParts
    while count > 1, !isWorth(count) || !Self.canDivide(plan, layout, into: count) { count /= 2 }
    self.count = count
    shares = plan.steps.map { step in
      if case .kernel(let call, _) = step.work { plan.calls[call].extent / count } else { 0 }
    }
  }

  /// What of `range`, which is that of a step, `parts` do.
  @inline(__always)
  func range(_ range: Range<Int>, ofStep step: Int, in parts: Range<Int>) -> Range<Int> {
    let first = max(range.lowerBound, parts.lowerBound &* shares[step])
    return first..<max(first, min(range.upperBound, parts.upperBound &* shares[step]))
  }

  private static func share(_ part: Int, of elementCount: Int, _ count: Int) -> Range<Int> {
    elementCount / count * part..<elementCount / count * (part + 1)
  }

  private static func canDivide(_ plan: ProgramPlan, _ layout: LoopLayout, into count: Int) -> Bool {
    let buffers = plan.placement.buffers
    func isInShares(_ place: Placement.Place) -> Bool {
      place.isBuffer && place != .none && buffers[place.index].signature.shape.elementCount % count == 0
    }
    for step in plan.steps {
      guard case .kernel(let number, _) = step.work else { return false }
      let call = plan.calls[number]
      var wanted = count
      let cutStep = call.cutStep(for: &wanted, grain: 1)
      guard wanted == count, call.extent % (count * cutStep) == 0, plan.operands[step.results].allSatisfy(isInShares)
      else { return false }
      for part in 0..<count {
        let range = share(part, of: call.extent, count)
        for (number, place) in plan.operands[step.results].enumerated() {
          let own = share(part, of: buffers[place.index].signature.shape.elementCount, count)
          if call.elementsWritten(to: number, by: range) != own { return false }
        }
        for (position, place) in plan.operands[step.operands].enumerated() where layout.isOfParts(place) {
          let own = share(part, of: buffers[place.index].signature.shape.elementCount, count)
          guard isInShares(place), let read = call.elementsRead(of: position, by: range),
            own.lowerBound <= read.lowerBound, read.upperBound <= own.upperBound
          else { return false }
        }
      }
    }
    return layout.copiesShares(count)
  }
}

extension LoopLayout {
  /// Whether no part may read more of a place than its share: what the steps write, the state, and elements that a
  /// result is written over.
  fileprivate func isOfParts(_ place: Placement.Place) -> Bool {
    guard place.isBuffer, place != .none, let place = buffers[place.index] else { return false }
    switch place.region {
    case .operand(let operand): return overwritable.values.contains { $0.contains(operand) }
    case .result, .scratch: return true
    }
  }

  /// Whether what is copied into results can be copied in so many shares, and nothing that other parts write is copied
  /// besides.
  fileprivate func copiesShares(_ count: Int) -> Bool {
    (before + each + after + end).allSatisfy { copy in
      switch (copy.from.region, copy.to.region) {
      case (_, .result): copy.byteCount % (count * 8) == 0
      case (.result, _): false
      case (.scratch, _), (.operand, _): copy.from.first == nil
      }
    }
  }
}
