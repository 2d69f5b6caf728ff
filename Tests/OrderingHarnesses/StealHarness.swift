/// The owner writes and pushes; the thief steals and reads.
@main enum StealHarness {
  static func main() {
    let units = 20_000
    let deque = Shared(value: WorkDeque(capacity: units))
    let data = Plain(units)
    let threads = TwoThreads()
    threads.run {
      for unit in 0..<units {
        data[unit] = 1
        deque.value.push(UInt32(unit))
      }
    } _: {
      var stolen = 0
      while stolen < units {
        guard case .unit(let unit) = deque.value.steal() else { continue }
        precondition(data[Int(unit)] == 1)
        stolen += 1
      }
    }
  }
}
