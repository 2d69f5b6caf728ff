import DependencyScheduling

typealias Edge = (UInt32, UInt32)

/// Graphs to run: all small ones, and large ones from a seed.
enum TestGraphs {
  /// Every graph on `unitCount` units whose edges run upwards: 2^(n(n-1)/2) of them.
  static func all(unitCount: Int) -> [[Edge]] {
    var pairs: [Edge] = []
    for to in 0..<unitCount {
      for from in 0..<to { pairs.append((UInt32(from), UInt32(to))) }
    }
    return (0..<(1 << pairs.count)).map { mask in
      pairs.indices.filter { mask >> $0 & 1 == 1 }.map { pairs[$0] }
    }
  }

  /// A random graph: mostly a few edges to units nearby, now and then a unit that fans out to as many as `fanOut`.
  ///
  /// Indices are shuffled, so that they are no topological order.
  static func random(unitCount: Int, fanOut: Int, seed: UInt64) -> [Edge] {
    var random = SeededGenerator(seed: seed)
    var names = (0..<unitCount).map { UInt32($0) }
    names.shuffle(using: &random)
    var edges: [Edge] = []
    for from in 0..<(unitCount - 1) {
      let degree = random.below(50) == 0 ? random.below(fanOut) : random.below(4)
      for _ in 0..<degree {
        let to = from + 1 + random.below(min(unitCount - 1 - from, 2_000))
        edges.append((names[from], names[to]))
      }
    }
    return edges
  }

  static func chain(_ unitCount: Int) -> Schedule {
    Schedule(
      successorOffsets: (0..<unitCount).map { UInt32($0) } + [UInt32(unitCount - 1)],
      successors: (1..<unitCount).map { UInt32($0) })
  }

  static func independent(_ unitCount: Int) -> Schedule {
    Schedule(successorOffsets: [UInt32](repeating: 0, count: unitCount + 1), successors: [])
  }

  /// A grid whose units wait for their neighbours above and to the left.
  static func wavefront(_ side: Int) -> Schedule {
    var offsets: [UInt32] = [0]
    var successors: [UInt32] = []
    for unit in 0..<side * side {
      if unit % side + 1 < side { successors.append(UInt32(unit + 1)) }
      if unit / side + 1 < side { successors.append(UInt32(unit + side)) }
      offsets.append(UInt32(successors.count))
    }
    return Schedule(successorOffsets: offsets, successors: successors)
  }
}

extension SeededGenerator {
  /// A number in `0..<bound`; 0 if there is none.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
}
