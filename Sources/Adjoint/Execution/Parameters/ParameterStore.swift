internal import GradientMemory

/// The values of parameters, by name, which is compared byte for byte: one store serves any number of sessions, also of
/// different programs, such as one that trains and one that predicts.
///
/// ```swift
/// let training = trainer.makeSession()
/// let serving = predictor.makeSession(parameters: training.parameters)
/// ```
/// A store has versions. A run, and whoever reads parameters, takes the values of the version that is current when it
/// begins, and keeps them until it ends. A step that updates parameters, a write, new values and loading prepare the
/// next version beside, and publish it whole, or not at all. So readers never wait for writers, nor writers for
/// readers, and nobody sees half a step. Versions share the memory of parameters that did not change between them. A
/// parameter that steps update has its memory twice; further memory is taken while readers hold on to older versions,
/// and is returned when the last of them ends.
///
/// One at a time changes parameters. A second training step, and a write while a training step is under way, throw
/// ``SessionError/otherTrainer(_:)``; see there. Any thread may call anything at any time.
public final class ParameterStore: Sendable {
  typealias Ledger = VersionLedger<OwnedBuffer>

  let state = Locked(State())
  let arena = BufferArena()
  /// Who changes parameters.
  let writers = TurnQueue()

  struct State: Sendable {
    var numbers: [ExactName: Int] = [:]
    /// By number.
    var kinds: [Kind] = []
    var ledger = Ledger()
    /// Whether a training step is under way, or waits for a write to end.
    var hasTrainer = false
  }

  /// What does not change about a parameter.
  struct Kind: Sendable {
    let name: String
    let signature: Signature
  }

  public init() {}

  /// The names of all parameters held, sorted by their bytes.
  public var names: [String] { state.withLock { $0.numbers.keys.sorted().map(\.text) } }

  /// Counts the versions so far: a backward pass notices that parameters changed since its forward pass.
  var version: Int { state.withLock { $0.ledger.current } }

  // MARK: parameters

  /// A parameter as a program or a graph has it.
  struct Wanted {
    let name: String
    let signature: Signature
    let initializer: Initializer

    func check(_ kind: Kind) throws(SessionError) {
      if kind.signature == signature { return }
      throw .wrongValues(
        "the parameter store holds \(name) as \(kind.signature.shape) \(kind.signature.elementType), "
          + "and the program wants \(signature.shape) \(signature.elementType)")
    }
  }

  /// The number of each of `wanted`, made by its initializer if the store does not hold it yet.
  ///
  /// Memory is taken and drawn without the lock, so that others go on. Of two that make the same parameter at once one
  /// is first, and the other's memory is given back.
  ///
  /// - Parameters:
  ///   - wanted: the parameters.
  ///   - note: called with each name whose values have been drawn, before it becomes the store's: for tests that
  ///     meddle.
  /// - Throws: ``SessionError/wrongValues(_:)`` if it holds another shape or type under that name,
  ///   ``SessionError/memoryLimit(node:requested:inUse:limit:)`` if the system has no memory for it. Then it holds what
  ///   it held before.
  func numbers(of wanted: [Wanted], noting note: (String) -> Void = { _ in }) throws -> [Int] {
    let found = try state.withLock { try $0.numbers(of: wanted) }
    let numbers = found.compactMap { $0 }
    if numbers.count == wanted.count { return numbers }
    var made: [(kind: Kind, value: OwnedBuffer)] = []
    var places: [ExactName: Int] = [:]
    for (parameter, number) in zip(wanted, found) where number == nil {
      if let place = places[ExactName(parameter.name)] {
        try parameter.check(made[place].kind)
        continue
      }
      let memory = try allocate(parameter.signature, for: parameter.name)
      parameter.initializer.write(
        to: memory.buffer.base, shape: parameter.signature.shape, as: parameter.signature.elementType)
      places[ExactName(parameter.name)] = made.count
      made.append((kind: Kind(name: parameter.name, signature: parameter.signature), value: memory))
      note(parameter.name)
    }
    return try state.withLock { state in
      _ = try state.numbers(of: wanted)
      for (kind, value) in made where state.numbers[ExactName(kind.name)] == nil { state.add(kind, value) }
      return wanted.map { state.numbers[ExactName($0.name)]! }
    }
  }

  /// The numbers of the parameters `names`, and what they are.
  ///
  /// - Throws: ``SessionError/notInProgram(_:)`` for the first that the store does not hold.
  func held(_ names: [String]) throws(SessionError) -> [(number: Int, kind: Kind)] {
    var held: [(number: Int, kind: Kind)] = []
    let missing = state.withLock { state -> String? in
      for name in names {
        guard let number = state.numbers[ExactName(name)] else { return name }
        held.append((number: number, kind: state.kinds[number]))
      }
      return nil
    }
    if let missing { throw SessionError.notInProgram("the parameter store holds no \(missing)") }
    return held
  }

  /// Memory for one parameter.
  func allocate(_ signature: Signature, for name: String) throws(SessionError) -> OwnedBuffer {
    do throws(MemoryLimitExceeded) {
      return OwnedBuffer(try arena.allocate(byteCount: signature.byteCount))
    } catch {
      throw SessionError(error, for: "the parameter \(name)")
    }
  }
}

extension ParameterStore.State {
  /// The number of each of `wanted`; `nil` for one that is not held.
  ///
  /// - Throws: ``SessionError/wrongValues(_:)`` if another shape or type is held under its name.
  func numbers(of wanted: [ParameterStore.Wanted]) throws(SessionError) -> [Int?] {
    var found: [Int?] = []
    for parameter in wanted {
      let number = numbers[ExactName(parameter.name)]
      if let number { try parameter.check(kinds[number]) }
      found.append(number)
    }
    return found
  }

  @discardableResult
  mutating func add(_ kind: ParameterStore.Kind, _ value: OwnedBuffer) -> Int {
    let number = ledger.add(value)
    numbers[ExactName(kind.name)] = number
    kinds.append(kind)
    return number
  }
}

extension Signature {
  var byteCount: Int { shape.elementCount * elementType.byteCount }
}
