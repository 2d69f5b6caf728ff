internal import CKernels

/// What decides which elements a dropout keeps: a share to drop, and the keys of a stream of random words.
package struct DropoutPlan: Sendable, Hashable {
  /// The words below this drop their element: `rate` of 2³².
  package let threshold: UInt32
  /// What kept elements are multiplied by: 1 / (1 − rate).
  package let scale: Double
  package let seed: UInt64
  package let stream: UInt32

  package init(rate: Double, seed: UInt64, stream: UInt32) {
    precondition(rate >= 0 && rate < 1, "A dropout rate is at least 0 and below 1, got \(rate)")
    threshold = UInt32(min((rate * 0x1p32).rounded(), 0x1p32 - 1))
    scale = 1 / (1 - rate)
    self.seed = seed
    self.stream = stream
  }

  /// The four random words for elements 4 · `counter` to 4 · `counter` + 3 at `step`: Philox 4x32-10 (Salmon, Moraes,
  /// Dror, Shaw 2011) of the counter (`counter`, `step`, `stream`) under the key `seed`, written out plainly.
  package func words(counter: UInt64, step: UInt32) -> [UInt32] {
    var c = [UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), step, stream]
    var key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
    for _ in 0..<10 {
      let even = (0xD251_1F53 as UInt32).multipliedFullWidth(by: c[0])
      let odd = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: c[2])
      c = [odd.high ^ c[1] ^ key[0], odd.low, even.high ^ c[3] ^ key[1], even.low]
      key = [key[0] &+ 0x9E37_79B9, key[1] &+ 0xBB67_AE85]
    }
    return c
  }
}

/// output[i] = input[i] · scale where element i is kept at `step`, else 0, for each i of `range`.
///
/// Which are kept is a function of the plan, the step and i, so that it does not matter how a tensor is divided, nor
/// whether it is computed again. The output may be the memory of the input. Allocates nothing.
///
/// - Parameter range: begins at a multiple of 4.
/// - Complexity: O(`range.count`).
package func runDropout(
  _ type: ElementType, plan: DropoutPlan, step: Int32, input: UnsafeRawPointer, output: UnsafeMutableRawPointer,
  range: Range<Int>
) {
  precondition(type.hasArithmetic, "Dropout needs floats")
  precondition(range.lowerBound % 4 == 0, "Four elements share a counter, and a range begins with one of its own")
  adj_dropout(
    type.rawValue, input, output, plan.scale, plan.threshold, plan.seed, plan.stream, UInt32(bitPattern: step),
    range.lowerBound, range.upperBound)
}
