import DependencyScheduling
import StressScale
import Testing

@Suite(.timeLimit(.minutes(20)), .watched()) struct SeededGeneratorTests {
  @Test func `the numbers of a seed are those of SplitMix64`() {
    var random = SeededGenerator(seed: 42)
    let expected: [UInt64] = [
      13_679_457_532_755_275_413, 2_949_826_092_126_892_291, 5_139_283_748_462_763_858, 6_349_198_060_258_255_764,
    ]
    #expect(expected.map { _ in random.next() } == expected)
  }

  @Test func `a copy goes on by itself`() {
    var random = SeededGenerator(seed: 1)
    var copy = random
    #expect(random.next() == copy.next())
    _ = random.next()
    var again = SeededGenerator(seed: 1)
    _ = again.next()
    #expect(copy.next() == again.next())
  }

  @Test func `units lie in their interval, and indices below their bound`() {
    var random = SeededGenerator(seed: 7)
    var seen = Set<Int>()
    for _ in 0..<1_000 {
      #expect((0..<1).contains(random.unit()))
      seen.insert(random.index(below: 5))
    }
    #expect(seen == [0, 1, 2, 3, 4])
    #expect(random.index(below: 1) == 0)
  }

  @Test func `each order of three occurs, and the order of a seed is always the same`() {
    var random = SeededGenerator(seed: 3)
    let orders = Set((0..<200).map { _ in random.permutation(of: 3) })
    #expect(orders.count == 6)
    #expect(orders.allSatisfy { $0.sorted() == [0, 1, 2] })
    #expect(random.permutation(of: 0).isEmpty && random.permutation(of: 1) == [0])
    var first = SeededGenerator(seed: 1998), second = SeededGenerator(seed: 1998)
    #expect(first.permutation(of: 1_797) == second.permutation(of: 1_797))
  }
}
