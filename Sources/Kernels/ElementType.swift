/// What the elements of a tensor are.
package enum ElementType: UInt8, CaseIterable, Sendable {
  case float32, float64, int32

  /// Bytes of one element.
  @inlinable package var byteCount: Int { self == .float64 ? 8 : 4 }
}
