internal import CKernels

/// How the right matrix of a product, B of k × n elements, is laid out for products that read it again and again.
///
/// Panels lie one behind the other: each has as many columns as 64 bytes have elements, beside one another, and all k
/// rows; zeros lie beside the last columns. That is what every kind of vectors reads of B at a time, so that one layout
/// serves all processors, and B transposed lies in it as B does. A product of a packed B gives the bits that it gives
/// of B where it lies.
package struct PackingPlan: Sendable, Hashable {
  /// Columns and rows of B.
  package let n, k: Int
  /// Whether B is stored n × k.
  package let isTransposed: Bool
  package let type: ElementType

  package init(n: Int, k: Int, isTransposed: Bool, _ type: ElementType) {
    precondition(n >= 1 && k >= 1, "A matrix to be packed has sizes of at least 1, got \(k) x \(n)")
    precondition(type.hasArithmetic, "Matrix products need floats")
    (self.n, self.k, self.isTransposed, self.type) = (n, k, isTransposed, type)
  }

  /// Columns of a panel.
  package var lanes: Int { Int(ADJ_PANEL_BYTES) / type.byteCount }
  package var panelCount: Int { (n + lanes - 1) / lanes }
  /// Elements of all panels.
  package var resultCount: Int { panelCount * k * lanes }

  /// The elements of B, as it is stored, that a range of panels is made of.
  package func elementsRead(for panels: Range<Int>) -> Range<Int> {
    if panels.isEmpty { return 0..<0 }
    let (left, right) = (panels.lowerBound * lanes, min(panels.upperBound * lanes, n))
    return isTransposed ? left * k..<right * k : left..<(k - 1) * n + right
  }

  /// The elements of the packed matrix that a range of panels is.
  package func elementsWritten(for panels: Range<Int>) -> Range<Int> {
    panels.lowerBound * k * lanes..<panels.upperBound * k * lanes
  }
}

/// Packs a range of the panels of B.
///
/// - Parameters:
///   - input: B at element 0.
///   - output: the first panel, in memory of ``PackingPlan/resultCount`` elements, of which those of the range are written.
///   - panels: any range below the plan's ``PackingPlan/panelCount``.
/// - Complexity: O(`panels.count` · lanes · k), on the calling thread alone.
package func runPacking(
  plan: PackingPlan, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, panels: Range<Int>
) {
  checkRange(panels, within: plan.panelCount)
  adj_pack(
    plan.type.rawValue, VectorLevel.current.rawValue, plan.isTransposed ? 1 : 0, plan.n, plan.k, input,
    plan.isTransposed ? plan.k : plan.n, output, panels.lowerBound, panels.upperBound)
}

extension MatmulPlan {
  /// How B may be packed; `nil` if batches multiply different matrices.
  package func packing(_ type: ElementType) -> PackingPlan? {
    guard offsetsB.allSatisfy({ $0 == 0 }), panelLanes == 0 else { return nil }
    return PackingPlan(n: n, k: k, isTransposed: transposeB, type)
  }

  /// The same product of a packed B: of the same bits, in blocks that are whole panels.
  package func reading(_ packing: PackingPlan) -> MatmulPlan {
    precondition(
      packing.n == n && packing.k == k && packing.isTransposed == transposeB && offsetsB.allSatisfy { $0 == 0 },
      "A product reads the panels of its own right matrix")
    return inPanels(of: packing.lanes)
  }

  /// Rows of all matrices A together.
  package var rowCount: Int { offsetsA.count * m }

  /// How often B is read, column by column, by a product in so many parts: each part lays out what it turns for some
  /// rows at a time.
  package func readings(inParts parts: Int) -> Int {
    max(min(parts, blockCount / blocksAcross), (rowCount + Self.rowsOfReading - 1) / Self.rowsOfReading)
  }

  /// The rows that are multiplied by what has been turned for them.
  private static let rowsOfReading = 128  // Decisions/Kernels.md
}
