/// A matrix product C = A · B, or many of them, and the blocks it is worked in.
///
/// A is m × k (stored k × m if transposed), B is k × n (stored n × k if transposed), C is m × n, all row-major. Batches
/// broadcast like shapes: one B for a batch of A is one product of all rows together.
///
/// C is worked in blocks whose boundaries follow from the sizes alone, batch after batch, from left to right and from
/// top to bottom. They can be divided among threads in any way, and the bits come out the same.
///
/// ```swift
/// let plan = MatmulPlan(m: 128, n: 512, k: 784)
/// runMatmul(.float32, plan: plan, a: images, b: weights, output: hidden, blocks: 0..<plan.blockCount)
/// ```
package struct MatmulPlan: Sendable, Equatable {
  package let m, n, k: Int
  package let transposeA, transposeB: Bool
  /// Where the matrices of each batch begin, in elements.
  let offsetsA, offsetsB: [Int]
  /// The block C is worked in: its height and width, and what one call of the library computes of it.
  private let blockHeight: Int
  private var stripWidth: Int
  /// Columns of a panel of a packed B; 0 if B lies as matrices do.
  package private(set) var panelLanes = 0
  let blockWidth, blockDepth: Int

  /// Elements of C.
  package var resultCount: Int { offsetsA.count * m * n }

  /// Blocks over all batches.
  package var blockCount: Int { offsetsA.count * blocksDown * blocksAcross }
  private var blocksDown: Int { (m + blockHeight - 1) / blockHeight }
  /// Blocks from left to right: those with the same rows of A.
  package var blocksAcross: Int { (n + stripWidth - 1) / stripWidth }

  /// Whether A is a single row, or one for each matrix of a batch.
  package var isRow: Bool { m == 1 }

  /// Blocks whose elements of C lie beside one another, wherever the first of them is: whole rows of blocks, or any of
  /// single rows.
  package var blocksTogether: Int { isRow ? 1 : blocksAcross }

  /// Where a block of C lies within the matrix of its batch.
  struct Block {
    let batch, top, left, height, width: Int
  }

  func block(_ index: Int) -> Block {
    let (row, across) = index.quotientAndRemainder(dividingBy: blocksAcross)
    let (batch, down) = row.quotientAndRemainder(dividingBy: blocksDown)
    let (top, left) = (down * blockHeight, across * stripWidth)
    return Block(
      batch: batch, top: top, left: left, height: min(blockHeight, m - top), width: min(stripWidth, n - left))
  }

  /// The largest rectangle of blocks that begins with block `first` and ends below block `end`, and its number of
  /// blocks: whole rows of blocks within one batch, or a piece of one row.
  func rectangle(from first: Int, below end: Int) -> (block: Block, count: Int) {
    let across = first % blocksAcross
    let down = blocksDown - first / blocksAcross % blocksDown
    let rows = across == 0 ? min((end - first) / blocksAcross, down) : 0
    let count = rows > 0 ? rows * blocksAcross : min(end - first, blocksAcross - across)
    let (start, last) = (block(first), block(first + count - 1))
    let rectangle = Block(
      batch: start.batch, top: start.top, left: start.left, height: last.top + last.height - start.top,
      width: last.left + last.width - start.left)
    return (rectangle, count)
  }

  /// Multiply-adds of a block, at most.
  ///
  /// OpenBLAS starts threads of its own above m · n · k = 65,536 · 4 (`SMP_THRESHOLD_MIN` and
  /// `GEMM_MULTITHREAD_THRESHOLD` in its `interface/gemm.c`). Calls stay at or below it, so that its thread setting,
  /// which belongs to the host, is neither needed nor touched. Blocks of 64 cubed lose little to one large call.
  static let blockWork = 262_144  // Decisions/Kernels.md
  /// A product of few blocks that each sum over so much has them no wider than a call, so that several workers find some.
  /// The calls, and with them the bits, stay the same.
  private static let deepBlocks = 4, deepWork = 4_194_304  // Decisions/Kernels.md
  /// A product of so much that all its rows would be one row of blocks has two, so that the rows of a batch can go through
  /// a recurrent network side by side. Calls of eight rows are as fast as calls of sixteen.
  private static let leastRows = 8, halvedWork = 1_048_576  // Decisions/Kernels.md

  /// Columns of a block of a product of one row, whose columns several workers may share; `nil` for a library, which is
  /// given all of them.
  private static let columnsOfRow = areProductsOurs ? 128 : nil  // Decisions/Kernels.md

  /// - Parameters:
  ///   - batchA: the axes of A before its last two; `batchB` those of B. A caller's mistake if they do not broadcast.
  package init(
    m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, batchA: [Int] = [], batchB: [Int] = []
  ) {
    precondition(m >= 1 && n >= 1 && k >= 1, "A matrix product needs sizes of at least 1, got \(m) x \(n) x \(k)")
    let batch = Self.broadcast(batchA, batchB)
    let offsetsA = Self.offsets(of: batchA, under: batch, matrixSize: m * k)
    let offsetsB = Self.offsets(of: batchB, under: batch, matrixSize: k * n)
    let oneB = offsetsB.allSatisfy { $0 == 0 }
    let rowsOfAFollow = !transposeA && offsetsA.indices.allSatisfy { offsetsA[$0] == $0 * m * k }
    let merged = oneB && rowsOfAFollow
    self.m = merged ? m * offsetsA.count : m
    self.n = n
    self.k = k
    self.transposeA = transposeA
    self.transposeB = transposeB
    self.offsetsA = merged ? [0] : offsetsA
    self.offsetsB = merged ? [0] : offsetsB
    let block = MatrixBlockProduct.favouredBlock(k: k, transposeA: transposeA, transposeB: transposeB)
    var width = min(n, block.width)
    let depth = min(k, Self.blockWork / (min(self.m, block.height) * width))
    width = min(n, block.mayGrow ? Self.blockWork / (min(self.m, block.height) * depth) : width)
    blockWidth = width
    blockDepth = depth
    // Narrow products get taller blocks: a call should be worth more than its overhead.
    let tallest = min(256, Self.blockWork / (width * depth) / 16 * 16)  // Decisions/Kernels.md
    let height = min(self.m, block.mayGrow ? max(block.height, tallest) : block.height)
    let isHalved = !transposeA && height == self.m && height >= 2 * Self.leastRows && height * n * k >= Self.halvedWork
    blockHeight = isHalved ? (height + 1) / 2 : height
    let strip = min(n, self.m == 1 ? Self.columnsOfRow ?? n : max(width, 128 / width * width))  // Decisions/Kernels.md
    let blocks = self.offsetsA.count * ((self.m + blockHeight - 1) / blockHeight) * ((n + strip - 1) / strip)
    let isDeep = self.m > 1 && blocks < Self.deepBlocks && blockHeight * strip * k > Self.deepWork
    stripWidth = isDeep ? min(n, width) : strip
    _checkInvariants()
  }

  /// The same, in blocks whose first columns are those of panels of B.
  func inPanels(of lanes: Int) -> MatmulPlan {
    var plan = self
    plan.panelLanes = lanes
    if stripWidth < n { plan.stripWidth = max(lanes, stripWidth / lanes * lanes) }
    return plan
  }

  func _checkInvariants() {
    assert(blockHeight >= 1 && blockWidth >= 1 && blockDepth >= 1)
    assert(blockHeight * blockWidth * blockDepth <= Self.blockWork)
    assert(offsetsA.count == offsetsB.count)
  }

  private static func broadcast(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    return (0..<rank).map { axis in
      let first = axis - (rank - a.count) < 0 ? 1 : a[axis - (rank - a.count)]
      let second = axis - (rank - b.count) < 0 ? 1 : b[axis - (rank - b.count)]
      precondition(first == second || first == 1 || second == 1, "The batches \(a) and \(b) do not broadcast")
      return max(first, second)
    }
  }

  private static func offsets(of own: [Int], under batch: [Int], matrixSize: Int) -> [Int] {
    var offsets = [0]
    let strides = StridedLayout.rowMajorStrides(of: own)
    for (axis, size) in batch.enumerated() {
      let mine = axis - (batch.count - own.count)
      let stride = mine < 0 || own[mine] == 1 ? 0 : strides[mine] * matrixSize
      offsets = offsets.flatMap { base in (0..<size).map { base + $0 * stride } }
    }
    return offsets
  }
}
