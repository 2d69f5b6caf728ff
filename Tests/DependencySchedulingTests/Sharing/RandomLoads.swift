import DependencyScheduling
import Foundation

/// Loads of many shapes, each from its seed.
enum RandomLoads {
  /// 2 to `largest` units of 5 ns to 1 ms on the average, at widths 2 to 64.
  static func load(seed: UInt64, largest: Double = 100_000) -> VirtualLoad {
    var random = SeededGenerator(seed: seed)
    let count = Int(spread(2, largest, &random))
    let mean = spread(5, 1_000_000, &random)
    let width = Int(spread(2, 64.99, &random))
    let shape = random.below(6)
    let costs = (0..<count).map { unit -> Double in
      switch shape {
      case 0: mean
      case 1: -mean * log(fraction(&random))
      case 2: mean / 3 * pow(fraction(&random), -0.66)  // a tail without variance
      case 3: unit == 0 ? mean * Double(count) / 2 : mean / 2
      case 4: unit == count - 1 ? mean * Double(count) / 2 : mean / 2
      default: mean
      }
    }
    return VirtualLoad(costs, width: width, isChain: shape == 5)
  }

  /// A number between `low` and `high`, each order of magnitude as likely as any other.
  private static func spread(_ low: Double, _ high: Double, _ random: inout SeededGenerator) -> Double {
    low * pow(high / low, fraction(&random))
  }

  /// Above 0, at most 1.
  static func fraction(_ random: inout SeededGenerator) -> Double {
    Double(random.next() >> 11 + 1) / Double(1 << 53)
  }
}
