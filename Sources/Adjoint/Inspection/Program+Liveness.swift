extension Program {
  /// What liveness analysis predicts for a step: the bytes that a session would take if each value had memory from the
  /// step that writes it to the last one that reads it, in the order of the plan, and no longer.
  ///
  /// A result that is written over an operand counts as that operand, and what two values share is counted once.
  /// ``sessionBytes`` is never below it. It exceeds it by what the allocator rounds up, and by the gaps between values
  /// that do not fit together: memory goes to the next value only once whoever reads the last one has ended, at any
  /// width.
  ///
  /// - Complexity: O(operands of all steps + stretches of memory that values lie across).
  public var livenessBytes: Int { plan.livenessBytes }
}

extension ProgramPlan {
  /// See ``Program/livenessBytes``.
  var livenessBytes: Int {
    let lives = lives
    var covered = CoveredBytes(lives.map(\.bytes))
    // A value is alive in its last step still.
    var begins = [[Int]](repeating: [], count: steps.count), ends = begins
    for (number, life) in lives.enumerated() {
      begins[life.steps.lowerBound].append(number)
      ends[life.steps.upperBound].append(number)
    }
    var most = 0
    for step in steps.indices {
      for number in begins[step] { covered.add(lives[number].bytes, 1) }
      most = max(most, covered.count)
      for number in ends[step] { covered.add(lives[number].bytes, -1) }
    }
    return most + lastingByteCounts.reduce(0, +)
  }

  /// Where a value of a run lies, on the line of all slots, and from which step to which.
  private typealias Life = (bytes: Range<Int>, steps: ClosedRange<Int>)

  private var lives: [Life] {
    var touched = [ClosedRange<Int>?](repeating: nil, count: placement.buffers.count)
    for (number, step) in steps.enumerated() {
      for place in Array(operands[step.operands]) + Array(operands[step.results]) where placement.isTransient(place) {
        let buffer = placement.whole(of: place.index)
        touched[buffer] = (touched[buffer]?.lowerBound ?? number)...number
      }
    }
    return touched.indices.compactMap { number in
      let buffer = placement.buffers[number]
      guard let steps = touched[number], buffer.slot >= 0, buffer.byteCount > 0 else { return nil }
      let start = slots[buffer.slot].bytes.lowerBound + buffer.offset
      return (start..<start + buffer.byteCount, steps)
    }
  }

  /// The sizes of what lives as long as a session: inputs, results, what is kept, slabs of scalars.
  var lastingByteCounts: [Int] {
    let lasting: Set<Placement.Lifetime> = [.input, .result, .kept]
    let buffers = placement.buffers.filter { lasting.contains($0.lifetime) && $0.whole < 0 }.map(\.byteCount)
    return buffers + [placement.float32Slots * 4, placement.float64Slots * 8].filter { $0 > 0 }
  }
}

/// How many bytes of a line are covered by any of several ranges, which come and go.
private struct CoveredBytes {
  /// Where any range begins or ends, ascending; and how many ranges cover what lies behind each.
  private let cuts: [Int]
  private var depth: [Int]
  private(set) var count = 0

  init(_ ranges: [Range<Int>]) {
    cuts = Set(ranges.flatMap { [$0.lowerBound, $0.upperBound] }).sorted()
    depth = [Int](repeating: 0, count: cuts.count)
  }

  mutating func add(_ range: Range<Int>, _ change: Int) {
    var place = cuts.partitioningIndex { $0 >= range.lowerBound }
    while cuts[place] < range.upperBound {
      let wasCovered = depth[place] > 0
      depth[place] += change
      let isCovered = depth[place] > 0
      if isCovered != wasCovered { count += (isCovered ? 1 : -1) * (cuts[place + 1] - cuts[place]) }
      place += 1
    }
  }
}
