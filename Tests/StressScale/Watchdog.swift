internal import DependencyScheduling
internal import Foundation
internal import Threads

/// Ends the process when a piece of it does not end: after it has said which piece that is, what else goes on, and who
/// sits where in each executor that is not at rest. A test that waits for ever would otherwise hold up all others, and
/// say nothing.
package final class Watchdog: @unchecked Sendable {  // because `lock` guards what changes
  package static let shared = Watchdog()

  private struct Piece {
    let name: String
    let limit: Double
    var left: Double
    let state: @Sendable () -> String?
  }

  private let lock = PlatformLock()
  private var pieces: [Int: Piece] = [:]
  private var count = 0
  /// When a piece began or ended last.
  private var lastChange = MonotonicClock.now

  /// Watches what is called `name` until ``forget(_:)``.
  ///
  /// - Parameters:
  ///   - seconds: How long it may take; twenty times as long under a sanitizer or in a soak. While others hold Swift's
  ///     pool or the processors, time passes more slowly.
  ///   - state: What is said of it beside the executors.
  package func watch(_ name: String, seconds: Double, _ state: @escaping @Sendable () -> String? = { nil }) -> Int {
    let limit = StressScale.isSanitized || StressScale.isSoak ? 20 * seconds : seconds
    return lock.withLock {
      // A thread of its own: whatever hangs may hold all of Dispatch's.
      if count == 0 { Thread.detachNewThread { [self] in look() } }
      count += 1
      lastChange = MonotonicClock.now
      pieces[count] = Piece(name: name, limit: limit, left: limit, state: state)
      return count
    }
  }

  package func forget(_ number: Int) {
    lock.withLock {
      pieces[number] = nil
      lastChange = MonotonicClock.now
    }
  }

  private func look() {
    while true {
      let answer = DispatchSemaphore(value: 0)
      Task.detached { answer.signal() }
      let (start, used) = (MonotonicClock.now, Self.processorTime)
      Thread.sleep(forTimeInterval: 0.5)
      // Pieces that await are late through no fault of their own while other tests have all threads of Swift's pool:
      // whether those work, or wait for processes that they have started, which a loaded machine makes slow. Tests that
      // wait for ever hold the pool too, and do no work: they are given ten times as long. All are late where this
      // thread is.
      let isWorking = Self.processorTime - used > 50_000_000
      let isPoolTaken = answer.wait(timeout: .now()) == .timedOut
      let isCrowded = isWorking && isPoolTaken || MonotonicClock.now - start > 1_000_000_000
      // Where many more threads want to run than there are processors, everything is late.
      let passed = (isCrowded ? 0.01 : isPoolTaken ? 0.05 : 0.5) / max(1, Self.load / 2)
      let late = lock.withLock {
        // As long as others begin and end, a piece may be waiting for its turn among them.
        guard MonotonicClock.now - lastChange > 5_000_000_000 else { return [Piece]() }
        for number in pieces.keys { pieces[number]!.left -= passed }
        return pieces.values.filter { $0.left <= 0 }
      }
      if let late = late.first { giveUp(late) }
    }
  }

  /// Nanoseconds that all threads of the process have worked.
  private static var processorTime: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// How many threads of the whole machine want to run, for each of its processors: the average of the last minute.
  private static var load: Double {
    var loads = [0.0]
    return getloadavg(&loads, 1) == 1 ? loads[0] / Double(ProcessInfo.processInfo.activeProcessorCount) : 1
  }

  private func giveUp(_ late: Piece) -> Never {
    // The most important last: of a long output, the end is what is kept.
    for piece in lock.withLock({ pieces.values.map(\.name) }) where piece != late.name { say("meanwhile: \(piece)") }
    for description in LiveExecutors.descriptions { say("an executor that is not at rest: \(description)") }
    if let state = late.state() { say(state) }
    say("\(late.name): not done within \(late.limit) seconds")
    endChildren()
    // Without the ends of the process, which may wait for what hangs.
    _exit(EXIT_FAILURE)
  }

  /// Exit tests run in processes of their own, which nobody waits for any more.
  private func endChildren() {
    #if os(Linux)
      let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
      for thread in threads {
        let children = (try? String(contentsOfFile: "/proc/self/task/\(thread)/children", encoding: .utf8)) ?? ""
        for child in children.split(separator: " ").compactMap({ pid_t($0) }) { kill(child, SIGKILL) }
      }
    #endif
  }

  private func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
