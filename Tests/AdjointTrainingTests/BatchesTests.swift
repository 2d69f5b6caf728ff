import AdjointTraining
import Testing

@Suite(.timeLimit(.minutes(20))) struct BatchesTests {
  @Test func `an epoch has every row once, but for those left over`() {
    var batches = Batches(rowCount: 23, batchSize: 5, seed: 1)
    #expect(batches.batchesPerEpoch == 4)
    for epoch in 0..<5 {
      var seen: [Int] = []
      for batch in 0..<4 {
        #expect(batches.position == Batches.Position(epoch: epoch, batch: batch))
        #expect(batches.rows.count == 5)
        seen += batches.rows
        batches.advance()
      }
      #expect(Set(seen).count == 20 && seen.allSatisfy { (0..<23).contains($0) })
    }
  }

  @Test func `orders differ between epochs and seeds, and are the same for one seed`() {
    func rows(_ seed: UInt64) -> [Int] { Batches(rowCount: 100, batchSize: 50, seed: seed).prefix(4).flatMap { $0 } }
    #expect(rows(1) == rows(1))
    #expect(rows(1) != rows(2))
    #expect(rows(1)[..<100] != rows(1)[100...])
    #expect(rows(2)[..<100] != rows(1)[100...])
    #expect(rows(1)[..<100] != Array(0..<100)[...])
  }

  @Test func `a position leads to the same rows as going there`() {
    for steps in [0, 1, 6, 7, 8, 40] {
      var walked = Batches(rowCount: 30, batchSize: 4, seed: 3)
      for _ in 0..<steps { walked.advance() }
      var moved = Batches(rowCount: 30, batchSize: 4, seed: 99)
      moved.move(to: walked.position, seed: 3)
      #expect(Array(moved.prefix(20)) == Array(walked.prefix(20)))
    }
  }

  @Test func `every row comes first about equally often`() {
    var counts = [Int](repeating: 0, count: 10)
    var batches = Batches(rowCount: 10, batchSize: 10, seed: 5)
    for _ in 0..<10_000 {
      counts[batches.rows.first!] += 1
      batches.advance()
    }
    for count in counts { #expect(abs(count - 1_000) < 150) }  // five standard deviations of 30
  }

  @Test func `unshuffled rows come as they are`() {
    let batches = Batches(rowCount: 7, batchSize: 3, seed: 0, isShuffled: false)
    #expect(batches.prefix(3).map(Array.init) == [[0, 1, 2], [3, 4, 5], [0, 1, 2]])
  }

  @Test func `a batch larger than the data traps`() async {
    await #expect(processExitsWith: .failure) { _ = Batches(rowCount: 3, batchSize: 4, seed: 0) }
  }
}
