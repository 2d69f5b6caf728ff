import Testing

@testable import Adjoint

/// ``Turns`` in every state that four actors can bring about, each claiming, waiting, leaving and ending as it likes.
@Suite(.timeLimit(.minutes(20))) struct TurnsTests {
  /// What an actor does. A waiting one is known by its number.
  enum Actor: Hashable {
    case idle
    case using(Turns.Use)
    case waiting(Turns.Use)
  }

  struct World: Hashable {
    var turns = Turns()
    var actors = [Actor](repeating: .idle, count: 4)
    /// The actors that wait, in order of arrival.
    var arrivals: [Int] = []

    /// Notes whose turn has come; they are the first of those who have waited longest.
    mutating func admit(_ tickets: [Int]) {
      #expect(tickets == Array(arrivals.prefix(tickets.count)), "out of turn: \(tickets) in \(self)")
      for ticket in tickets {
        guard case .waiting(let use) = actors[ticket] else {
          Issue.record("\(ticket) did not wait: \(self)")
          continue
        }
        actors[ticket] = .using(use)
      }
      arrivals.removeFirst(tickets.count)
    }

    func count(_ actor: Actor) -> Int { actors.count { $0 == actor } }

    func canBegin(_ use: Turns.Use) -> Bool {
      count(.using(.alone)) == 0 && (use == .shared || count(.using(.shared)) == 0)
    }

    func check() {
      let (alone, shared) = (count(.using(.alone)), count(.using(.shared)))
      #expect(alone == 0 || alone == 1 && shared == 0, "\(self)")
      #expect(turns.users == (alone == 1 ? -1 : shared), "\(self)")
      #expect(turns.waiters.map(\.ticket) == arrivals, "\(self)")
      // It is not free while somebody waits who could have it.
      if let first = turns.waiters.first { #expect(!canBegin(first.use), "\(self)") }
    }

    /// All worlds that are one event away.
    func next() -> [World] {
      var worlds: [World] = []
      for actor in actors.indices {
        switch actors[actor] {
        case .idle:
          for use in [Turns.Use.alone, .shared] {
            var world = self
            let isClaimed = world.turns.claim(use)
            // Without waiting nobody overtakes those who do, and nobody else is refused for nothing.
            #expect(isClaimed == (arrivals.isEmpty && canBegin(use)), "\(use) in \(self)")
            if isClaimed { world.actors[actor] = .using(use) }
            worlds.append(world)

            world = self
            let hasTurn = world.turns.wait(for: use, ticket: actor)
            #expect(hasTurn == isClaimed, "\(use) in \(self)")
            world.actors[actor] = hasTurn ? .using(use) : .waiting(use)
            if !hasTurn { world.arrivals.append(actor) }
            worlds.append(world)
          }
        case .using:
          var world = self
          world.actors[actor] = .idle
          world.admit(world.turns.end())
          worlds.append(world)
          // It is too late to leave.
          var same = turns
          let admitted = same.leave(actor)
          #expect(admitted == nil && same == turns, "\(self)")
        case .waiting:
          var world = self
          world.actors[actor] = .idle
          world.arrivals.removeAll { $0 == actor }
          guard let admitted = world.turns.leave(actor) else {
            Issue.record("\(actor) cannot leave: \(self)")
            continue
          }
          world.admit(admitted)
          worlds.append(world)
        }
      }
      return worlds
    }

    /// Lets everybody end who has a turn, until nobody has: then everybody who waited has had one.
    func checkEnd() {
      var world = self
      while let actor = world.actors.firstIndex(where: { if case .using = $0 { true } else { false } }) {
        world.actors[actor] = .idle
        world.admit(world.turns.end())
      }
      #expect(world.arrivals.isEmpty && world.turns == Turns(), "\(self) ends in \(world)")
    }
  }

  @Test func `nobody is overtaken, kept out for nothing or left waiting, whatever four actors do`() {
    var seen: Set<World> = [World()]
    var worlds = [World()]
    while let world = worlds.popLast() {
      world.check()
      world.checkEnd()
      for next in world.next() where seen.insert(next).inserted { worlds.append(next) }
    }
    #expect(seen.count > 500, "\(seen.count) worlds")
  }
}
