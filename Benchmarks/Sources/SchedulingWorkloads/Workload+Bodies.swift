import CWorkloads
import DependencyScheduling
import Synchronization

/// Memory that lives as long as the process, as a benchmark's does.
struct Cells<Element: BitwiseCopyable>: @unchecked Sendable {  // because units write distinct or ordered elements
  let base: UnsafeMutablePointer<Element>

  init(_ count: Int, zero: Element) {
    base = .allocate(capacity: count)
    base.initialize(repeating: zero, count: count)
  }
}

final class SharedCounter: Sendable {
  let value = Atomic<UInt64>(0)
}

extension Workload {
  /// Adds one to one 64-bit counter.
  static func counting(_ name: String, _ graph: WorkloadGraph, atomically: Bool) -> Workload {
    let unitCount = UInt64(graph.unitCount)
    if atomically {
      let counter = SharedCounter()
      return Workload(
        name: name, graph: graph, body: { _ in counter.value.wrappingAdd(1, ordering: .relaxed) },
        holds: { counter.value.load(ordering: .relaxed) == UInt64($0) * unitCount },
        checksum: { Double(counter.value.load(ordering: .relaxed)) })
    }
    let counter = Cells<UInt64>(1, zero: 0)
    return Workload(
      name: name, graph: graph, body: { _ in counter.base.pointee &+= 1 },
      holds: { counter.base.pointee == UInt64($0) * unitCount }, checksum: { Double(counter.base.pointee) })
  }

  /// Touches a cache line a unit.
  static func visiting(_ name: String, _ graph: WorkloadGraph, marks: Bool) -> Workload {
    let unitCount = graph.unitCount
    let visited = Cells<UInt8>(unitCount * 64, zero: 0)
    let visit: @Sendable (UnitID) -> Void = { unit in visited.base[Int(unit.index) * 64] = 1 }
    let visitAndMark: @Sendable (UnitID) -> Void = { unit in
      visited.base[Int(unit.index) * 64] = 1
      adj_mark(unit.index)
    }
    let sum: @Sendable () -> Int = {
      var sum = 0
      for unit in 0..<unitCount { sum += Int(visited.base[unit * 64]) }
      return sum
    }
    return Workload(
      name: name, graph: graph, body: marks ? visitAndMark : visit, holds: { _ in sum() == unitCount },
      checksum: { Double(sum()) })
  }

  static func addingCoordinates(_ name: String, _ graph: WorkloadGraph) -> Workload {
    Workload(name: name, graph: graph, body: { unit in adj_sink(unit.index >> 9 &+ unit.index & 511) })
  }

  static func hashing(_ name: String, _ graph: WorkloadGraph) -> Workload {
    Workload(name: name, graph: graph, body: { unit in adj_sink(unit.index &* 1_315_423_911 ^ unit.index >> 3) })
  }

  /// Twenty microseconds of dependent arithmetic on a 65×65 grid whose first row and column stay zero.
  static func relaxing(_ name: String) -> Workload {
    let side = 65
    let grid = Cells<Double>(side * side, zero: 0)
    return Workload(
      name: name, graph: .wavefront(64),
      body: { unit in
        let (row, column) = (Int(unit.index >> 6) + 1, Int(unit.index & 63) + 1)
        var x = 1 + 0.5 * (grid.base[(row - 1) * side + column] + grid.base[row * side + column - 1])
        for _ in 0..<12_000 {
          x = x * 0.9999
          x = x + 0.0002
        }
        grid.base[row * side + column] = x
      },
      checksum: { (0..<side * side).reduce(0) { $0 + grid.base[$1] } })
  }
}
