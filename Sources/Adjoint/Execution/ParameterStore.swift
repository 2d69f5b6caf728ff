internal import GradientMemory

/// The values of parameters, by name: one store serves any number of sessions, also of different programs, such as one
/// that trains and one that predicts.
///
/// ```swift
/// let training = trainer.makeSession()
/// let serving = predictor.makeSession(parameters: training.parameters)
/// ```
/// Runs and reads share the store; a write needs it alone, and meets ``SessionError/busy(_:)`` while a run uses it.
public final class ParameterStore: Sendable {
  private let state = Locked(State())
  private let arena = BufferArena()

  private struct State: Sendable {
    var entries: [String: Entry] = [:]
    var readers = 0
    var isWriting = false
    var version = 0
  }

  private final class Entry: Sendable {
    let buffer: Buffer
    let signature: Signature
    init(_ buffer: consuming Buffer, _ signature: Signature) {
      self.buffer = buffer
      self.signature = signature
    }
  }

  public init() {}

  /// The names of all parameters held, sorted.
  public var names: [String] { state.withLock { $0.entries.keys.sorted() } }

  /// Counts the writes so far: a backward pass notices that parameters changed since its forward pass.
  var version: Int { state.withLock { $0.version } }

  /// The memory of the parameter `name`, made by `initializer` if the store does not hold it yet.
  ///
  /// - Throws: ``SessionError/wrongValues(_:)`` if it holds another shape or type under that name.
  func address(
    of name: String, _ signature: Signature, _ initializer: Initializer
  ) throws -> UnsafeMutableRawPointer {
    try state.withLock { state in
      if let entry = state.entries[name] {
        guard entry.signature == signature else {
          throw SessionError.wrongValues(
            "the parameter store holds \(name) as \(entry.signature.shape) \(entry.signature.elementType), "
              + "and the program wants \(signature.shape) \(signature.elementType)")
        }
        return entry.buffer.base
      }
      let count = signature.shape.elementCount
      let buffer = try arena.allocate(byteCount: count * signature.elementType.byteCount)
      let base = buffer.base
      initializer.elements(shape: signature.shape).write(to: base, count: count, as: signature.elementType)
      state.entries[name] = Entry(buffer, signature)
      return base
    }
  }

  func beginReading() throws(SessionError) {
    let isWriting = state.withLock { state in
      if !state.isWriting { state.readers += 1 }
      return state.isWriting
    }
    if isWriting { throw SessionError.busy("a parameter of this store is being written") }
  }

  func endReading() { state.withLock { $0.readers -= 1 } }

  func beginWriting() throws(SessionError) {
    let users = state.withLock { state in
      let users = state.readers + (state.isWriting ? 1 : 0)
      if users == 0 { state.isWriting = true }
      return users
    }
    if users > 0 { throw SessionError.busy("a parameter cannot be written while a run or an access uses the store") }
  }

  func endWriting() {
    state.withLock { state in
      state.isWriting = false
      state.version += 1
    }
  }
}
