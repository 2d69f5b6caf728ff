import CKernels
import DependencyScheduling
import Foundation
import Testing

@testable import Kernels

/// Packed matrices: where each element lies, and that a product which reads them has the bits of the product.
@Suite(.timeLimit(.minutes(20))) struct PackingTests {
  private static let levels = VectorLevel.allCases.filter(\.isAvailable)
  /// Around panels of either type, the squares that are turned at once, and chunks.
  private static let columns = [1, 7, 8, 9, 15, 16, 17, 33, 70, 131], rows = [1, 3, 8, 15, 16, 17, 31, 255, 257, 520]

  /// B with NaN between its rows, at the end of memory behind which nothing can be read.
  private static func matrix<T: KernelFloat>(n: Int, k: Int, isTransposed: Bool, gap: Int = 0) -> GuardedMatrix<T> {
    var numbers = SeededGenerator(seed: UInt64(n * 1_000 + k))
    return GuardedMatrix(isTransposed ? n : k, isTransposed ? k : n, gap: gap) {
      T(Int.random(in: -1_000...1_000, using: &numbers)) / 700
    }
  }

  /// All panels of B, packed in one go or one by one, at the end of memory behind which nothing can be written.
  private static func packed<T: KernelFloat>(
    _ b: GuardedMatrix<T>, _ plan: PackingPlan, _ level: VectorLevel, inParts: Bool = false
  ) -> GuardedMatrix<T> {
    let panels = GuardedMatrix<T>(1, plan.resultCount, gap: 0) { .nan }
    let ranges = inParts ? (0..<plan.panelCount).reversed().map { $0..<$0 + 1 } : [0..<plan.panelCount]
    for range in ranges {
      adj_pack(
        T.elementType.rawValue, level.rawValue, plan.isTransposed ? 1 : 0, plan.n, plan.k, b.elements, b.stride,
        panels.elements, range.lowerBound, range.upperBound)
    }
    return panels
  }

  private func checkPlaces<T: KernelFloat>(_: T.Type, n: Int, k: Int, isTransposed: Bool) {
    let plan = PackingPlan(n: n, k: k, isTransposed: isTransposed, T.elementType)
    let b: GuardedMatrix<T> = Self.matrix(n: n, k: k, isTransposed: isTransposed, gap: n % 3)
    let expected = GuardedMatrix<T>(1, plan.resultCount, gap: 0) { 0 }
    for j in 0..<n {
      for p in 0..<k {
        expected.elements[(j / plan.lanes * k + p) * plan.lanes + j % plan.lanes] = isTransposed ? b[j, p] : b[p, j]
      }
    }
    for level in Self.levels {
      for inParts in [false, true] {
        let isIdentical = Self.packed(b, plan, level, inParts: inParts).isIdentical(to: expected)
        #expect(isIdentical, "\(k) x \(n), \(T.self), transposed \(isTransposed), at \(level)")
      }
    }
  }

  @Test(arguments: [false, true]) func `each element lies in its panel, and zeros lie beside the last columns`(
    isTransposed: Bool
  ) {
    for n in Self.columns {
      for k in Self.rows {
        checkPlaces(Float.self, n: n, k: k, isTransposed: isTransposed)
        checkPlaces(Double.self, n: n, k: k, isTransposed: isTransposed)
      }
    }
  }

  private struct Form {
    let transposesA: Bool, transposesB: Bool, adds: Bool
    init(_ number: Int) { (transposesA, transposesB, adds) = (number & 1 == 1, number & 2 == 2, number & 4 == 4) }
  }

  private func check<T: KernelFloat>(_: T.Type, m: Int, n: Int, k: Int, _ number: Int) {
    let form = Form(number)
    var numbers = SeededGenerator(seed: UInt64(m * 10_000 + n * 100 + k))
    func next() -> T { T(Int.random(in: -1_000...1_000, using: &numbers)) / 700 }
    let a = form.transposesA ? GuardedMatrix<T>(k, m, gap: 0, next) : GuardedMatrix(m, k, gap: 0, next)
    let b: GuardedMatrix<T> = Self.matrix(n: n, k: k, isTransposed: form.transposesB)
    let c = GuardedMatrix<T>(m, n, gap: number % 3, next)
    let plan = PackingPlan(n: n, k: k, isTransposed: form.transposesB, T.elementType)
    let expected = c.copy()
    adj_product(
      T.elementType.rawValue, VectorLevel.plain.rawValue, form.transposesA ? 1 : 0, form.transposesB ? 1 : 0, m, n, k,
      a.elements, a.stride, b.elements, b.stride, expected.elements, expected.stride, form.adds ? 1 : 0)
    let panels = Self.packed(b, plan, .plain)
    for level in Self.levels {
      let result = c.copy()
      adj_product_packed(
        T.elementType.rawValue, level.rawValue, form.transposesA ? 1 : 0, m, n, k, a.elements, a.stride,
        panels.elements,
        result.elements, result.stride, form.adds ? 1 : 0)
      let isIdentical = result.isIdentical(to: expected)
      #expect(isIdentical, "form \(number) of \(m) x \(k) and \(k) x \(n), \(T.self), at \(level)")
    }
  }

  @Test func `a product of panels has the definition's bits, around the sizes of tiles, vectors and chunks`() {
    var number = 0
    for m in [1, 2, 3, 4, 6, 7, 13, 14, 15, 29] {
      for n in Self.columns {
        for k in [1, 16, 17, 255, 257] {
          number += 1
          check(Float.self, m: m, n: n, k: k, number)
          check(Double.self, m: m, n: n, k: k, number / 8 + number)
        }
      }
    }
    for number in 0..<8 {
      for (m, n, k) in [(130, 66, 9), (300, 1, 258), (40, 70, 520), (129, 40, 300), (5, 300, 600)] {
        check(Float.self, m: m, n: n, k: k, number)
        check(Double.self, m: m, n: n, k: k, number)
      }
    }
  }

  /// Sizes of plans whose blocks are narrower than B, some of them no whole panels.
  static let plans: [MatmulPlan] = [true, false].flatMap { transposeB in
    [
      MatmulPlan(m: 150, n: 300, k: 70, transposeB: transposeB),
      MatmulPlan(m: 5, n: 600, k: 512, transposeB: transposeB),
      MatmulPlan(m: 16, n: 128, k: 512, transposeB: transposeB), MatmulPlan(m: 1, n: 70, k: 33, transposeB: transposeB),
      MatmulPlan(m: 30, n: 40, k: 20, transposeA: true, transposeB: transposeB, batchA: [3]),
      MatmulPlan(m: 37, n: 90, k: 300, transposeA: true, transposeB: transposeB),
    ]
  }

  private func checkBlocks<T: KernelFloat>(_ plan: MatmulPlan, _: T.Type) throws {
    let packing = try #require(plan.packing(T.elementType))
    let packed = plan.reading(packing)
    #expect(packed.packing(T.elementType) == nil, "panels are not packed again")
    var numbers = SeededGenerator(seed: UInt64(plan.m * plan.n + plan.k))
    func next() -> T { T(Int.random(in: -1_000...1_000, using: &numbers)) / 700 }
    let a = GuardedMatrix<T>(1, plan.rowCount * plan.k, gap: 0, next)
    let b: GuardedMatrix<T> = Self.matrix(n: plan.n, k: plan.k, isTransposed: plan.transposeB)
    let panels = GuardedMatrix<T>(1, packing.resultCount, gap: 0) { .nan }
    runPacking(plan: packing, input: b.elements, output: panels.elements, panels: 0..<packing.panelCount)
    let expected = GuardedMatrix<T>(1, plan.resultCount, gap: 0) { 0 }
    for row in 0..<plan.blockCount {
      // Block by block in their place: what a library computes of them is not asked.
      let block = plan.block(row)
      MatrixBlockProduct(
        type: T.elementType, plan: plan, accumulates: false, block: block,
        a: a.elements + plan.offsetsA[block.batch], b: b.elements + plan.offsetsB[block.batch],
        output: expected.elements + (block.batch * plan.m + block.top) * plan.n + block.left
      ).multiplyOurselves()
    }
    let count = packed.blockCount
    let divisions = [[0..<count], (0..<count).reversed().map { $0..<$0 + 1 }, [0..<count / 2, count / 2..<count]]
    for parts in divisions {
      let result = GuardedMatrix<T>(1, plan.resultCount, gap: 0) { .nan }
      for part in parts where !part.isEmpty {
        // What a part does not say that it reads is nothing that it may multiply by.
        let seen = panels.copy(), read = packed.elementsOfB(for: part)
        for element in 0..<packing.resultCount where !read.contains(element) { seen.elements[element] = .nan }
        runMatmul(
          T.elementType, plan: packed, a: a.elements, b: seen.elements, output: result.elements, blocks: part)
      }
      let isIdentical = result.isIdentical(to: expected)
      #expect(isIdentical, "\(plan), \(T.self), in \(parts.count) parts")
    }
  }

  @Test(arguments: plans) func `blocks of a product of panels are those of the product`(plan: MatmulPlan) throws {
    try checkBlocks(plan, Float.self)
    try checkBlocks(plan, Double.self)
  }

  @Test func `different matrices of a batch are not packed`() {
    #expect(MatmulPlan(m: 3, n: 40, k: 20, batchA: [4], batchB: [4]).packing(.float32) == nil)
    #expect(MatmulPlan(m: 3, n: 40, k: 20, batchA: [4], batchB: [1]).packing(.float32) != nil)
  }

  @Test func `parts read and write neighbouring elements, all of them together`() {
    for isTransposed in [false, true] {
      let plan = PackingPlan(n: 70, k: 11, isTransposed: isTransposed, .float64)
      #expect(plan.lanes == 8 && plan.panelCount == 9 && plan.resultCount == 9 * 8 * 11)
      #expect(plan.elementsWritten(for: 2..<4) == 2 * 88..<4 * 88)
      #expect(plan.elementsRead(for: 0..<9) == 0..<770)
      #expect(plan.elementsRead(for: 8..<9) == (isTransposed ? 64 * 11..<770 : 64..<770))
    }
  }

  @Test func `a matrix is read once for a hundred and some rows, or by each part`() {
    let plan = MatmulPlan(m: 512, n: 128, k: 512, transposeB: true)
    #expect(plan.readings(inParts: 1) == 4 && plan.readings(inParts: 8) == 8)
    #expect(MatmulPlan(m: 16, n: 128, k: 512, transposeB: true).readings(inParts: 1) == 1)
  }
}
