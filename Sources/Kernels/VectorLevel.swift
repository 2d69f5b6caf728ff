internal import CKernels

/// The vectors that kernels are computed with. Bits are the same at each.
package enum VectorLevel: Int32, CaseIterable, Sendable {
  /// Of whatever every processor of the kind has.
  case plain
  /// Of 128 bits: NEON.
  case bits128
  /// Of 256 bits: AVX2 with fused multiply-adds.
  case bits256
  /// Of 512 bits: AVX-512.
  case bits512

  /// The processor's best, or the less that the environment's `ADJOINT_VECTOR` asks for, unless another is in use.
  package static var current: VectorLevel { VectorLevel(rawValue: adj_vector_level()) ?? .plain }

  /// Those that this processor can do, the best first.
  package static var available: [VectorLevel] { allCases.reversed().filter { adj_has_vector_level($0.rawValue) != 0 } }

  /// Whether this processor can do it.
  package var isAvailable: Bool { adj_has_vector_level(rawValue) != 0 }

  /// Computes with these vectors from now on, in all threads: what is under way ends with either. For tests.
  package func use() { adj_set_vector_level(rawValue) }
}
