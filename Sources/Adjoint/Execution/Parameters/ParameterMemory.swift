internal import GradientMemory

/// The memory of one parameter: its value and, where steps update it, as much again that its next value is computed
/// into. The two change places when a step has succeeded.
///
/// Runs and accesses read it, or one writer has it alone, as the claims of its ``ParameterStore`` say.
final class ParameterMemory: @unchecked Sendable {  // because the store's claims order all accesses
  let name: String
  let signature: Signature
  private let first: Buffer
  private var second: Buffer?
  /// Where the value lies.
  private(set) var base: UnsafeMutableRawPointer
  /// Where the next value may be written.
  private(set) var spare: UnsafeMutableRawPointer?

  init(
    _ name: String, _ signature: Signature, _ initializer: Initializer, from arena: BufferArena
  ) throws(MemoryLimitExceeded) {
    self.name = name
    self.signature = signature
    first = try arena.allocate(byteCount: signature.byteCount)
    base = first.base
    initializer.write(to: base, shape: signature.shape, as: signature.elementType)
  }

  func makeSpare(from arena: BufferArena) throws(MemoryLimitExceeded) -> UnsafeMutableRawPointer {
    if let spare { return spare }
    let memory = try arena.allocate(byteCount: signature.byteCount)
    let base = memory.base
    second = consume memory
    spare = base
    return base
  }

  /// Makes the spare memory the value, and the value the spare memory.
  func exchange() {
    guard let next = spare else { preconditionFailure("A parameter without spare memory has no next value") }
    spare = base
    base = next
  }
}

extension Signature {
  var byteCount: Int { shape.elementCount * elementType.byteCount }
}
