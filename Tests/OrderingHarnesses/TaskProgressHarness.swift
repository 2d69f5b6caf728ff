/// A child runs the last unit and ends; the parent reads what it wrote in the unit, and what it wrote afterwards.
@main enum TaskProgressHarness {
  static func main() {
    for _ in 0..<200 {
      let progress = Box(TaskProgress(unitCount: 1))
      let (unit, child) = (Plain(1), Plain(1))
      let threads = TwoThreads()
      threads.run {
        unit[0] = 1
        precondition(progress.value.noteUnit())
        child[0] = 1
        progress.value.noteChild()
        threads.signal(1)
      } _: {
        spin { progress.value.isComplete }
        precondition(unit[0] == 1)
        threads.wait(for: 1)
        progress.value.join()
        precondition(child[0] == 1)
      }
    }
  }
}
