import Testing

@testable import Kernels

/// The rectangles into which a range of a product's blocks is put together, and the sentence about a library that does
/// not fit the processor.
@Suite(.timeLimit(.minutes(20))) struct ProductBlockTests {
  @Test(arguments: [
    MatmulPlan(m: 130, n: 300, k: 70), MatmulPlan(m: 64, n: 128, k: 512), MatmulPlan(m: 300, n: 40, k: 20),
    MatmulPlan(m: 70, n: 260, k: 30, batchA: [3], batchB: [3]), MatmulPlan(m: 16, n: 512, k: 128),
  ])
  func `rectangles cover each block of a range once, and nothing else`(plan: MatmulPlan) {
    for first in 0..<plan.blockCount {
      for end in first + 1...plan.blockCount {
        var covered: [[Int]] = [], index = first
        while index < end {
          let (block, count) = plan.rectangle(from: index, below: end)
          #expect(count > 0)
          index += count
          for row in block.top..<block.top + block.height {
            covered.append([block.batch, row, block.left, block.left + block.width])
          }
        }
        #expect(index == end)
        var expected: [[Int]] = []
        for block in (first..<end).map(plan.block) {
          for row in block.top..<block.top + block.height {
            expected.append([block.batch, row, block.left, block.left + block.width])
          }
        }
        #expect(elements(covered) == elements(expected), "blocks \(first)..<\(end)")
      }
    }
  }

  /// Pieces of rows put together: what lies next to one another is one piece.
  private func elements(_ pieces: [[Int]]) -> [[Int]] {
    var joined: [[Int]] = []
    for piece in pieces.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      if let last = joined.last, last[0] == piece[0], last[1] == piece[1], last[3] == piece[2] {
        joined[joined.count - 1][3] = piece[3]
      } else {
        joined.append(piece)
      }
    }
    return joined
  }

  @Test func `all blocks of a product are one rectangle a batch`() {
    let plan = MatmulPlan(m: 300, n: 300, k: 30, batchA: [2], batchB: [2])
    let (block, count) = plan.rectangle(from: 0, below: plan.blockCount)
    #expect(block.height == 300 && block.width == 300 && 2 * count == plan.blockCount && block.batch == 0)
  }

  @Test func `a library that leaves vectors unused is told of in one sentence`() {
    for (core, level) in [("Prescott", VectorLevel.bits512), ("Haswell", .bits512), ("Prescott", .bits256)] {
      let sentence = MatrixBlockProduct.misfit(of: core, level)
      #expect(sentence?.contains(core) == true && sentence?.contains("\n") == false)
    }
    for (core, level) in [
      ("SkylakeX", VectorLevel.bits512), ("Cooperlake", .bits512), ("Haswell", .bits256), ("Zen", .bits256),
      ("SkylakeX", .bits256), ("Prescott", .plain), ("ARMV8", .bits128),
    ] { #expect(MatrixBlockProduct.misfit(of: core, level) == nil, "\(core) at \(level)") }
  }
}
