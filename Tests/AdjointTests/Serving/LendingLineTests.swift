import DependencyScheduling
import Testing

@testable import Adjoint

/// Who is lent what, over all orders of few events, and lines that many leave.
@Suite(.timeLimit(.minutes(20))) struct LendingLineTests {
  /// What is lent to whom, as plainly as it can be said.
  private struct Model {
    let limit: Int
    var idle: [Int] = [], lent: [Int] = [], line: [Int] = []
    var made = 0, asked = 0

    mutating func make() {
      lent.append(made)
      made += 1
    }
  }

  private enum Event: CustomStringConvertible {
    case ask, giveBack(Int), lose(Int), leave(Int), trim

    var description: String {
      switch self {
      case .ask: "ask"
      case .giveBack(let place): "give back \(place)"
      case .lose(let place): "lose \(place)"
      case .leave(let asker): "leave \(asker)"
      case .trim: "trim"
      }
    }
  }

  private func events(_ model: Model) -> [Event] {
    [.ask, .trim] + model.lent.indices.flatMap { [.giveBack($0), .lose($0)] } + (0..<model.asked).map { .leave($0) }
  }

  @Test(arguments: 1...3) func `all orders of few events lend as a list of the waiting does`(limit: Int) {
    var paths = 0
    func walk(_ line: LendingLine<Int, Int>, _ model: Model, _ path: [Event]) {
      paths += 1
      if path.count == 6 { return }
      for event in events(model) {
        var (line, model) = (line, model)
        apply(event, &line, &model, path + [event])
        walk(line, model, path + [event])
      }
    }
    walk(LendingLine(limit: limit), Model(limit: limit), [])
    #expect(paths > 2_000)
  }

  private func apply(_ event: Event, _ line: inout LendingLine<Int, Int>, _ model: inout Model, _ path: [Event]) {
    switch event {
    case .ask:
      let asker = model.asked
      model.asked += 1
      let answer = line.ask(asker, Ticket(number: UInt64(asker)))
      if let item = model.idle.popLast() {
        #expect(answer.map(item(of:)) == item, "\(path): the item that came back last")
        model.lent.append(item)
      } else if model.lent.count < model.limit {
        #expect(answer.map(item(of:)) == .some(nil), "\(path): a new item")
        model.make()
      } else {
        #expect(answer == nil, "\(path): to wait")
        model.line.append(asker)
      }
    case .giveBack(let place):
      let item = model.lent.remove(at: place)
      let handover = line.giveBack(item)
      if model.line.isEmpty {
        #expect(handover == nil)
        model.idle.append(item)
      } else {
        #expect(handover?.waiter == model.line.removeFirst(), "\(path): who came first")
        #expect(handover.map { self.item(of: $0.answer) } == item)
        model.lent.append(item)
      }
    case .lose(let place):
      model.lent.remove(at: place)
      let handover = line.lose()
      if model.line.isEmpty {
        #expect(handover == nil)
      } else {
        #expect(handover?.waiter == model.line.removeFirst(), "\(path): who came first")
        #expect(handover.map { item(of: $0.answer) } == .some(nil))
        model.make()
      }
    case .leave(let asker):
      let left = line.leave(Ticket(number: UInt64(asker)))
      #expect(left == (model.line.contains(asker) ? asker : nil), "\(path)")
      model.line.removeAll { $0 == asker }
    case .trim:
      #expect(line.takeIdle() == model.idle)
      model.idle = []
    }
    line._checkInvariants()
    #expect(line.idle == model.idle && line.waiting == model.line.count && line.made == model.made, "\(path)")
    #expect(line.count == model.idle.count + model.lent.count, "\(path)")
  }

  private func item(of answer: LendingLine<Int, Int>.Answer) -> Int? {
    if case .lend(let item) = answer { item } else { nil }
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func `a line whose places are left serves the others in order`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var line = TicketLine<Int>(), model: [Int] = []
    for number in 0..<2_000 {
      line.append(number, Ticket(number: UInt64(number)))
      model.append(number)
      for _ in 0..<generator.next() % 3 {
        if generator.next() % 4 == 0 {
          let next = line.removeFirst()
          #expect(next?.value == model.first && next?.ticket.number == model.first.map { UInt64($0) })
          if !model.isEmpty { model.removeFirst() }
        } else {
          let leaving = Int(generator.next() % UInt64(number + 1))
          let left = line.remove(Ticket(number: UInt64(leaving)))
          #expect(left == (model.contains(leaving) ? leaving : nil))
          model.removeAll { $0 == leaving }
        }
      }
      #expect(line.count == model.count && line.first == model.first)
      #expect(line.placeCount < 2 * model.count + 17, "places that nobody has are dropped")
    }
    #expect(line.isEmpty == model.isEmpty)
  }
}
