import DependencyScheduling
import Kernels
import Testing

/// A chain against its definition: the same operations done one by one over whole tensors.
@Suite(.timeLimit(.minutes(20))) struct ElementwiseChainTests {
  private struct RandomChain<T: KernelFloat> {
    let shape: [Int]
    var views: [ElementwiseChain.View] = []
    /// The memory of each operand, and what its view shows.
    var memory: [[T]] = []
    var values: [[T]] = []
    var applications: [(operation: ElementwiseOperation, operands: [Int])] = []

    init(shape: [Int], operations: Int, _ numbers: inout SeededGenerator) {
      self.shape = shape
      for _ in 0..<Int.random(in: 1...6, using: &numbers) { addOperand(&numbers) }
      for _ in 0..<operations {
        let operation = ElementwiseOperation.allCases.randomElement(using: &numbers)!
        let known = views.count + applications.count
        let operands = (0..<operation.arity).map { _ in
          Bool.random(using: &numbers) ? known - 1 : Int.random(in: 0..<known, using: &numbers)
        }
        applications.append((operation, operands))
        let read = operands.map { (shape, values[$0]) }
        values.append(elementwise(operation, output: shape, read))
      }
    }

    private mutating func addOperand(_ numbers: inout SeededGenerator) {
      let places = coordinates(of: shape)
      switch Int.random(in: 0..<4, using: &numbers) {
      case 0:
        memory.append(randomValues(elementCount(shape), &numbers))
        views.append(.whole(shape))
        values.append(memory.last!)
      case 1:
        let operand = operandShapes(under: shape).randomElement(using: &numbers)!
        memory.append(randomValues(elementCount(operand), &numbers))
        views.append(.broadcast(operand, to: shape))
        values.append(places.map { memory.last![broadcastIndex($0, operand: operand)] })
      case 2:
        let starts = shape.map { _ in Int.random(in: 0...2, using: &numbers) }
        let input = zip(shape, starts).map { $0 + $1 + 1 }
        memory.append(randomValues(elementCount(input), &numbers))
        views.append(.slice(input, starts: starts))
        values.append(places.map { place in memory.last![flatIndex(zip(place, starts).map(+), in: input)] })
      default:
        let permutation = Array(shape.indices.reversed())
        let input = permutation.map { shape[$0] }
        memory.append(randomValues(elementCount(input), &numbers))
        views.append(.transpose(input, permutation: permutation))
        values.append(places.map { memory.last![flatIndex(Array($0.reversed()), in: input)] })
      }
    }

    /// Every result that no operation reads, and some others.
    func outputs(_ numbers: inout SeededGenerator) -> [Int] {
      let read = Set(applications.flatMap(\.operands))
      let results = views.count..<views.count + applications.count
      return results.filter { !read.contains($0) || Int.random(in: 0..<4, using: &numbers) == 0 }.shuffled(
        using: &numbers)
    }

    func build(outputs: [Int]) -> ElementwiseChain {
      var builder = ElementwiseChain.Builder(shape: shape)
      for view in views { _ = builder.operand(view) }
      for (operation, operands) in applications { _ = builder.apply(operation, operands) }
      return builder.finish(outputs: outputs)
    }
  }

  private func check<T: KernelFloat>(seed: UInt64, _: T.Type) {
    var numbers = SeededGenerator(seed: seed)
    let rank = Int.random(in: 0...3, using: &numbers)
    let shape = (0..<rank).map { _ in [1, 2, 3, 5, 70, 300].randomElement(using: &numbers)! }
    guard elementCount(shape) < 30_000 else { return }
    let random = RandomChain<T>(shape: shape, operations: Int.random(in: 1...12, using: &numbers), &numbers)
    let outputs = random.outputs(&numbers)
    let chain = random.build(outputs: outputs)
    let results = run(chain, random.memory, cuts: [0, chain.count / 3, chain.count])
    for (position, output) in outputs.enumerated() {
      let isSame = same(results[position], random.values[output])
      #expect(isSame, "seed \(seed): output \(output) of \(random.applications)")
    }
  }

  private func run<T: KernelFloat>(_ chain: ElementwiseChain, _ memory: [[T]], cuts: [Int]) -> [[T]] {
    let inputs = memory.map { values in
      let base = UnsafeMutablePointer<T>.allocate(capacity: values.count)
      base.initialize(from: values, count: values.count)
      return UnsafeRawPointer(base)
    }
    let outputs = (0..<chain.outputCount).map { _ in
      UnsafeMutableRawPointer(UnsafeMutablePointer<T>.allocate(capacity: chain.count))
    }
    defer {
      inputs.forEach { $0.deallocate() }
      outputs.forEach { $0.deallocate() }
    }
    for range in zip(cuts, cuts.dropFirst()) {
      try! runChain(chain, T.elementType, inputs: inputs, outputs: outputs, range: range.0..<range.1)
    }
    return outputs.map { base in
      Array(UnsafeBufferPointer(start: base.assumingMemoryBound(to: T.self), count: chain.count))
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `a chain equals its operations done one by one`(seed: UInt64) {
    check(seed: seed, Float.self)
    check(seed: seed, Double.self)
  }

  @Test func `an output may be written over what is read last`() {
    var builder = ElementwiseChain.Builder(shape: [1000])
    let a = builder.operand(.whole([1000])), b = builder.operand(.broadcast([1], to: [1000]))
    let product = builder.apply(.multiply, [a, b])
    let sum = builder.apply(.add, [product, a])
    let chain = builder.finish(outputs: [product, sum])
    #expect(!chain.mayOverwrite(operand: a, by: 0), "the sum still reads a")
    #expect(chain.mayOverwrite(operand: a, by: 1))
    #expect(!chain.mayOverwrite(operand: b, by: 1), "b is one element")
    var memory = (0..<1000).map(Float.init), products = [Float](repeating: 0, count: 1000), factor: Float = 3
    memory.withUnsafeMutableBytes { memory in
      products.withUnsafeMutableBytes { products in
        withUnsafePointer(to: &factor) { factor in
          try! runChain(
            chain, .float32, inputs: [UnsafeRawPointer(memory.baseAddress!), UnsafeRawPointer(factor)],
            outputs: [products.baseAddress!, memory.baseAddress!], range: 0..<1000)
        }
      }
    }
    #expect(products == (0..<1000).map { Float(3 * $0) })
    #expect(memory == (0..<1000).map { Float(4 * $0) })
  }

  @Test func `a value in pieces is read across their edges, and is zero between them`() {
    let shape = [700, 3]
    let pieces = [(rows: 2..<302, start: 1), (rows: 0..<250, start: 301), (rows: 5..<6, start: 699)]
    var builder = ElementwiseChain.Builder(shape: shape)
    let operands = pieces.map { _ in builder.operand(.rows(of: shape)) }
    let whole = builder.operand(.whole(shape))
    let splice = builder.splice(
      zip(operands, pieces).map { ($0, .init(rows: $1.rows, start: $1.start, length: 3)) })
    let difference = builder.apply(.subtract, [splice, whole])
    let chain = builder.finish(outputs: [difference])
    let sources = [302, 250, 6].map { rows in (0..<3 * rows).map { Double($0 + 10_000 * rows) } }
    let subtracted = (0..<2_100).map { Double($0) / 7 }
    var expected = subtracted.map { 0 - $0 }
    for (piece, source) in zip(pieces, sources) {
      for element in 0..<3 * piece.rows.count {
        let place = 3 * piece.start + element
        expected[place] = source[3 * piece.rows.lowerBound + element] - subtracted[place]
      }
    }
    for cut in [0, 1, 3, 899, 903, 2_096] {
      #expect(run(chain, sources + [subtracted], cuts: [0, cut, 2_100]) == [expected])
    }
  }

  @Test func `a chain that keeps many values at once has shorter blocks`() {
    var builder = ElementwiseChain.Builder(shape: [1000])
    let x = builder.operand(.whole([1000]))
    let roots = (0..<32).map { _ in builder.apply(.square, [x]) }
    let sum = roots.dropFirst().reduce(roots[0]) { builder.apply(.add, [$0, $1]) }
    let result = run(builder.finish(outputs: [sum]), [(0..<1000).map(Double.init)], cuts: [0, 1000])
    #expect(result[0] == (0..<1000).map { Double(32 * $0 * $0) })
  }
}
