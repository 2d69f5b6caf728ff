import Adjoint
import AdjointTesting
import AdjointTraining
import DependencyScheduling
import Testing

/// First values are drawn by seed and name, so that layers of one shape begin different.
@Suite(.timeLimit(.minutes(20))) struct InitialValueTests {
  private func values(_ body: (Graph) -> Void) throws -> [String: [Float]] {
    let graph = Graph()
    body(graph)
    let store = ParameterStore()
    try store.makeParameters(of: graph)
    return try Dictionary(
      uniqueKeysWithValues: store.names.map { name in
        (
          name,
          try store.withBytes(of: name) { bytes in
            bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
          }
        )
      })
  }

  @Test(arguments: [nil, 7] as [UInt64?])
  func `layers of one shape and seed begin different, in one scope and in two`(seed: UInt64?) throws {
    let begun = try values { graph in
      let x = graph.input("x", [1, 9])
      func layer(_ name: String) {
        _ = seed.map { dense(x, name, to: 9, .glorotUniform(seed: $0)) } ?? dense(x, name, to: 9)
      }
      layer("a")
      layer("b")
      for scope in ["one", "two"] { graph.scope(scope) { layer("a") } }
      let image = graph.input("image", [1, 3, 3, 3])
      for name in ["edges", "parts"] { _ = convolution(image, name, to: 3, kernel: 3) }
      for name in ["first", "second"] { _ = LSTMCell(in: graph, name, inputs: 4, units: 4, seed: seed ?? 0) }
      for name in ["third", "fourth"] { _ = GRUCell(in: graph, name, inputs: 4, units: 4, seed: seed ?? 0) }
      _ = multiHeadAttention(graph.input("text", [1, 2, 9]), "attention", heads: 3)
    }
    let drawn = begun.filter { Set($0.value).count > 2 }
    #expect(drawn.count == 4 + 2 + 4 + 4 + 4)
    for (name, numbers) in drawn {
      for (other, others) in drawn where name < other {
        // Neither alike nor the same numbers times a factor, as those of two widths would be.
        let ratios = zip(numbers, others).map { $0 / $1 }
        #expect(Set(ratios.prefix(3)).count == 3, "\(name) and \(other)")
      }
    }
  }

  @Test func `the same names begin at the same bits, whatever else the graph has`() throws {
    let first = try values { graph in
      graph.scope("net") { _ = dense(graph.input("x", [1, 9]), "a", to: 9) }
    }
    let second = try values { graph in
      _ = dense(graph.input("before", [1, 9]), "z", to: 9)
      graph.scope("net") { _ = dense(graph.input("x", [4, 9]), "a", to: 9, .glorotUniform(seed: 0)) }
    }
    #expect(first["net/a/weights"] == second["net/a/weights"])
  }

  @Test func `one seed for all begins the whole network anew`() throws {
    func begun(_ seed: UInt64) throws -> [String: [Float]] {
      try values { graph in
        for name in ["a", "b"] { _ = dense(graph.input("x" + name, [1, 9]), name, to: 9, .heNormal(seed: seed)) }
      }
    }
    let (first, second) = (try begun(1), try begun(2))
    for name in ["a/weights", "b/weights"] { #expect(first[name] != second[name]) }
    #expect(first["a/weights"] != second["b/weights"])
  }

  @Test func `the first numbers of a name are these, in every version`() throws {
    // By the definition: a generator seeded with the first number of one that is seeded with the hash of Fowler, Noll
    // and Vo of the name's bytes, plus the seed.
    let name = "net/é", seed: UInt64 = 11
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    var stream = SeededGenerator(seed: hash)
    var generator = SeededGenerator(seed: stream.next() &+ seed)
    let begun = try values { graph in
      graph.scope("net") { _ = graph.parameter("é", [4], .uniform(0...1, seed: seed)) }
    }
    #expect(begun[name] == (0..<4).map { _ in Float(generator.unit()) })
  }
}
