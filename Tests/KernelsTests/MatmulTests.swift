import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct MatmulTests {
  struct Product: Sendable, CustomTestStringConvertible {
    var m: Int, n: Int, k: Int
    var batchA: [Int] = []
    var batchB: [Int] = []
    var testDescription: String { "\(batchA)\(m)x\(k) times \(batchB)\(k)x\(n)" }
  }

  static let products: [Product] =
    [
      Product(m: 1, n: 1, k: 1), Product(m: 3, n: 2, k: 4), Product(m: 7, n: 17, k: 5), Product(m: 64, n: 64, k: 64),
      Product(m: 65, n: 33, k: 129), Product(m: 100, n: 10, k: 64), Product(m: 150, n: 70, k: 200),
      Product(m: 1, n: 300, k: 70), Product(m: 300, n: 1, k: 70), Product(m: 1, n: 1, k: 500),
      Product(m: 40, n: 50, k: 1), Product(m: 5, n: 600, k: 3), Product(m: 600, n: 2, k: 3),
      Product(m: 2, n: 3, k: 900), Product(m: 64, n: 128, k: 520),
      Product(m: 16, n: 512, k: 128), Product(m: 17, n: 70, k: 1_000),
    ]
    + [
      Product(m: 3, n: 4, k: 5, batchA: [2], batchB: [2]), Product(m: 3, n: 4, k: 5, batchA: [2, 3], batchB: [3]),
      Product(m: 3, n: 4, k: 5, batchA: [2, 1], batchB: [1, 3]), Product(m: 70, n: 20, k: 9, batchA: [3], batchB: []),
      Product(m: 70, n: 20, k: 9, batchA: [], batchB: [3]), Product(m: 1, n: 20, k: 9, batchA: [4], batchB: [4]),
      Product(m: 5, n: 1, k: 9, batchA: [4, 1], batchB: [4, 2]),
    ]

  @Test func `a product that sums over much has blocks for several workers`() {
    #expect(MatmulPlan(m: 15, n: 100, k: 10_000).blockCount == 2)
    #expect(MatmulPlan(m: 16, n: 100, k: 10_000).blockCount == 2 * 2, "and their rows are halved")
    #expect(MatmulPlan(m: 16, n: 100, k: 100).blockCount == 1)
    #expect(MatmulPlan(m: 1, n: 100, k: 1_000_000).blockCount == 1)
    let row = MatmulPlan(m: 1, n: 300, k: 100)
    #expect(row.blockCount == (MatmulPlan.areProductsOurs ? 3 : 1), "a row is divided by its columns")
    #expect(row.blocksTogether == 1)
    #expect(MatmulPlan(m: 2, n: 300, k: 100).blocksTogether == MatmulPlan(m: 2, n: 300, k: 100).blocksAcross)
  }

  private func run<T: KernelFloat>(_ plan: MatmulPlan, _ a: [T], _ b: [T], cuts: [Range<Int>]) -> [T] {
    var output = [T](repeating: .nan, count: plan.resultCount)
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        output.withUnsafeMutableBytes { output in
          for blocks in cuts {
            runMatmul(
              T.elementType, plan: plan, a: a.baseAddress!, b: b.baseAddress!, output: output.baseAddress!,
              blocks: blocks)
          }
        }
      }
    }
    return output
  }

  private func check<T: KernelFloat>(_ product: Product, transposeA: Bool, transposeB: Bool, _: T.Type) {
    let (m, n, k) = (product.m, product.n, product.k)
    var numbers = SeededGenerator(seed: UInt64(m * 1000 + n * 10 + k))
    let batch = BroadcastShape(product.batchA, product.batchB)
    let a: [T] = randomValues(elementCount(product.batchA) * m * k, &numbers)
    let b: [T] = randomValues(elementCount(product.batchB) * k * n, &numbers)
    let plan = MatmulPlan(
      m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, batchA: product.batchA, batchB: product.batchB)
    #expect(plan.resultCount == elementCount(batch.shape) * m * n)
    let result = run(plan, a, b, cuts: [0..<plan.blockCount])

    var worst = 0.0
    var row = 0
    for place in coordinates(of: batch.shape) {
      let baseA = broadcastIndex(place, operand: product.batchA) * m * k
      let baseB = broadcastIndex(place, operand: product.batchB) * k * n
      for i in 0..<m {
        for j in 0..<n {
          var sum = 0.0
          for p in 0..<k {
            sum +=
              Double(a[baseA + (transposeA ? p * m + i : i * k + p)])
              * Double(b[baseB + (transposeB ? j * k + p : p * n + j)])
          }
          let error = abs(Double(result[row * n + j]) - sum)
          worst = error.isNaN ? .infinity : max(worst, error)
        }
        row += 1
      }
    }
    // Rounding of k additions of numbers up to 4, as a random walk.
    let tolerance = Double(T.ulpOfOne) * 16 * Double(k).squareRoot() * 4
    #expect(worst <= tolerance, "off by \(worst), transposes \(transposeA) \(transposeB), \(T.self)")

    let cuts = (0..<plan.blockCount).map { $0..<$0 + 1 }
    #expect(same(result, run(plan, a, b, cuts: cuts.reversed())), "the bits depend on how blocks are divided")
  }

  private struct BroadcastShape {
    let shape: [Int]
    init(_ a: [Int], _ b: [Int]) {
      let rank = max(a.count, b.count)
      let first = Array(repeating: 1, count: rank - a.count) + a
      let second = Array(repeating: 1, count: rank - b.count) + b
      shape = zip(first, second).map { max($0, $1) }
    }
  }

  @Test(arguments: products)
  func `a product is what three loops give, transposed or not, blocks divided anywhere`(product: Product) {
    for transposeA in [false, true] {
      for transposeB in [false, true] {
        check(product, transposeA: transposeA, transposeB: transposeB, Float.self)
        check(product, transposeA: transposeA, transposeB: transposeB, Double.self)
      }
    }
  }

  @Test func `random sizes multiply to what three loops give`() {
    var numbers = SeededGenerator(seed: 11)
    for _ in 0..<20 {
      let product = Product(
        m: .random(in: 1...90, using: &numbers), n: .random(in: 1...90, using: &numbers),
        k: .random(in: 1...150, using: &numbers))
      check(
        product, transposeA: .random(using: &numbers), transposeB: .random(using: &numbers), Float.self)
    }
  }

  @Test func `NaN and infinity pass through a product`() {
    let plan = MatmulPlan(m: 2, n: 2, k: 2)
    let result: [Float] = run(plan, [.nan, 0, .infinity, 1], [1, 2, 3, 4], cuts: [0..<1])
    #expect(result[0].isNaN && result[1].isNaN && result[2] == .infinity && result[3] == .infinity)
  }
}
