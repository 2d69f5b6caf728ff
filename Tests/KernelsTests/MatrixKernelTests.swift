import CKernels
import DependencyScheduling
import Foundation
import Kernels
import Testing

/// The package's own products, whichever library the plan uses: the definition against three loops, and each kind of
/// vectors against the definition, bit for bit, in every size around those of tiles, vectors and chunks.
@Suite(.timeLimit(.minutes(20))) struct MatrixKernelTests {
  private typealias Matrix = GuardedMatrix

  private struct Form: CustomStringConvertible {
    let transposesA: Bool, transposesB: Bool, adds: Bool
    init(_ number: Int) { (transposesA, transposesB, adds) = (number & 1 == 1, number & 2 == 2, number & 4 == 4) }
    var description: String { "A\(transposesA ? "ᵀ" : "") · B\(transposesB ? "ᵀ" : "")\(adds ? ", added" : "")" }
  }

  private struct Product<T: KernelFloat> {
    let m: Int, n: Int, k: Int, form: Form
    let a: Matrix<T>, b: Matrix<T>, c: Matrix<T>

    init(m: Int, n: Int, k: Int, _ form: Form, gap: Int = 0) {
      (self.m, self.n, self.k, self.form) = (m, n, k, form)
      var numbers = SeededGenerator(seed: UInt64(m * 10_000 + n * 100 + k))
      // Of both signs, so that sums cancel; a few as small as they come.
      func number() -> T {
        let number = T(Int.random(in: -1_000...1_000, using: &numbers)) / 700
        return Int.random(in: 0..<200, using: &numbers) == 0 ? number * .leastNormalMagnitude : number
      }
      a = form.transposesA ? Matrix(k, m, gap: gap, number) : Matrix(m, k, gap: gap, number)
      b = form.transposesB ? Matrix(n, k, gap: gap, number) : Matrix(k, n, gap: gap, number)
      c = Matrix(m, n, gap: gap, number)
    }

    func computed(at level: VectorLevel) -> Matrix<T> {
      let result = c.copy()
      adj_product(
        T.elementType.rawValue, level.rawValue, form.transposesA ? 1 : 0, form.transposesB ? 1 : 0, m, n, k, a.elements,
        a.stride, b.elements, b.stride, result.elements, result.stride, form.adds ? 1 : 0)
      return result
    }

    /// Chunks of 256 along k, each one chain of fused multiply-adds from +0, added in order; then what was there.
    func defined() -> Matrix<T> {
      let result = c.copy()
      for i in 0..<m {
        for j in 0..<n {
          var total: T?
          for first in stride(from: 0, to: k, by: 256) {
            var chunk = 0 as T
            for p in first..<min(first + 256, k) {
              chunk.addProduct(form.transposesA ? a[p, i] : a[i, p], form.transposesB ? b[j, p] : b[p, j])
            }
            total = total.map { $0 + chunk } ?? chunk
          }
          result[i, j] = form.adds ? c[i, j] + total! : total!
        }
      }
      return result
    }

    func check(_ levels: [VectorLevel]) {
      let defined = computed(at: .plain)
      for level in levels where !computed(at: level).isIdentical(to: defined) {
        Issue.record("\(form) of \(m) x \(k) and \(k) x \(n), \(T.self), at \(level)")
      }
    }
  }

  private static let levels = VectorLevel.allCases.filter { $0 != .plain && $0.isAvailable }

  @Test func `the definition is what three loops of fused multiply-adds give`() {
    for number in 0..<8 {
      for (m, n, k) in [(1, 1, 1), (3, 2, 5), (1, 4, 255), (2, 3, 256), (3, 1, 257), (2, 2, 700)] {
        let single = Product<Float>(m: m, n: n, k: k, Form(number), gap: 3)
        #expect(single.computed(at: .plain).isIdentical(to: single.defined()), "\(single.form), k \(k)")
        let double = Product<Double>(m: m, n: n, k: k, Form(number), gap: 3)
        #expect(double.computed(at: .plain).isIdentical(to: double.defined()), "\(double.form), k \(k)")
      }
    }
  }

  @Test func `every kind of vectors gives the definition's bits, around the sizes of tiles and vectors`() {
    var number = 0
    for m in [1, 2, 3, 4, 6, 7, 8, 13, 14, 15, 29] {
      for n in [1, 2, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 127, 129, 131] {
        for k in [1, 3, 16, 17] {
          number += 1
          Product<Float>(m: m, n: n, k: k, Form(number), gap: number % 4).check(Self.levels)
          Product<Double>(m: m, n: n, k: k, Form(number / 8 + number), gap: number % 3).check(Self.levels)
        }
      }
    }
  }

  @Test(arguments: 0..<8) func `so they do of deep and of tall products`(number: Int) {
    let sizes = [
      (1, 40, 255), (2, 17, 256), (5, 33, 257), (7, 5, 513), (14, 70, 300), (33, 3, 600), (129, 6, 20), (130, 66, 9),
      (65, 80, 260), (300, 1, 258), (1, 300, 258), (40, 70, 520),
    ]
    for (m, n, k) in sizes {
      Product<Float>(m: m, n: n, k: k, Form(number)).check(Self.levels)
      Product<Double>(m: m, n: n, k: k, Form(number)).check(Self.levels)
    }
  }

  /// Elements of B are turned on their way to the sums: pieces of every length, and columns that are summed twice.
  @Test(arguments: 1...9) func `so they do of few rows of a transposed matrix`(m: Int) {
    for k in [4, 5, 6, 7, 15, 18, 255, 258, 515] {
      for n in [8, 9, 15, 16, 17, 31, 35] {
        for number in 0..<8 where k < 20 || number & 2 == 2 {
          Product<Float>(m: m, n: n, k: k, Form(number), gap: number % 3).check(Self.levels)
          Product<Double>(m: m, n: n, k: k, Form(number), gap: number % 3).check(Self.levels)
        }
      }
    }
  }

  private typealias Size = (m: Int, n: Int, k: Int, gap: Int)

  /// The ways in which a product is worked, each by a size that takes it in float32 and one in float64.
  private static let ways: [(name: String, form: Int, single: Size, double: Size)] = [
    ("a row in pieces", 0, (1, 2070, 300, 1), (1, 1046, 300, 1)),
    ("its last piece narrower than a vector, added", 4, (1, 4097, 9, 0), (1, 4097, 9, 0)),
    ("a column, exchanged", 1, (300, 1, 270, 2), (300, 1, 270, 2)),
    ("few rows of a B of 8 MB", 0, (3, 2051, 1030, 0), (3, 2051, 520, 0)),
    ("few rows of a B of 2 MB whose rows are in different sets", 0, (5, 1100, 500, 3), (5, 550, 500, 3)),
    ("few rows of a transposed B, themselves across and deep", 3, (4, 16, 60_000, 0), (4, 8, 30_000, 0)),
    ("few rows of such a B, added", 5, (2, 8210, 256, 0), (2, 8210, 130, 0)),
    ("rows of B in the same sets of a cache", 0, (49, 1000, 270, 24), (49, 500, 270, 12)),
    ("whole strips of them, added", 4, (50, 1024, 20, 0), (50, 512, 20, 0)),
    ("a shallow product", 1, (49, 500, 10, 12), (49, 250, 10, 6)),
    ("a B of more than 1 MB", 0, (49, 530, 500, 0), (49, 270, 500, 0)),
    ("rows of A in the same sets", 0, (20, 33, 1000, 24), (20, 33, 500, 12)),
    ("rows in the place of columns", 1, (200, 20, 40, 3), (200, 10, 40, 3)),
    ("a chunk and one more", 0, (16, 32, 257, 0), (16, 32, 257, 0)),
  ]

  @Test func `so they do where caches decide how a product is worked`() {
    for way in Self.ways {
      let (single, double) = (way.single, way.double)
      Product<Float>(m: single.m, n: single.n, k: single.k, Form(way.form), gap: single.gap).check(Self.levels)
      Product<Double>(m: double.m, n: double.n, k: double.k, Form(way.form), gap: double.gap).check(Self.levels)
    }
  }

  @Test func `a NaN or an infinity reaches its row, its column, and no other element`() {
    for number in 0..<8 {
      for (place, value) in [(0, Float.nan), (7, .infinity), (12, -.infinity), (18, .nan)] {
        let product = Product<Float>(m: 13, n: 21, k: 19, Form(number))
        if product.form.transposesA { product.a[place, 5] = value } else { product.a[5, place] = value }
        for level in Self.levels + [.plain] {
          let result = product.computed(at: level)
          for i in 0..<13 {
            for j in 0..<21 { #expect(result[i, j].isFinite == (i != 5), "\(product.form), \(level), [\(i), \(j)]") }
          }
        }
      }
    }
  }

  @Test(arguments: [(10, 70), (33, 300), (1, 40)]) func `a row of a product is that of any other with this row`(
    n: Int, k: Int
  ) {
    for level in Self.levels + [.plain] {
      for number in 0..<8 where number & 1 == 0 {
        let whole = Product<Float>(m: 70, n: n, k: k, Form(number))
        let result = whole.computed(at: level)
        for rows in 1...70 {
          let part = Matrix<Float>(rows, n, gap: 0) { 0 }
          part.elements.update(from: whole.c.elements, count: rows * n)
          adj_product(
            0, level.rawValue, 0, whole.form.transposesB ? 1 : 0, rows, n, k, whole.a.elements, k, whole.b.elements,
            whole.b.stride, part.elements, n, whole.form.adds ? 1 : 0)
          let isSame = memcmp(part.elements, result.elements, rows * n * 4) == 0
          #expect(isSame, "\(rows) rows of \(whole.form), \(level)")
          if level == .plain, rows > 5 { break }
        }
      }
    }
  }

  @Test func `a product is what its blocks are, divided in any way`() {
    let plan = MatmulPlan(m: 150, n: 300, k: 70)
    let product = Product<Float>(m: 150, n: 300, k: 70, Form(0))
    func run(_ parts: [Range<Int>]) -> Matrix<Float> {
      let result = product.c.copy()
      for part in parts {
        runMatmul(
          .float32, plan: plan, a: product.a.elements, b: product.b.elements, output: result.elements, blocks: part)
      }
      return result
    }
    let whole = run([0..<plan.blockCount])
    #expect(plan.blockCount > 3)
    #expect(run((0..<plan.blockCount).reversed().map { $0..<$0 + 1 }).isIdentical(to: whole))
    let vector = Product<Float>(m: 1, n: 300, k: 70, Form(2)), column = Product<Float>(m: 300, n: 1, k: 70, Form(0))
    for (product, plan) in [
      (vector, MatmulPlan(m: 1, n: 300, k: 70, transposeB: true)), (column, MatmulPlan(m: 300, n: 1, k: 70)),
    ] {
      let result = product.c.copy()
      runMatmul(
        .float32, plan: plan, a: product.a.elements, b: product.b.elements, output: result.elements,
        blocks: 0..<plan.blockCount)
      let own = product.computed(at: .plain)
      for place in 0..<300 { #expect((result.elements[place] - own.elements[place]).magnitude < 1e-4) }
    }
  }
}
