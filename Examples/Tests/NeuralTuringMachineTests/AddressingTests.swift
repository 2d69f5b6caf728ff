import Adjoint
import DependencyScheduling
import Testing

@testable import NeuralTuringMachine

/// Memories of 2 sequences, 5 rows and 4 elements a row, and 2 heads.
@Suite struct AddressingTests {
  private let graph = Graph()
  private let batch = 2, heads = 2, rows = 5, width = 4

  /// Numbers from -1 to 1 that differ from each other.
  private func values(_ count: Int, _ seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  private var memory: Node { graph.constant(values(batch * rows * width, 1), [batch, rows, width]) }

  private func value(_ node: Node) throws -> [Float] {
    let session = try Program(node).makeSession()
    try session.forward()
    return try session.read(node, as: Float.self)
  }

  /// A head's outputs: a key, and before their squashing strength, gate, shift (back, none, on) and sharpness.
  private func addressing(
    key: [Float], strength: Float, gate: Float, shift: [Float], sharpness: Float
  ) -> Addressing {
    let row = key + [strength, gate] + shift + [sharpness]
    let all = [[Float]](repeating: row, count: batch * heads).flatMap(\.self)
    return Addressing(graph.constant(all, [batch, heads, Addressing.inputCount(width: width)]), width: width)
  }

  private func start(at row: Int) -> Node {
    let one = (0..<rows).map { $0 == row ? Float(1) : 0 }
    return graph.constant([[Float]](repeating: one, count: batch * heads).flatMap(\.self), [batch, heads, rows])
  }

  @Test func `the similarity is the library's cosine, but for the length below which a row is like nothing`() throws {
    let memory = memory
    let addressing = Addressing(
      graph.constant(values(batch * heads * (width + 6), 2), [batch, heads, width + 6]), width: width)
    let cosine = cosineSimilarity(
      addressing.key.reshaped([batch, heads, 1, width]), memory.reshaped([batch, 1, rows, width]))
    for (ours, library) in zip(try value(addressing.similarity(to: memory)), try value(cosine)) {
      // 1e-4 beside squares of 0.1 and more changes a cosine by less than a thousandth.
      #expect(abs(ours - library) < 1e-3)
    }
  }

  @Test func `any outputs make weightings that are nowhere negative and have the sum 1`() throws {
    let outputs = graph.constant(values(batch * heads * (width + 6), 3).map { 3 * $0 }, [batch, heads, width + 6])
    let weighting = try value(Addressing(outputs, width: width).weighting(of: memory, after: start(at: 2)))
    #expect(weighting.allSatisfy { $0 >= 0 })
    for head in 0..<batch * heads {
      let sum = weighting[head * rows..<(head + 1) * rows].reduce(0, +)
      #expect(abs(sum - 1) < 1e-5)  // five roundings of float32
    }
  }

  @Test(arguments: [(shift: [Float(20), 0, 0], row: 4), ([0, 20, 0], 0), ([0, 0, 20], 1)])
  func `with a closed gate a head goes where the shift says, around the end`(shift: [Float], row: Int) throws {
    let head = addressing(key: [1, 0, 0, 0], strength: 5, gate: -30, shift: shift, sharpness: 1)
    let weighting = try value(head.weighting(of: memory, after: start(at: 0)))
    for place in weighting.indices { #expect(abs(weighting[place] - (place % rows == row ? 1 : 0)) < 1e-5) }
  }

  @Test func `with an open gate a head finds the row that is like its key`() throws {
    let wanted: [Float] = [0.5, -0.5, 0.5, -0.5]
    var content = [Float](repeating: 0, count: batch * rows * width)
    for sequence in 0..<batch {
      for element in 0..<width { content[(sequence * rows + 3) * width + element] = wanted[element] }
    }
    let head = addressing(key: wanted, strength: 30, gate: 30, shift: [0, 20, 0], sharpness: 1)
    let weighting = try value(
      head.weighting(of: graph.constant(content, [batch, rows, width]), after: start(at: 0)))
    for place in weighting.indices { #expect(abs(weighting[place] - (place % rows == 3 ? 1 : 0)) < 1e-5) }
  }

  @Test func `what is erased and added at one row is read there, and other rows stay`() throws {
    let place = start(at: 2).sliced(0..<1, axis: 1).reshaped([batch, rows])
    let other = start(at: 1).sliced(0..<1, axis: 1).reshaped([batch, rows])
    let written = MemoryAccess.write(
      memory, place, erase: graph.constant(1, [batch, width]), addition: graph.constant(0.25, [batch, width]))
    #expect(try value(MemoryAccess.read(written, place)).allSatisfy { $0 == 0.25 })
    #expect(try value(MemoryAccess.read(written, other)) == value(MemoryAccess.read(memory, other)))
  }
}
