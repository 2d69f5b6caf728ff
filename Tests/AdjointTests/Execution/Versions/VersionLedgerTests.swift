import Testing

@testable import Adjoint

/// ``VersionLedger`` in every state that three readers and a writer can bring about with two parameters, one of which
/// steps update, in three publications.
@Suite(.timeLimit(.minutes(20))) struct VersionLedgerTests {
  struct Reader: Hashable {
    let version: Int
    /// The memory of each parameter when the reader began.
    let values: [Int]
  }

  /// Memory has numbers; one that was handed back is given out again.
  struct World: Hashable {
    static let publications = 3
    var ledger = VersionLedger<Int>()
    var readers = [Reader?](repeating: nil, count: 3)
    /// What the writer has taken, by parameter.
    var inHand: [Int?] = [nil, nil]
    /// What is not handed back.
    var alive: Set<Int> = []

    init() {
      for _ in 0..<2 {
        let memory = allocate()
        _ = ledger.add(memory)
      }
      ledger.keepSpare(of: 0)
    }

    /// As `#expect`, for so many worlds.
    private func demand(_ isTrue: Bool, _ what: String) {
      if !isTrue { Issue.record("\(what): \(self)") }
    }

    var values: [Int] { ledger.parameters.map(\.value) }
    var spares: [Int] { ledger.parameters.compactMap(\.spare) }
    private var changes: [VersionLedger<Int>.Change] {
      inHand.enumerated().compactMap { parameter, memory in
        memory.map { VersionLedger<Int>.Change(parameter: parameter, memory: $0) }
      }
    }

    private mutating func allocate() -> Int {
      let memory = (0...).first { !alive.contains($0) }!
      alive.insert(memory)
      return memory
    }

    private mutating func release(_ memory: [Int]) {
      for memory in memory {
        let wasAlive = alive.remove(memory) != nil
        demand(wasAlive, "\(memory) was given back before")
      }
    }

    func next() -> [World] {
      var worlds: [World] = []
      for (place, reader) in readers.enumerated() {
        var world = self
        if let reader {
          world.readers[place] = nil
          world.release(world.ledger.endReading(reader.version))
        } else {
          let version = world.ledger.beginReading()
          demand(version == ledger.current, "a reader begins with the newest version")
          world.readers[place] = Reader(version: version, values: values)
        }
        worlds.append(world)
      }
      for parameter in 0..<2 where inHand[parameter] == nil {
        var world = self
        let memory = world.ledger.takeSpare(of: parameter) ?? world.allocate()
        world.inHand[parameter] = memory
        worlds.append(world)
      }
      if inHand != [nil, nil] {
        var world = self
        world.inHand = [nil, nil]
        world.release(world.ledger.giveBack(changes))
        demand(world.values == values && world.ledger.current == ledger.current, "a version without a publication")
        worlds.append(world)
      }
      if inHand != [nil, nil], ledger.current < Self.publications {
        var world = self
        world.inHand = [nil, nil]
        world.release(world.ledger.publish(changes))
        demand(world.ledger.current == ledger.current + 1, "no version")
        demand(
          world.values == zip(inHand, values).map { $0 ?? $1 },
          "what was in hand is not the value, or what was not changed lies elsewhere")
        worlds.append(world)
      }
      return worlds
    }

    func check() {
      let superseded = ledger.superseded.map(\.memory), inHand = inHand.compactMap { $0 }
      // Each piece of memory is one thing, and none is lost.
      let all = values + spares + superseded + inHand
      demand(Set(all).count == all.count && Set(all) == alive, "memory is two things, or none")
      // What readers began with is there, and no more than that is kept for them.
      let read = Set(readers.compactMap { $0 }.flatMap(\.values))
      demand(Set(superseded) == read.subtracting(values), "readers lack memory, or more is kept for them")
      demand(ledger.parameters[1].spare == nil, "memory is kept for a parameter that no step updates")
      if readers.allSatisfy({ $0 == nil }), inHand.isEmpty {
        demand(alive.count <= 3, "more than two pieces for the first and one for the second")
      }
      let counts = Dictionary(grouping: readers.compactMap { $0 }, by: \.version).mapValues(\.count)
      demand(ledger.living.allSatisfy { $0.readers == counts[$0.number, default: 0] }, "readers are miscounted")
      demand(ledger.living.dropLast().allSatisfy { $0.readers > 0 }, "a version lives that nobody reads")
      demand(ledger.living.map(\.number) == ledger.living.map(\.number).sorted(), "versions out of order")
    }
  }

  @Test func `readers keep what they began with, and memory that nobody reads is free, whatever four actors do`() {
    var seen: Set<World> = [World()]
    var worlds = [World()]
    while let world = worlds.popLast() {
      world.check()
      for next in world.next() where seen.insert(next).inserted { worlds.append(next) }
    }
    #expect(seen.count > 1_000, "\(seen.count) worlds")
  }

  @Test func `a parameter that is made while others are read begins with the version that is there`() {
    var ledger = VersionLedger<String>()
    let first = ledger.add("a")
    let version = ledger.beginReading()
    let second = ledger.add("b")
    #expect(ledger.current == version && ledger.parameters[second].value == "b")
    let useless = ledger.publish([.init(parameter: second, memory: "b2")])
    #expect(useless == [], "who reads the version may read it")
    #expect(ledger.parameters[first].value == "a")
    let unread = ledger.endReading(version)
    #expect(unread == ["b"])
  }
}
