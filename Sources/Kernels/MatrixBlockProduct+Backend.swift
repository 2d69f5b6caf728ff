internal import CKernels

#if BLAS && canImport(Darwin)
  internal import Accelerate
#elseif BLAS && os(Linux)
  internal import COpenBLAS
  internal import Foundation
#endif

// The only file that knows which library multiplies matrices.

extension MatrixBlockProduct {
  #if BLAS && (canImport(Darwin) || os(Linux))
    /// A library gets one block at a time: its bits may depend on what it is given.
    static let mergesBlocks = false

    func run() {
      #if os(Linux)
        Self.tellOfMisfit
      #endif
      if plan.n == 1 {
        timesVector()
      } else if plan.m == 1 {
        vectorTimes()
      } else {
        multiplyBlock()
      }
    }

    /// n = 1: each row of A times the vector B. Never given to BLAS, whose products with vectors have thresholds of
    /// their own.
    private func timesVector() {
      adj_matrix_vector(
        type.rawValue, height, plan.k, blockOfA(depth: 0), plan.transposeA ? 1 : strideA, plan.transposeA ? strideA : 1,
        b, 1, output, 1)
    }

    /// m = 1: the vector A times each column of B.
    private func vectorTimes() {
      adj_matrix_vector(
        type.rawValue, plan.n, plan.k, b, plan.transposeB ? strideB : 1, plan.transposeB ? 1 : strideB, a, 1, output, 1)
    }

    /// Blocks small enough that OpenBLAS works on the calling thread; see ``MatmulPlan/blockWork``.
    private func multiplyBlock() {
      for depth in stride(from: 0, to: plan.k, by: plan.blockDepth) {
        for left in stride(from: 0, to: block.width, by: plan.blockWidth) {
          multiply(
            depth: depth, k: min(plan.blockDepth, plan.k - depth), left: left,
            n: min(plan.blockWidth, block.width - left))
        }
      }
    }

    private func multiply(depth: Int, k: Int, left: Int, n: Int) {
      let orderA = plan.transposeA ? CblasTrans : CblasNoTrans
      let orderB = plan.transposeB ? CblasTrans : CblasNoTrans
      let (a, b) = (blockOfA(depth: depth), blockOfB(depth: depth, left: block.left + left))
      let (m, n, k) = (CInt(height), CInt(n), CInt(k))
      let (lda, ldb, ldc) = (CInt(strideA), CInt(strideB), CInt(plan.n))
      if type.isDouble {
        cblas_dgemm(
          CblasRowMajor, orderA, orderB, m, n, k, 1, a.assumingMemoryBound(to: Double.self), lda,
          b.assumingMemoryBound(to: Double.self), ldb, depth == 0 && !accumulates ? 0 : 1,
          output.assumingMemoryBound(to: Double.self) + left, ldc)
      } else {
        cblas_sgemm(
          CblasRowMajor, orderA, orderB, m, n, k, 1, a.assumingMemoryBound(to: Float.self), lda,
          b.assumingMemoryBound(to: Float.self), ldb, depth == 0 && !accumulates ? 0 : 1,
          output.assumingMemoryBound(to: Float.self) + left, ldc)
      }
    }
  #else
    /// No bit depends on what is multiplied together, and what is laid out for one block then serves all.
    static let mergesBlocks = true

    func run() { multiplyOurselves() }
  #endif
}

extension MatmulPlan {
  /// Whether products are this package's own, whose bits are the same everywhere, and not a library's.
  package static var areProductsOurs: Bool {
    #if BLAS && (canImport(Darwin) || os(Linux))
      false
    #else
      true
    #endif
  }

  /// What multiplies matrices, as far as bits depend on it.
  package static var productLibrary: String {
    #if BLAS && canImport(Darwin)
      "Accelerate"
    #elseif BLAS && os(Linux)
      "OpenBLAS for \(MatrixBlockProduct.core)"
    #else
      "Adjoint's own"
    #endif
  }
}

/// The sizes of C's block for which the library is fast.
struct FavouredBlock: Sendable {
  let height, width: Int
  /// Whether a block may be made larger where the sum over k is short.
  var mayGrow = true
}

extension MatrixBlockProduct {
  /// What depends on the processor here is its kind, never a measurement: the bits of a product stay those of the
  /// machine.
  static func favouredBlock(k: Int, transposeA: Bool, transposeB: Bool) -> FavouredBlock {
    #if BLAS && os(Linux)
      // OpenBLAS's kernels that pack nothing take A · Bᵀ for at most 1,200 elements of C and k of at least 32
      // (`sgemm_small_kernel_permit_skylakex.c`), and are a fifth to a half faster than those that pack:
      // Decisions/Kernels.md.
      if hasUnpackedKernels && transposeB && !transposeA && k >= 32 {
        return FavouredBlock(height: 32, width: 32, mayGrow: false)  // Decisions/Kernels.md
      }
    #endif
    return FavouredBlock(height: 64, width: 64)  // Decisions/Kernels.md
  }

  #if BLAS && os(Linux)
    /// The processor that OpenBLAS has kernels for and takes this one for.
    fileprivate static let core = String(cString: openblas_get_corename())

    /// Whether OpenBLAS uses its kernels for 512-bit vectors.
    private static let hasUnpackedKernels = cores512.contains(core)

    /// Says once, on the standard error, that OpenBLAS does not know the processor and leaves its vectors unused.
    private static let tellOfMisfit: Void = {
      guard let sentence = misfit(of: core, VectorLevel.current) else { return }
      FileHandle.standardError.write(Data("Adjoint: \(sentence)\n".utf8))
    }()
  #endif

  /// The processors whose kernels use vectors of 512 bits.
  private static let cores512 = ["SkylakeX", "Cooperlake", "SapphireRapids"]

  /// What is wrong with the kernels that OpenBLAS has chosen for a processor with such vectors; `nil` if they fit.
  static func misfit(of core: String, _ level: VectorLevel) -> String? {
    let fitting: [String]
    switch level {
    case .bits512: fitting = cores512
    case .bits256: fitting = cores512 + ["Haswell", "Zen"]
    case .plain, .bits128: return nil
    }
    if fitting.contains(core) { return nil }
    return "OpenBLAS takes this processor for \(core) and leaves its vectors of \(level == .bits512 ? 512 : 256) bits "
      + "unused; without the trait BLAS products are faster"
  }
}
