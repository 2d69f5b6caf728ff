import DependencyScheduling
import Foundation
import Shared

/// The errors of one iteration after the other, and whether they go down quadratically.
struct Convergence {
  private var rows: [(error: Double, note: String)] = []

  mutating func add(_ error: Double, _ note: String) { rows.append((error, note)) }

  /// Whether the last error is as small as float64 lets it be.
  var isComplete: Bool { (rows.last?.error ?? 1) < 1e-14 }

  /// Prints each error and how many times the square of the one before it is; near the minimum that is bounded, which
  /// is what quadratic convergence means.
  ///
  /// - Throws: `BrokenPromise` if it is not so.
  func printTable(ofErrors name: String) throws {
    print("step  \(name.padding(toLength: 11, withPad: " ", startingAt: 0))  error / error²  ")
    for (step, row) in rows.enumerated() {
      let ratio = step > 0 ? (row.error / (rows[step - 1].error * rows[step - 1].error)).fixed(3) : ""
      let columns = [String(step), scientific(row.error), ratio]
      let padded = zip(columns, [4, 11, 14]).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      print(padded.joined(separator: "  ") + "  " + row.note)
    }
    let squared = zip(rows, rows.dropFirst()).filter { before, after in
      before.error < 0.1 && after.error < 100 * before.error * before.error + 1e-14
    }
    guard isComplete, squared.count >= 2 else { throw BrokenPromise("the errors do not fall quadratically") }
    print("quadratic: each of the last \(squared.count) steps squared the error, up to a factor")
  }
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
func length(_ a: [Double]) -> Double { dot(a, a).squareRoot() }
func scientific(_ value: Double) -> String { String(format: "%.2e", value) }

/// Normally distributed numbers from a seed.
struct Randomness {
  private var generator: SeededGenerator
  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Uniform in (0, 1].
  private mutating func uniform() -> Double { generator.unit() + 0x1p-54 }

  /// Mean 0 and variance 1, by Box and Muller.
  mutating func normal() -> Double {
    (-2 * Foundation.log(uniform())).squareRoot() * Foundation.cos(2 * .pi * uniform())
  }
}
