import BitPatterns
import Foundation
import Kernels
import Testing

/// What is computed has the same bits with every kind of vectors that this processor has, and those that are committed.
/// Other suites may run meanwhile: theirs do not change either.
@Suite(.serialized, .timeLimit(.minutes(20))) struct BitPatternTests {
  @Test func `every case has the committed bits with every kind of vectors`() throws {
    let committed = try Digests.committed()
    #expect(committed.ofCase.count == BitCase.all.count)
    let usual = VectorLevel.current
    defer { usual.use() }
    for level in VectorLevel.available {
      level.use()
      for bitCase in BitCase.meant {
        #expect(try bitCase.digest() == committed.ofCase[bitCase.name], "\(bitCase.name), \(level.word)")
      }
    }
  }

  @Test func `a level that is in use is the current one`() {
    let usual = VectorLevel.current
    defer { usual.use() }
    for level in VectorLevel.available {
      level.use()
      #expect(VectorLevel.current == level)
    }
    #expect(VectorLevel.available.contains(.plain))
  }

  @Test func `a hash tells one changed bit, an exchange, and zeros of both signs apart`() {
    func hash(_ numbers: [Double]) -> UInt64 {
      var hash = BitHash()
      hash.add(numbers)
      return hash.value
    }
    let numbers = [1.5, -2, 0, .infinity]
    let others: [[Double]] = [
      [(1.5).nextUp, -2, 0, .infinity], [-2, 1.5, 0, .infinity], [1.5, -2, -0.0, .infinity], [1.5, -2, 0],
      numbers + [0],
    ]
    #expect(Set((others + [numbers]).map(hash)).count == others.count + 1)
    #expect(hash([.nan]) == hash([-Double.nan]))
  }
}
