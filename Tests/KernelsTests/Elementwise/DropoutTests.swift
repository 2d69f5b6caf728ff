import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct DropoutTests {
  /// The known answers that the authors of Philox publish with it (Random123, `kat_vectors`).
  @Test(
    arguments: [
      ([0, 0, 0, 0], 0, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      (
        [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], 0xffff_ffff_ffff_ffff,
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
      ),
      (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], 0x299f_31d0_a409_3822,
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ] as [([UInt32], UInt64, [UInt32])])
  func `the random words are those of Philox`(counter: [UInt32], key: UInt64, expected: [UInt32]) {
    let plan = DropoutPlan(rate: 0.5, seed: key, stream: counter[3])
    #expect(plan.words(counter: UInt64(counter[1]) << 32 | UInt64(counter[0]), step: counter[2]) == expected)
  }

  private func dropped<T: KernelFloat>(
    _ values: [T], _ plan: DropoutPlan, step: Int32, cuts: [Range<Int>]? = nil
  ) -> [T] {
    var output = values
    output.withUnsafeMutableBytes { bytes in
      for range in cuts ?? [0..<values.count] {
        runDropout(
          T.elementType, plan: plan, step: step, input: bytes.baseAddress!, output: bytes.baseAddress!, range: range)
      }
    }
    return output
  }

  private func check<T: KernelFloat>(_: T.Type) {
    var numbers = SeededGenerator(seed: 9)
    let values: [T] = randomValues(1003, &numbers)
    for (rate, step) in [(0.0, 0), (0.1, 1), (0.5, -1), (0.999, 7)] as [(Double, Int32)] {
      let plan = DropoutPlan(rate: rate, seed: 0x1234_5678_9abc_def0, stream: 11)
      let words = (0..<251).flatMap { plan.words(counter: $0, step: UInt32(bitPattern: step)) }
      let expected = values.indices.map { words[$0] >= plan.threshold ? values[$0] * T(plan.scale) : 0 }
      #expect(same(dropped(values, plan, step: step), expected))
      #expect(same(dropped(values, plan, step: step, cuts: [512..<1003, 0..<4, 4..<512]), expected))
    }
  }

  @Test func `an element is kept or dropped by its own word, wherever a range is cut`() {
    check(Float.self)
    check(Double.self)
  }

  /// Elements whose counters reach over 32 bits, in the middle of what is made at a time and at its edges. Of a tensor
  /// so large there is no memory but for these.
  @Test(arguments: [1 << 32, 1 << 34, 3 << 34, 1 << 40])
  func `an element's word is its own beyond every power of two`(boundary: Int) {
    func check<T: KernelFloat>(_: T.Type) {
      let plan = DropoutPlan(rate: 0.5, seed: 0x1234_5678_9abc_def0, stream: 11)
      for before in [4, 32, 60, 64, 128] {
        let first = boundary - before, count = 133
        let words = (0..<34).flatMap { plan.words(counter: UInt64(first / 4 + $0), step: 3) }
        var output = [T](repeating: 1, count: count)
        output.withUnsafeMutableBytes { bytes in
          let origin = bytes.baseAddress! - first * T.elementType.byteCount
          runDropout(
            T.elementType, plan: plan, step: 3, input: origin, output: origin, range: first..<first + count)
        }
        #expect(output == (0..<count).map { words[$0] >= plan.threshold ? 2 : 0 }, "\(before) before \(boundary)")
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func `the share dropped is the rate, and seeds, streams and steps are independent`() {
    let ones = [Float](repeating: 1, count: 100_000)
    func mask(_ seed: UInt64, _ stream: UInt32, _ step: Int32) -> [Bool] {
      dropped(ones, DropoutPlan(rate: 0.25, seed: seed, stream: stream), step: step).map { $0 == 0 }
    }
    let first = mask(1, 2, 3)
    #expect(mask(1, 2, 3) == first)
    // Five standard deviations of a binomial share; that of two independent masks to agree is 0.25² + 0.75².
    let share = Double(first.count { $0 }) / 1e5
    #expect(abs(share - 0.25) < 5 * (0.25 * 0.75 / 1e5).squareRoot())
    for other in [mask(2, 2, 3), mask(1, 3, 3), mask(1, 2, 4), mask(1 << 32 | 1, 2, 3)] {
      let agreeing = Double(zip(first, other).count { $0 == $1 }) / 1e5
      #expect(abs(agreeing - 0.625) < 5 * (0.625 * 0.375 / 1e5).squareRoot())
    }
  }

  @Test func `a dropped NaN or infinity is gone, and a rate next to 1 keeps next to nothing`() {
    let values = [Float](repeating: .nan, count: 64) + [Float](repeating: .infinity, count: 64)
    let result = dropped(values, DropoutPlan(rate: 0.5, seed: 5, stream: 0), step: 0)
    #expect(result.contains(0) && result.contains { $0.isNaN } && result.contains(.infinity))
    let plan = DropoutPlan(rate: 1.0.nextDown, seed: 5, stream: 0)
    #expect(dropped([Float](repeating: 1, count: 4096), plan, step: 0).allSatisfy { $0 == 0 })
  }
}
