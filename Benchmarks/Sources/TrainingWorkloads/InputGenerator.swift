/// The inputs and weights of all programs that are compared: one 64-bit linear congruential generator a workload, its
/// upper 24 bits, arrays filled one after another in row-major order.
///
/// Scales are powers of two, so that every value is exact in float32 whoever computes it.
public struct InputGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  private mutating func draw() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 40)
  }

  /// Uniform in [-scale/2, scale/2).
  public mutating func uniform(_ count: Int, scale: Float) -> [Float] {
    (0..<count).map { _ in (Float(draw()) * 0x1p-24 - 0.5) * scale }
  }

  /// 1 plus a uniform value: a normalisation's gain.
  public mutating func gain(_ count: Int, scale: Float) -> [Float] {
    (0..<count).map { _ in 1 + (Float(draw()) * 0x1p-24 - 0.5) * scale }
  }

  public mutating func labels(_ count: Int, classes: UInt64) -> [Int32] {
    (0..<count).map { _ in Int32((UInt64(draw()) * classes) >> 24) }
  }
}
