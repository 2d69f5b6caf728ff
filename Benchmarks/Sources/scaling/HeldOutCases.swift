import DependencyScheduling
import Foundation
import SchedulingWorkloads

/// Cases of other shapes, seeds and distributions than those with which the scheduler's rules were chosen.
extension ScalingCase {
  private static func heldOut(
    _ name: String, _ unitCount: Int, _ edges: [(UInt32, UInt32)], _ costs: [Float]
  ) -> ScalingCase {
    ScalingCase(
      name, try! Schedule(unitCount: unitCount, dependencies: edges, costs: costs), origin: .heldOut)
  }

  /// Cholesky's factorisation of a matrix of `tiles` × `tiles`, by tiles: each step factorises a tile on the diagonal,
  /// solves for those below, and subtracts their products from all that is left.
  static func cholesky(tiles: Int, product: Float, named grain: String) -> ScalingCase {
    var edges: [(UInt32, UInt32)] = []
    var costs: [Float] = []
    // The unit that wrote each tile last.
    var writer = [[UInt32?]](repeating: [UInt32?](repeating: nil, count: tiles), count: tiles)
    func add(_ cost: Float, writing row: Int, _ column: Int, reading tiles: [(Int, Int)]) {
      let unit = UInt32(costs.count)
      costs.append(cost)
      for (row, column) in tiles + [(row, column)] {
        if let source = writer[row][column] { edges.append((source, unit)) }
      }
      writer[row][column] = unit
    }
    for step in 0..<tiles {
      add(product / 6, writing: step, step, reading: [])
      for row in step + 1..<max(tiles, step + 1) { add(product / 2, writing: row, step, reading: [(step, step)]) }
      for row in step + 1..<max(tiles, step + 1) {
        add(product / 2, writing: row, row, reading: [(row, step)])
        for column in step + 1..<row { add(product, writing: row, column, reading: [(row, step), (column, step)]) }
      }
    }
    return heldOut("Cholesky, \(tiles)² tiles, \(grain)", costs.count, edges, costs)
  }

  /// Blocks of a line, step after step: each waits for itself and its two neighbours of the step before. Costs
  /// differ by up to a third either way.
  static func stencil(blocks: Int, steps: Int, mean: Double, named grain: String) -> ScalingCase {
    var random = SeededGenerator(seed: 1_301)
    var edges: [(UInt32, UInt32)] = []
    for step in 1..<steps {
      for block in 0..<blocks {
        for source in max(block - 1, 0)...min(block + 1, blocks - 1) {
          edges.append((UInt32((step - 1) * blocks + source), UInt32(step * blocks + block)))
        }
      }
    }
    let costs = (0..<blocks * steps).map { _ in Float(mean * (2 + 2 * random.uniform()) / 3) }
    return heldOut("stencil, \(blocks) blocks, \(steps) steps, \(grain)", blocks * steps, edges, costs)
  }

  /// Maps of log-normal costs, then reductions of five times their mean that each wait for all maps, and a last unit.
  static func mapReduce(maps: Int, reductions: Int, mean: Double, named grain: String) -> ScalingCase {
    var random = SeededGenerator(seed: 1_302)
    var edges: [(UInt32, UInt32)] = []
    // All maps and reductions meet in one unit that costs nothing: fewer edges.
    let (meeting, last) = (UInt32(maps), UInt32(maps + reductions + 1))
    for map in 0..<maps { edges.append((UInt32(map), meeting)) }
    for reduction in 1...reductions {
      edges += [(meeting, meeting + UInt32(reduction)), (meeting + UInt32(reduction), last)]
    }
    var costs = (0..<maps).map { _ in Float(mean * exp(random.normal() - 0.5)) }
    costs += [0] + (0..<reductions).map { _ in Float(5 * mean * exp(random.normal() / 2 - 0.125)) } + [Float(mean)]
    return heldOut("map-reduce, \(maps) to \(reductions), \(grain)", costs.count, edges, costs)
  }

  /// A random series-parallel graph: each part is a unit, two to four parts one after the other, or two to six
  /// parts beside one another between a fork and a join.
  static func seriesParallel(seed: UInt64, mean: Double, named grain: String) -> ScalingCase {
    var random = SeededGenerator(seed: seed)
    var edges: [(UInt32, UInt32)] = []
    var costs: [Float] = []
    func unit() -> UInt32 {
      costs.append(Float(-mean * log(random.uniform())))
      return UInt32(costs.count - 1)
    }
    /// The first and the last unit of a part.
    func part(_ depth: Int) -> (first: UInt32, last: UInt32) {
      if depth == 0 {
        let only = unit()
        return (only, only)
      }
      if random.next() % 2 == 0 {
        var whole = part(depth - 1)
        for _ in 0..<1 + random.next() % 3 {
          let next = part(depth - 1)
          edges.append((whole.last, next.first))
          whole.last = next.last
        }
        return whole
      }
      let (fork, join) = (unit(), unit())
      for _ in 0..<2 + random.next() % 5 {
        let inner = part(depth - 1)
        edges += [(fork, inner.first), (inner.last, join)]
      }
      return (fork, join)
    }
    _ = part(7)
    return heldOut("series-parallel, seed \(seed), \(grain)", costs.count, edges, costs)
  }

  /// Layers of 10 to 200 units, each of which waits for one to five units of the two layers before; one unit
  /// in ten costs ten times as much as the others. The schedule knows the costs, nothing of them, or each wrong by a
  /// factor of up to two.
  static func layers(seed: UInt64, mean: Double, named grain: String, _ knowledge: Knowledge = .right) -> ScalingCase {
    var random = SeededGenerator(seed: seed)
    var edges: [(UInt32, UInt32)] = []
    var starts = [0, 0]
    var unitCount = 10 + Int(random.next() % 191)
    while unitCount < 6_000 {
      let size = 10 + Int(random.next() % 191)
      let (start, earlier) = (unitCount, starts[starts.count - 2])
      for unit in start..<start + size {
        for _ in 0...random.next() % 5 {
          edges.append((UInt32(earlier + Int(random.next() % UInt64(start - earlier))), UInt32(unit)))
        }
      }
      starts.append(start)
      unitCount += size
    }
    let costs = (0..<unitCount).map { _ in Float(mean / 1.9 * (random.next() % 10 == 0 ? 10 : 1)) }
    let believed: [Float]? =
      switch knowledge {
      case .right: costs
      case .none: nil
      case .wrong: costs.map { $0 * Float(exp2(2 * random.uniform() - 1)) }
      }
    return ScalingCase(
      "layers, seed \(seed), \(grain)\(knowledge.rawValue)",
      try! Schedule(unitCount: unitCount, dependencies: edges, costs: believed), trueCosts: costs, origin: .heldOut)
  }

  enum Knowledge: String {
    case right = "", none = ", costs unknown", wrong = ", costs misjudged"
  }

  static var heldOut: [ScalingCase] {
    let grains: [(Float, String)] = [(3e3, "3 µs"), (3e4, "30 µs"), (3e5, "300 µs")]
    var cases = [
      cholesky(tiles: 8, product: 500, named: "500 ns"), cholesky(tiles: 24, product: 500, named: "500 ns"),
      stencil(blocks: 48, steps: 100, mean: 300, named: "300 ns"),
      mapReduce(maps: 2_000, reductions: 50, mean: 700, named: "700 ns"),
      seriesParallel(seed: 23, mean: 500, named: "500 ns"), layers(seed: 31, mean: 250, named: "250 ns"),
    ]
    for (cost, name) in grains {
      let mean = Double(cost)
      cases += [
        cholesky(tiles: 8, product: 2 * cost, named: "2 × \(name)"),
        cholesky(tiles: 24, product: 2 * cost, named: "2 × \(name)"),
        stencil(blocks: 48, steps: 100, mean: mean, named: name),
        stencil(blocks: 300, steps: 30, mean: mean, named: name),
        mapReduce(maps: 300, reductions: 20, mean: mean, named: name),
        mapReduce(maps: 4_000, reductions: 200, mean: mean, named: name),
        seriesParallel(seed: 21, mean: mean, named: name), seriesParallel(seed: 22, mean: mean, named: name),
        layers(seed: 32, mean: mean, named: name), layers(seed: 33, mean: mean, named: name),
        layers(seed: 34, mean: mean, named: name, .none), layers(seed: 35, mean: mean, named: name, .wrong),
      ]
    }
    return cases
  }
}

extension SeededGenerator {
  /// Between 0 and 1, neither of them included.
  fileprivate mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) / 0x1p53 }

  /// A draw from the normal distribution (Box and Muller).
  fileprivate mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}
