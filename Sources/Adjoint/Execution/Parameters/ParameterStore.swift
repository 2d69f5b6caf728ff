internal import GradientMemory

/// The values of parameters, by name, which is compared byte for byte: one store serves any number of sessions, also of
/// different programs, such as one that trains and one that predicts.
///
/// ```swift
/// let training = trainer.makeSession()
/// let serving = predictor.makeSession(parameters: training.parameters)
/// ```
/// Runs and reads share the store; a write needs it alone, as does a step that updates parameters, and meets
/// ``SessionError/busy(_:)`` while a run uses it.
public final class ParameterStore: Sendable {
  private let state = Locked(State())
  private let arena = BufferArena()

  private struct State: Sendable {
    var memories: [ExactName: ParameterMemory] = [:]
    var readers = 0
    var isWriting = false
    var version = 0
    var layout = 0
  }

  public init() {}

  /// The names of all parameters held, sorted by their bytes.
  public var names: [String] { state.withLock { $0.memories.keys.sorted().map(\.text) } }

  /// Counts the writes so far: a backward pass notices that parameters changed since its forward pass.
  var version: Int { state.withLock { $0.version } }

  /// A parameter as a program or a graph has it.
  struct Wanted {
    let name: String
    let signature: Signature
    let initializer: Initializer

    func check(_ memory: ParameterMemory) throws(SessionError) {
      if memory.signature == signature { return }
      throw .wrongValues(
        "the parameter store holds \(name) as \(memory.signature.shape) \(memory.signature.elementType), "
          + "and the program wants \(signature.shape) \(signature.elementType)")
    }
  }

  /// The memory of each of `wanted`, made by its initializer if the store does not hold it yet.
  ///
  /// - Throws: ``SessionError/wrongValues(_:)`` if it holds another shape or type under that name,
  ///   ``SessionError/memoryLimit(node:requested:inUse:limit:)`` if the system has no memory for it. Then it holds what
  ///   it held before.
  func memories(of wanted: [Wanted]) throws -> [ParameterMemory] {
    try state.withLock { state in
      var made: [ExactName: ParameterMemory] = [:]
      let memories = try wanted.map { parameter in
        let (name, signature) = (parameter.name, parameter.signature)
        guard let memory = state.memories[ExactName(name)] ?? made[ExactName(name)] else {
          let memory = try taking(for: name) { () throws(MemoryLimitExceeded) in
            try ParameterMemory(name, signature, parameter.initializer, from: arena)
          }
          made[ExactName(name)] = memory
          return memory
        }
        try parameter.check(memory)
        return memory
      }
      state.memories.merge(made) { held, _ in held }
      return memories
    }
  }

  /// The memory of `wanted` if the store holds it.
  ///
  /// - Throws: ``SessionError/wrongValues(_:)`` if it holds another shape or type under that name.
  func held(_ wanted: Wanted) throws(SessionError) -> ParameterMemory? {
    guard let memory = state.withLock({ $0.memories[ExactName(wanted.name)] }) else { return nil }
    try wanted.check(memory)
    return memory
  }

  /// Makes parameters the store's, all or none.
  ///
  /// - Throws: ``SessionError/busy(_:)`` if one of that name was made meanwhile.
  func hold(_ made: [ParameterMemory]) throws(SessionError) {
    let known = state.withLock { state -> String? in
      if let known = made.first(where: { state.memories[ExactName($0.name)] != nil }) { return known.name }
      for memory in made { state.memories[ExactName(memory.name)] = memory }
      return nil
    }
    if let known { throw SessionError.busy("the parameter \(known) was made while its values were written") }
  }

  /// Room for a parameter that the store does not hold, filled with zeros.
  func make(_ wanted: Wanted) throws(SessionError) -> ParameterMemory {
    try taking(for: wanted.name) { () throws(MemoryLimitExceeded) in
      try ParameterMemory(wanted.name, wanted.signature, .zeros, from: arena)
    }
  }

  /// The memory of a parameter that is held.
  func memory(named name: String) throws(SessionError) -> ParameterMemory {
    guard let memory = state.withLock({ $0.memories[ExactName(name)] }) else {
      throw SessionError.notInProgram("the parameter store holds no \(name)")
    }
    return memory
  }

  /// Gives a parameter room for its next value.
  func makeSpare(of memory: ParameterMemory) throws(SessionError) -> UnsafeMutableRawPointer {
    try taking(for: memory.name) { () throws(MemoryLimitExceeded) in try memory.makeSpare(from: arena) }
  }

  private func taking<R>(for name: String, _ take: () throws(MemoryLimitExceeded) -> R) throws(SessionError) -> R {
    do throws(MemoryLimitExceeded) {
      return try take()
    } catch {
      throw SessionError(error, for: "the parameter \(name)")
    }
  }

  // MARK: claims

  /// - Returns: a number that changes when parameters have come to lie elsewhere.
  @discardableResult
  func beginReading() throws(SessionError) -> Int {
    let layout = state.withLock { state -> Int? in
      if state.isWriting { return nil }
      state.readers += 1
      return state.layout
    }
    guard let layout else { throw SessionError.busy("a parameter of this store is being written") }
    return layout
  }

  func endReading() { state.withLock { $0.readers -= 1 } }

  /// - Returns: a number that changes when parameters have come to lie elsewhere.
  @discardableResult
  func beginWriting() throws(SessionError) -> Int {
    let layout = state.withLock { state -> Int? in
      if state.readers > 0 || state.isWriting { return nil }
      state.isWriting = true
      return state.layout
    }
    guard let layout else {
      throw SessionError.busy("a parameter cannot be written while a run or an access uses the store")
    }
    return layout
  }

  /// - Parameters:
  ///   - changed: whether any value is another now.
  ///   - moved: whether any parameter lies elsewhere now.
  func endWriting(changed: Bool = true, moved: Bool = false) {
    state.withLock { state in
      state.isWriting = false
      if changed { state.version += 1 }
      if moved { state.layout += 1 }
    }
  }
}
