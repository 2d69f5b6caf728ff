import Dispatch
import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct WorkDequeTests {
  @Test func `the owner takes the youngest, a thief the oldest`() {
    let owner = WorkDeque(capacity: 4)
    let deque = owner.ends
    for unit in 0..<4 as Range<UInt32> { deque.push(unit) }
    #expect(deque.pop() == 3)
    #expect(deque.steal() == .unit(0))
    #expect(deque.pop() == 2)
    #expect(deque.steal() == .unit(1))
    #expect(deque.pop() == nil)
    #expect(deque.steal() == .empty)
  }

  /// As many units as there is room for, at every position that the ring can be turned to.
  @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 63, 64, 65, 1_000])
  func `a full deque holds every unit, and no byte more`(capacity: Int) {
    for offset in Set([0, 1, 2, capacity - 1, capacity, capacity + 1, 2 * capacity - 1]) {
      let owner = WorkDeque(capacity: capacity)
      let deque = owner.ends
      for _ in 0..<offset {
        deque.push(.max)
        #expect(deque.steal() == .unit(.max))
      }
      for unit in 0..<UInt32(capacity) { deque.push(unit) }
      #expect(deque.count == capacity && !deque.isEmpty && owner.isIntact)
      // From both ends in turn.
      var (oldest, youngest) = (UInt32(0), UInt32(capacity) - 1)
      for turn in 0..<capacity {
        if turn % 2 == 0 {
          #expect(deque.steal() == .unit(oldest))
          oldest += 1
        } else {
          #expect(deque.pop() == youngest)
          youngest &-= 1
        }
      }
      #expect(deque.pop() == nil && deque.steal() == .empty && deque.isEmpty && deque.count == 0)
    }
  }

  @Test func `the deque agrees with an array, whatever is done to it`() {
    var random = SeededGenerator(seed: 9)
    for _ in 0..<500 {
      let owner = WorkDeque(capacity: 40)
      let deque = owner.ends
      var model: [UInt32] = []
      var pushed: UInt32 = 0
      for _ in 0..<100 {
        switch random.below(4) {
        case 0, 1:
          guard pushed < 40 else { continue }
          deque.push(pushed)
          model.append(pushed)
          pushed += 1
        case 2: #expect(deque.pop() == model.popLast())
        default: #expect(deque.steal() == (model.isEmpty ? .empty : .unit(model.removeFirst())))
        }
      }
    }
  }

  @Test func `a reset deque is empty and whole`() {
    let owner = WorkDeque(capacity: 2)
    let deque = owner.ends
    for _ in 0..<3 {
      deque.push(1)
      deque.push(2)
      _ = deque.steal()
      deque.reset()
      #expect(deque.pop() == nil)
    }
  }

  /// A litmus test of the four sequentially consistent accesses: with the owner's store and load swapped by the
  /// processor, owner and thief both take the last unit now and then.
  @Test(arguments: [1, 3]) func `no unit is lost and none is taken twice`(thieves: Int) {
    let rounds = StressScale.repetitions(20_000)
    let units = 4
    for _ in 0..<5 {
      let owner = WorkDeque(capacity: rounds * units)
      let deque = owner.ends
      let taken = UnsafeMutablePointer<UInt8>.allocate(capacity: (thieves + 1) * rounds * units)
      taken.initialize(repeating: 0, count: (thieves + 1) * rounds * units)
      nonisolated(unsafe) let marks = taken  // because each thread marks in a part of its own
      nonisolated(unsafe) let shared = deque  // because it is what is tested
      let finished = Tally()
      let threads = (1...thieves).map { thief in
        TestThread {
          while finished.value == 0 {
            if case .unit(let unit) = shared.steal() { marks[thief * rounds * units + Int(unit)] += 1 }
          }
          while case .unit(let unit) = shared.steal() { marks[thief * rounds * units + Int(unit)] += 1 }
        }
      }
      for round in 0..<rounds {
        for unit in 0..<1 + round % units { deque.push(UInt32(round * units + unit)) }
        while let unit = deque.pop() { taken[Int(unit)] += 1 }
      }
      finished.add()
      for thread in threads { thread.join() }
      var wrong = 0
      for round in 0..<rounds {
        for unit in 0..<1 + round % units {
          let copies = (0...thieves).reduce(0) { $0 + Int(taken[$1 * rounds * units + round * units + unit]) }
          if copies != 1 { wrong += 1 }
        }
      }
      #expect(wrong == 0)
      taken.deallocate()
    }
  }
}
