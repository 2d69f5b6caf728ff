import StressScale
import Testing

@testable import DependencyScheduling

/// The real deque, one atomic step at a time: every order in which the steps of an owner and of thieves can follow one
/// another is walked, so that no race depends on the machine.
@Suite(.timeLimit(.minutes(20)), .watched()) struct WorkDequeInterleavingTests {
  /// What a worker does with the deque, in the steps that others can come between.
  private enum Operation { case push, pop, steal }

  /// One worker in the middle of its operations.
  private struct Worker {
    let operations: [Operation]
    var number = 0
    var step = 0
    var last = 0
    var start = 0
    var unit: UInt32 = 0

    var isDone: Bool { number == operations.count }

    /// Does the next step; returns a unit that was taken with it.
    mutating func advance(_ deque: WorkDeque.Ends, _ next: inout UInt32) -> UInt32? {
      var taken: UInt32?
      var isOver = true
      switch (operations[number], step) {
      case (.push, 0):
        deque.stage(next, at: deque.end)
        next += 1
        isOver = false
      case (.push, _): deque.publish(upTo: deque.end + 1)
      case (.pop, 0):
        if let reserved = deque.reserveLast() { (last, isOver) = (reserved, false) }
      case (.pop, _): taken = deque.takeReserved(last)
      case (.steal, 0): (start, isOver) = (deque.first, false)
      case (.steal, 1):
        if let found = deque.unit(ifAnyAt: start) { (unit, isOver) = (found, false) }
      case (.steal, _):
        if case .unit(let won) = deque.claim(unit, at: start) { taken = won }
      }
      if isOver { (number, step) = (number + 1, 0) } else { step += 1 }
      return taken
    }
  }

  /// Walks every interleaving of what the workers do, the owner first among them, beginning at position `offset`.
  ///
  /// - Returns: How many there are, and what was wrong with the first that was.
  private func walk(_ scripts: [[Operation]], capacity: Int, offset: Int) -> (count: Int, wrong: String?) {
    var count = 0
    var wrong: String?
    // Who can take each step of the interleaving that is walked, and which of them takes it.
    var choices: [(able: [Int], index: Int)] = []
    while true {
      let owner = WorkDeque(capacity: capacity)
      let deque = owner.ends
      for _ in 0..<offset {
        deque.push(1_000)
        _ = deque.steal()
      }
      var workers = scripts.map { Worker(operations: $0) }
      var next: UInt32 = 0
      var (popped, stolen) = ([UInt32](), [UInt32]())
      var depth = 0
      while true {
        let able = workers.indices.filter { !workers[$0].isDone }
        if able.isEmpty { break }
        if depth == choices.count { choices.append((able, 0)) }
        let worker = able[choices[depth].index]
        depth += 1
        guard let unit = workers[worker].advance(deque, &next) else { continue }
        if worker == 0 { popped.append(unit) } else { stolen.append(unit) }
      }
      var left: [UInt32] = []
      while case .unit(let unit) = deque.steal() { left.append(unit) }
      count += 1
      let isRight =
        (popped + stolen + left).sorted() == Array(0..<next) && stolen + left == (stolen + left).sorted()
        && deque.isEmpty && deque.count == 0 && deque.pop() == nil && owner.isIntact
      if !isRight, wrong == nil {
        wrong = "\(choices.map { $0.able[$0.index] }): popped \(popped), stolen \(stolen), left \(left) of \(next)"
      }
      while let last = choices.last, last.index + 1 == last.able.count { choices.removeLast() }
      if choices.isEmpty { return (count, wrong) }
      choices[choices.count - 1].index += 1
    }
  }

  private static let scripts: [[[Operation]]] = [
    [[.push, .pop], [.steal]],
    [[.push, .pop], [.steal], [.steal]],
    [[.push, .pop, .push, .pop], [.steal, .steal]],
    [[.push, .push, .pop, .pop], [.steal, .steal]],
    [[.push, .push, .pop], [.steal], [.steal]],
  ]

  @Test(arguments: scripts.indices, 0...3) func `in no order of steps is a unit lost or taken twice`(
    script: Int, offset: Int
  ) {
    let scripts = Self.scripts[script]
    if script == 4 && offset > 0 { return }
    let (count, wrong) = walk(scripts, capacity: scripts[0].count { $0 == .push }, offset: offset)
    #expect(wrong == nil)
    #expect(count >= 20)
  }
}
