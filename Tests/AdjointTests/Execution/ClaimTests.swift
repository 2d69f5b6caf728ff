import Testing

@testable import Adjoint

/// Who may come in beside whom, step by step on one thread: what the threads of other tests rely on.
@Suite(.timeLimit(.minutes(20))) struct ClaimTests {
  @Test func `each stripe is claimed by one at a time`() {
    let stripes = StripeClaims(count: 3)
    defer { stripes.deallocate() }
    for _ in 0..<2 {
      for stripe in 0..<3 {
        #expect(stripes.claim(stripe))
        #expect(!stripes.claim(stripe) && !stripes.claim(stripe))
      }
      for stripe in [1, 0, 2] {
        stripes.giveBack(stripe)
        #expect(stripes.claim(stripe) && !stripes.claim(stripe))
        stripes.giveBack(stripe)
      }
    }
  }

  @Test func `a countdown is over for its last unit and no other`() {
    let left = Countdowns([1, 3, 2])
    #expect(!left.isLast(1) && left.isLast(0) && !left.isLast(2))
    #expect(!left.isLast(1) && left.isLast(2) && left.isLast(1))
  }

  /// One element, around a stripe's length, and sizes that leave one element behind several of them.
  @Test(arguments: [1, 2, 17, 4_095, 4_096, 4_097, 8_192, 8_193, 12_289])
  func `a sum in arrival order takes each element of each contribution once`(count: Int) {
    let sum = ArrivalAccumulator(elementCount: count)
    let guarding: Float = -7, type = ElementType.float32.kernelType
    for _ in 0..<2 {
      var total = [Float](repeating: guarding, count: count + 2), prepared = 0
      total.withUnsafeMutableBytes { bytes in
        let target = bytes.baseAddress! + 4
        for contribution in 1...5 {
          let values = (0..<count).map { Float(contribution * ($0 % 50)) }
          sum.start {
            prepared += 1
            target.assumingMemoryBound(to: Float.self).update(repeating: 0, count: count)
          }
          values.withUnsafeBytes { sum.add($0.baseAddress!, to: target, type) }
        }
      }
      #expect(prepared == 1)
      #expect(total == [guarding] + (0..<count).map { Float(15 * ($0 % 50)) } + [guarding])
      sum.restart()
    }
  }
}
