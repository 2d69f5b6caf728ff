import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct ProcessorSetTests {
  private func union(_ sets: [Int32: ProcessorSet?], threads: [Int32]) -> ProcessorSet {
    ProcessorSet(ofThreads: threads) { sets[$0] ?? nil }
  }

  @Test func `one pinned thread of several does not matter`() {
    let set = union([0: ProcessorSet(words: [0b0001]), 7: ProcessorSet(words: [0b1111])], threads: [0, 7])
    #expect(set.count == 4)
  }

  @Test func `threads pinned to the same processor have one processor`() {
    let pinned = ProcessorSet(words: [0b0100])
    #expect(union([0: pinned, 7: pinned, 8: pinned], threads: [0, 7, 8]).count == 1)
  }

  @Test func `threads pinned to a processor each have all of them`() {
    let sets: [Int32: ProcessorSet] = [1: ProcessorSet(words: [1]), 2: ProcessorSet(words: [2])]
    #expect(union(sets, threads: [1, 2]).count == 2)
  }

  @Test func `a thread that has ended is skipped`() {
    #expect(union([0: ProcessorSet(words: [0b11]), 7: nil], threads: [7, 0, 8]).count == 2)
  }

  @Test func `without a thread the set is empty`() {
    #expect(union([:], threads: []).count == 0)
  }

  @Test func `sets of different lengths are joined`() {
    let few = ProcessorSet(words: [1])
    let many = ProcessorSet(words: [2, 3])
    #expect(union([1: few, 2: many], threads: [1, 2]) == ProcessorSet(words: [3, 3]))
    #expect(union([1: few, 2: many], threads: [2, 1]) == ProcessorSet(words: [3, 3]))
  }

  @Test func `more than 1,024 processors are counted`() {
    let all = ProcessorSet(words: Array(repeating: .max, count: 4_096 / UInt.bitWidth))
    #expect(union([0: all], threads: [0]).count == 4_096)
  }

  #if os(Linux)
    @Test func `the calling thread has at least one processor`() throws {
      let set = try #require(ProcessorSet(ofThread: 0))
      #expect(set.count >= 1)
      #expect(set.words.count * UInt.bitWidth == ProcessorSet.supportedProcessors)
    }

    @Test func `there is no set of a thread that does not exist`() {
      #expect(ProcessorSet(ofThread: .max) == nil)
    }
  #endif
}
