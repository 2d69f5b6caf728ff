import AdjointTraining
import Testing

@Suite(.timeLimit(.minutes(20))) struct BatchesTests {
  @Test func `an epoch has every row once, but for those left over`() throws {
    var batches = try Batches(rowCount: 23, batchSize: 5, seed: 1)
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

  @Test(arguments: [(22, 5, [5, 5, 5, 5, 2]), (20, 5, [5, 5, 5, 5]), (3, 3, [3]), (4, 3, [3, 1])])
  func `an epoch that keeps its short batch has every row once`(rowCount: Int, size: Int, sizes: [Int]) throws {
    var batches = try Batches(rowCount: rowCount, batchSize: size, seed: 3, keepsShortBatch: true)
    #expect(batches.batchesPerEpoch == sizes.count)
    for epoch in 0..<3 {
      var rows: [Int] = []
      for (batch, size) in sizes.enumerated() {
        #expect(batches.position == Batches.Position(epoch: epoch, batch: batch))
        #expect(batches.rows.count == size)
        rows += batches.rows
        batches.advance()
      }
      #expect(rows.sorted() == Array(0..<rowCount))
    }
  }

  @Test func `orders differ between epochs and seeds, and are the same for one seed`() throws {
    func rows(_ seed: UInt64) throws -> [Int] {
      try Batches(rowCount: 100, batchSize: 50, seed: seed).prefix(4).flatMap { $0 }
    }
    let first = try rows(1), second = try rows(2)
    #expect(try first == rows(1))
    #expect(first != second)
    #expect(first[..<100] != first[100...])
    #expect(second[..<100] != first[100...])
    #expect(first[..<100] != Array(0..<100)[...])
  }

  @Test func `a position leads to the same rows as going there`() throws {
    for steps in [0, 1, 6, 7, 8, 40] {
      var walked = try Batches(rowCount: 30, batchSize: 4, seed: 3)
      for _ in 0..<steps { walked.advance() }
      var moved = try Batches(rowCount: 30, batchSize: 4, seed: 99)
      try moved.move(to: walked.position, seed: 3)
      #expect(Array(moved.prefix(20)) == Array(walked.prefix(20)))
    }
  }

  @Test func `every row comes first about equally often`() throws {
    var counts = [Int](repeating: 0, count: 10)
    var batches = try Batches(rowCount: 10, batchSize: 10, seed: 5)
    for _ in 0..<10_000 {
      counts[batches.rows.first!] += 1
      batches.advance()
    }
    for count in counts { #expect(abs(count - 1_000) < 150) }  // five standard deviations of 30
  }

  @Test func `unshuffled rows come as they are`() throws {
    let batches = try Batches(rowCount: 7, batchSize: 3, seed: 0, isShuffled: false)
    #expect(batches.prefix(3).map(Array.init) == [[0, 1, 2], [3, 4, 5], [0, 1, 2]])
  }

  @Test func `a batch or a position that there is not is an error that says what is allowed`() throws {
    func refusal(_ body: () throws -> Void) -> String {
      (#expect(throws: TrainingError.self) { try body() }).map { "\($0)" } ?? ""
    }
    for size in [4, 0, -1, .max, .min] {
      #expect(
        refusal { _ = try Batches(rowCount: 3, batchSize: size, seed: 0) }
          == "batchSize is from 1 to all 3 rows, got \(size)")
    }
    for count in [0, -1, .min] {
      #expect(
        refusal { _ = try Batches(rowCount: count, batchSize: 1, seed: 0) } == "rowCount is at least 1, got \(count)")
    }
    var batches = try Batches(rowCount: 7, batchSize: 3, seed: 4)
    let rows = Array(batches.rows)
    #expect(
      refusal { try batches.move(to: Batches.Position(epoch: 0, batch: 2), seed: 5) }
        == "batch is one of 0..<2, got 2")
    #expect(
      refusal { try batches.move(to: Batches.Position(epoch: -1, batch: 0), seed: 5) }
        == "epoch is at least 0, got -1")
    #expect(batches.seed == 4 && Array(batches.rows) == rows)
  }
}
