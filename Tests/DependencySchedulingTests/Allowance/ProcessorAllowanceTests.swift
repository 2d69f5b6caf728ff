import Foundation
import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct ProcessorAllowanceTests {
  @Test func `the width is the smaller of both, rounded up, at least 1`() {
    #expect(ProcessorAllowance(processors: 8, quota: nil).width == 8)
    #expect(ProcessorAllowance(processors: 8, quota: 3).width == 3)
    #expect(ProcessorAllowance(processors: 8, quota: 2.5).width == 3)
    #expect(ProcessorAllowance(processors: 2, quota: 16).width == 2)
    #expect(ProcessorAllowance(processors: 8, quota: 0.1).width == 1)
    #expect(ProcessorAllowance(processors: 0, quota: nil).width == 1)
    #expect(ProcessorAllowance(processors: -1, quota: 4).width == 1)
    #expect(ProcessorAllowance(processors: 4_096, quota: nil).width == 4_096)
  }

  @Test func `a quota beyond every whole number does not narrow the width`() {
    #expect(ProcessorAllowance(processors: 8, quota: 1e300).width == 8)
  }

  @Test func `the default width fits this machine`() {
    let width = GraphExecutor().width
    #expect(width >= 1 && width <= ProcessInfo.processInfo.processorCount)
  }

  #if os(Linux)
    @Test func `a pinned thread that asks first gets the width of the process`() async {
      await #expect(processExitsWith: .success) {
        let width = ProcessorAllowance.current.width
        TestThread {
          pin(thread: 0)
          precondition(ProcessorSet(ofThread: 0)?.count == 1)
          precondition(ProcessorAllowance.current.width == width)
          precondition(GraphExecutor.shared.width == width)
        }.join()
      }
    }

    @Test func `a process whose threads are all pinned to one processor has width 1`() async {
      await #expect(processExitsWith: .success) {
        pinAllThreads()
        precondition(ProcessorAllowance.current.width == 1)
        precondition(GraphExecutor.shared.width == 1)
      }
    }

    @Test func `the width follows affinity while the process runs`() async {
      await #expect(processExitsWith: .success) {
        let processors = ProcessorSet(ofThread: 0)!
        pinAllThreads()
        precondition(ProcessorAllowance.current.processors == 1)
        allow(processors, thread: 0)
        precondition(ProcessorAllowance.current.processors == processors.count)
      }
    }

    @Test func `threads that end while they are counted do no harm`() async {
      await #expect(processExitsWith: .success) {
        let allowance = ProcessorAllowance.current
        let threads = TestThread {
          for _ in 0..<500 { TestThread {}.join() }
        }
        for _ in 0..<500 { precondition(ProcessorAllowance.current == allowance) }
        threads.join()
      }
    }
  #endif
}

#if os(Linux)
  /// Lets a thread, 0 for the calling one, run on the given processors only.
  private func allow(_ processors: ProcessorSet, thread: Int32) {
    typealias SetAffinity = @convention(c) (pid_t, Int, UnsafeRawPointer) -> Int32
    let setAffinity = unsafeBitCast(dlsym(nil, "sched_setaffinity"), to: SetAffinity.self)
    let status = setAffinity(thread, processors.words.count * MemoryLayout<UInt>.size, processors.words)
    precondition(status == 0 || errno == ESRCH)
  }

  /// Lets a thread run on one processor only: the first on which the caller may run.
  private func pin(thread: Int32) {
    var first = ProcessorSet(ofThread: 0)!
    let place = first.words.firstIndex { $0 != 0 }!
    let lowest = first.words[place] & ~(first.words[place] - 1)
    first.words = Array(repeating: 0, count: first.words.count)
    first.words[place] = lowest
    allow(first, thread: thread)
  }

  /// Pins every thread of the process to the same processor, the caller first.
  private func pinAllThreads() {
    pin(thread: 0)
    var pinned: Set<Int32> = []
    // A thread inherits the affinity of the one that creates it, so that new ones soon begin pinned.
    while true {
      let threads = Set(SystemFile.names(in: "/proc/self/task").compactMap { Int32($0) })
      if threads.isSubset(of: pinned) { return }
      for thread in threads { pin(thread: thread) }
      pinned.formUnion(threads)
    }
  }
#endif
