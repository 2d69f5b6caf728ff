/// The versions of a store's parameters: which memory holds the value of each, how many read which version, and which
/// memory nobody reads any more.
///
/// A pure value, for ``ParameterStore`` to keep behind a lock. Parameters are numbered as they are made. A version
/// begins when new values of some parameters are published, all at once; the others keep their memory, which several
/// versions share so. A reader begins with the version that is current, and what that version consists of stays as it
/// is until the reader ends. Memory that held a value becomes free when the last version that has it is neither current
/// nor read: one piece a parameter is kept for the next value where steps update it, the rest is handed back.
///
/// Writers take free memory, fill it and publish it, one of them at a time, which others see to.
struct VersionLedger<Memory> {
  struct Parameter {
    fileprivate(set) var value: Memory
    /// The first version that has this value.
    fileprivate(set) var since: Int
    /// Free memory for the next value.
    fileprivate(set) var spare: Memory?
    /// Whether memory that becomes free is kept for the next value.
    fileprivate(set) var keepsSpare = false
  }

  /// New memory of a parameter.
  struct Change {
    let parameter: Int
    let memory: Memory
  }

  /// A version that is read or current.
  struct Version: Hashable, Sendable {
    fileprivate(set) var number: Int
    fileprivate(set) var readers: Int
  }

  /// Memory that held the value of a parameter in versions of the past, one of which is read still.
  struct Superseded {
    let parameter: Int
    let memory: Memory
    let versions: Range<Int>
  }

  private(set) var parameters: [Parameter] = []
  /// Ascending; the last is the current one, all others are read.
  private(set) var living = [Version(number: 0, readers: 0)]
  private(set) var superseded: [Superseded] = []

  /// The number of the newest version.
  var current: Int { living[living.count - 1].number }

  /// Notes a parameter that is new, and answers its number. Readers that have begun do not ask for it.
  mutating func add(_ value: Memory) -> Int {
    parameters.append(Parameter(value: value, since: current))
    return parameters.count - 1
  }

  // MARK: readers

  /// Begins to read the newest version, and answers its number.
  mutating func beginReading() -> Int {
    living[living.count - 1].readers += 1
    return current
  }

  /// Ends a reader of a version.
  ///
  /// - Returns: memory that is of no use any more.
  /// - Complexity: O(living versions); for the last reader of an older one, times the memory that is superseded.
  mutating func endReading(_ version: Int) -> [Memory] {
    guard let place = living.lastIndex(where: { $0.number == version }), living[place].readers > 0 else {
      preconditionFailure("A reader that ends has begun")
    }
    living[place].readers -= 1
    if living[place].readers > 0 || place == living.count - 1 { return [] }
    living.remove(at: place)
    return recycle()
  }

  // MARK: writers

  /// Keeps memory that becomes free for the parameter's next value from now on.
  mutating func keepSpare(of parameter: Int) { parameters[parameter].keepsSpare = true }

  /// Free memory for a parameter's next value, which is its taker's then; `nil` if there is none.
  mutating func takeSpare(of parameter: Int) -> Memory? {
    defer { parameters[parameter].spare = nil }
    return parameters[parameter].spare
  }

  /// Takes memory back that was not published.
  ///
  /// - Returns: memory that is of no use any more.
  mutating func giveBack(_ changes: [Change]) -> [Memory] {
    changes.compactMap { put($0.memory, of: $0.parameter) }
  }

  /// Makes a version in which the parameters of `changes` have new memory, and all others what they had.
  ///
  /// - Returns: memory that is of no use any more.
  /// - Complexity: O(changes + superseded memory × living versions).
  mutating func publish(_ changes: [Change]) -> [Memory] {
    let next = current + 1
    for change in changes {
      let (value, since) = (parameters[change.parameter].value, parameters[change.parameter].since)
      superseded.append(Superseded(parameter: change.parameter, memory: value, versions: since..<next))
      parameters[change.parameter].value = change.memory
      parameters[change.parameter].since = next
    }
    if living[living.count - 1].readers == 0 {
      living[living.count - 1].number = next
    } else {
      living.append(Version(number: next, readers: 0))
    }
    return recycle()
  }

  // MARK: recycling

  /// Frees superseded memory that no living version has.
  private mutating func recycle() -> [Memory] {
    var useless: [Memory] = []
    var kept = 0
    for place in superseded.indices {
      let old = superseded[place]
      if living.contains(where: { old.versions.contains($0.number) }) {
        superseded[kept] = old
        kept += 1
      } else if let memory = put(old.memory, of: old.parameter) {
        useless.append(memory)
      }
    }
    superseded.removeLast(superseded.count - kept)
    return useless
  }

  /// Keeps free memory for the next value, or answers it.
  private mutating func put(_ memory: Memory, of parameter: Int) -> Memory? {
    guard parameters[parameter].keepsSpare, parameters[parameter].spare == nil else { return memory }
    parameters[parameter].spare = memory
    return nil
  }
}

extension VersionLedger: Sendable where Memory: Sendable {}
extension VersionLedger.Parameter: Sendable where Memory: Sendable {}
extension VersionLedger.Change: Sendable where Memory: Sendable {}
extension VersionLedger.Superseded: Sendable where Memory: Sendable {}

extension VersionLedger: Equatable where Memory: Equatable {}
extension VersionLedger.Parameter: Equatable where Memory: Equatable {}
extension VersionLedger.Superseded: Equatable where Memory: Equatable {}

extension VersionLedger: Hashable where Memory: Hashable {}
extension VersionLedger.Parameter: Hashable where Memory: Hashable {}
extension VersionLedger.Superseded: Hashable where Memory: Hashable {}
