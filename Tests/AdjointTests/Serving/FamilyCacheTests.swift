import Testing

@testable import Adjoint

/// A bounded cache over all orders of few events, against a list in order of use.
@Suite(.timeLimit(.minutes(20))) struct FamilyCacheTests {
  private typealias Cache = FamilyCache<Int, String, Int>

  private struct Model {
    let capacity: Int
    /// Those that are kept, the one that was used last at the end.
    var kept: [Int] = []
    /// Who waits for what is being made.
    var making: [Int: Set<Int>] = [:]
    var asked = 0, statistics = FamilyStatistics()
  }

  private enum Event {
    case ask(Int), finish(Int), fail(Int), leave(Int, Int)
  }

  @Test(arguments: [1, 2]) func `all orders of few events keep what was used last, each made once`(capacity: Int) {
    var paths = 0
    func walk(_ cache: Cache, _ model: Model, depth: Int) {
      paths += 1
      if depth == 0 { return }
      let making = model.making.keys.sorted()
      let events: [Event] =
        (0..<3).map { .ask($0) } + making.flatMap { [.finish($0), .fail($0)] }
        + making.flatMap { key in model.making[key]!.sorted().map { .leave(key, $0) } }
      for event in events {
        var (cache, model) = (cache, model)
        apply(event, &cache, &model)
        walk(cache, model, depth: depth - 1)
      }
    }
    walk(Cache(capacity: capacity), Model(capacity: capacity), depth: 6)
    #expect(paths > 5_000)
  }

  private func apply(_ event: Event, _ cache: inout Cache, _ model: inout Model) {
    switch event {
    case .ask(let key):
      let asker = model.asked
      model.asked += 1
      let answer = cache.ask(for: key, asker, Ticket(number: UInt64(asker)))
      if model.kept.contains(key) {
        model.kept.removeAll { $0 == key }
        model.kept.append(key)
        model.statistics.hits += 1
        if case .found("\(key)") = answer {} else { Issue.record("\(key) is there, and was not found") }
      } else if model.making[key] != nil {
        model.making[key]!.insert(asker)
        if case .wait = answer {} else { Issue.record("\(key) is being made, and is not waited for") }
      } else {
        model.making[key] = []
        if case .make = answer {} else { Issue.record("\(key) is not made") }
      }
    case .finish(let key):
      let waiters = model.making.removeValue(forKey: key)!
      let evicted = model.kept.count == model.capacity ? model.kept.removeFirst() : nil
      model.kept.append(key)
      model.statistics.compiled += 1
      model.statistics.hits += waiters.count
      if evicted != nil { model.statistics.evicted += 1 }
      let finished = cache.finish(key, "\(key)")
      #expect(Set(finished.waiters) == waiters && finished.evicted == evicted.map { "\($0)" })
    case .fail(let key):
      let waiters = model.making.removeValue(forKey: key)!
      let finished = cache.finish(key, nil)
      #expect(Set(finished.waiters) == waiters && finished.evicted == nil)
    case .leave(let key, let asker):
      model.making[key]!.remove(asker)
      let left = cache.leave(key, Ticket(number: UInt64(asker)))
      let again = cache.leave(key, Ticket(number: UInt64(asker)))
      #expect(left == asker && again == nil)
    }
    cache._checkInvariants()
    let isAlike = cache.count == model.kept.count && cache.statistics == model.statistics
    #expect(isAlike)
  }
}
