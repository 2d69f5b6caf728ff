/// Owner and thief race for few units; each unit must be taken exactly once. Built without a sanitizer, at full speed:
/// what is looked for is the processor's own reordering of the owner's store and load.
@main enum LastUnitLitmus {
  static func main() {
    let rounds = 1_000_000
    let owner = WorkDeque(capacity: 2 * rounds)
    let deque = Shared(value: owner.ends)
    let taken = (Plain(2 * rounds), Plain(2 * rounds))
    let threads = TwoThreads()
    threads.run {
      for round in 0..<rounds {
        let end = deque.value.end
        deque.value.stage(UInt32(2 * round), at: end)
        deque.value.publish(upTo: end + 1)
        deque.value.stage(UInt32(2 * round + 1), at: end + 1)
        deque.value.publish(upTo: end + 2)
        while let unit = deque.value.pop() { taken.0[Int(unit)] += 1 }
      }
      threads.signal(1)
    } _: {
      while true {
        if case .unit(let unit) = deque.value.steal() {
          taken.1[Int(unit)] += 1
        } else if threads.isSignalled(1) {
          break
        }
      }
    }
    var (twice, never, stolen) = (0, 0, 0)
    for unit in 0..<2 * rounds {
      let count = taken.0[unit] + taken.1[unit]
      if count > 1 { twice += 1 }
      if count == 0 { never += 1 }
      stolen += taken.1[unit]
    }
    print("\(stolen) of \(2 * rounds) units stolen, \(twice) taken twice, \(never) never")
    precondition(owner.ends.isEmpty)
    precondition(stolen > 0, "the thief never came: this run says nothing")
    precondition(twice == 0 && never == 0, "a unit was not taken exactly once")
  }
}
